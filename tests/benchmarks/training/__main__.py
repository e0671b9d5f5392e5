"""Graft's training against its bound and against other trainers: `python -m tests.benchmarks.training MODE …`.

speed FOLDER     an image folder: seconds, memory and ratios for two networks, in both modes
gpu              the same for large networks on a graphics card, with photos made for it (several GB)
accuracy FOLDER  a folder of image sets: accuracy on the test part against processor time

Tables are printed in Markdown, all results are written to the folder --out. See README.md beside this file.
"""

import argparse
import signal
import tempfile
from pathlib import Path

from tests.benchmarks.training import accuracy, photos, speed
from tests.benchmarks.training.job import MODES
from tests.benchmarks.training.records import Records
from tests.benchmarks.training.runner import peers_here
from tests.benchmarks.training.worker import PEERS

OUT = Path(tempfile.gettempdir()) / "graft-training-benchmark"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="command", required=True)
    for name, do in (("speed", _speed), ("gpu", _gpu), ("accuracy", _accuracy)):
        options = modes.add_parser(name)
        options.set_defaults(do=do)
        options.add_argument("--out", type=Path, default=OUT)
        options.add_argument("--trainers", nargs="+", default=["graft", *peers_here()], choices=["graft", *PEERS])
        _OPTIONS[name](options)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a worker does not go on alone
    given.out = given.out.absolute()
    records = Records(given.out / f"{given.command}.jsonl")
    given.do(given, records)
    if records.file.exists():
        print(f"\nAll results: {records.file}")


def _speed_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("folder", type=Path)
    options.add_argument("--backbones", nargs="+", default=speed.CPU.backbones)
    options.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    options.add_argument("--rounds", type=int, default=5, help="more rounds than there are; 0 prints what there is")


def _speed(given: argparse.Namespace, records: Records) -> None:
    epochs = {mode: speed.CPU.epochs[mode] for mode in given.modes}
    profile = speed.Profile(tuple(given.backbones), epochs)
    speed.run(given.folder.absolute(), given.out / "speed", profile, given.trainers, given.rounds, records)


def _gpu_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--photos", type=int, default=50_000, help="how many are made; 10,000 take half a gigabyte")
    options.add_argument("--rounds", type=int, default=3)


def _gpu(given: argparse.Namespace, records: Records) -> None:
    missing = photos.why_not()
    if missing:
        print(missing)
        return
    made = photos.provide(given.out / f"photos-{given.photos}", given.photos)
    speed.run(made, given.out / "gpu", speed.GPU, given.trainers, given.rounds, records)


def _accuracy_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("folder", type=Path)
    options.add_argument("--sets", nargs="+", default=tuple(accuracy.SETS), choices=accuracy.SETS)
    options.add_argument("--starts", nargs="+", default=accuracy.STARTS, choices=accuracy.STARTS)
    options.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    options.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    options.add_argument("--epochs", type=int, default=10)
    options.add_argument("--size", type=int, help="side of the images in px; the network's own if left out")


def _accuracy(given: argparse.Namespace, records: Records) -> None:
    wanted = accuracy.Wanted(
        given.sets, given.trainers, given.modes, given.starts, given.seeds, given.epochs, given.size
    )
    accuracy.run(given.folder.absolute(), given.out / "accuracy", wanted, records)


_OPTIONS = {"speed": _speed_options, "gpu": _gpu_options, "accuracy": _accuracy_options}


if __name__ == "__main__":
    main()
