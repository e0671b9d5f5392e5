"""Accuracy against processor time: for every trainer the same images, start, epochs and size, and its own defaults.

Of each set its test part is scored, once, at the end; the validation images are taken from its training part by Graft's
split, and every trainer may use them as it does by default. Two starts: the starter that ships with Graft, and the same
network with random weights of the seed. With those, Graft's strategy for all layers is its own for that: from scratch.
"""

import math
import shutil
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.training.job import MODES, Job, Mode, Outcome
from tests.benchmarks.training.records import Records
from tests.benchmarks.training.runner import FailedError, measure
from tests.benchmarks.training.table import interval, markdown, number

SETS = {
    "ants_bees": ("train", "val"),
    "sign_digits": ("train", "test"),
    "cifar10_small": ("train", "test"),
    "neu_steel": ("train", "test"),
    "brain_mri": ("train", "test"),
    "pacs_photo_sketch": ("photo_train", "photo_test"),
}
"""The folders for training and for testing of each set with one label an image."""

STARTS = ("starter", "random")
Key = dict[str, str | int]


@dataclass(frozen=True)
class Wanted:
    """What is to be compared."""

    sets: Sequence[str] = tuple(SETS)
    trainers: Sequence[str] = ("graft",)
    modes: Sequence[Mode] = MODES
    starts: Sequence[str] = STARTS
    seeds: Sequence[int] = (0, 1, 2)
    epochs: int = 10
    size_px: int | None = None

    def trainings(self) -> Iterator[Key]:
        """Yield what every single training is called; the trainers take turns."""
        for seed in self.seeds:
            for name in self.sets:
                for start in self.starts:
                    for mode in self.modes:
                        for trainer in self.trainers:
                            key: Key = {"set": name, "start": start, "mode": mode, "seed": seed, "trainer": trainer}
                            yield {**key, "epochs": self.epochs, "size_px": self.size_px or 0}


def run(folder: Path, work: Path, wanted: Wanted, records: Records) -> None:
    """Measure what is not in the records yet, then print the tables."""
    for key in wanted.trainings():
        if any(records.find(**key)):
            continue
        try:
            outcome = measure(_job(folder, work, key))
        except FailedError as problem:
            print(f"Left out: {key['set']}, {key['start']}, {key['mode']}, seed {key['seed']}, {problem}", flush=True)
            continue
        records.add(key, outcome)
        seconds = f"{outcome.seconds:.0f} s, {outcome.cpu_seconds:.0f} s of CPU"
        said = ", ".join(f"{key[name]}" for name in ("set", "start", "mode", "seed", "trainer"))
        print(f"{said}: {percent(outcome)} ({seconds})", flush=True)
    for start in wanted.starts:
        for mode in wanted.modes:
            print(f"\n### {start}, {mode}, {wanted.epochs} epochs\n\n{table(wanted, start, mode, records)}", flush=True)


def _job(folder: Path, work: Path, key: Key) -> Job:
    """Return the job, after the images were laid out and surveyed, once for each set and start."""
    name, start, seed = str(key["set"]), str(key["start"]), int(key["seed"])
    mode: Mode = next(mode for mode in MODES if mode == key["mode"])
    job = Job(
        trainer=str(key["trainer"]),
        mode=mode,
        backbone=f"random-{seed}" if start == "random" else start,
        images=arranged(folder / name, work / "images" / name, SETS[name]),
        work=work / name / (f"random-{seed}" if start == "random" else start),
        epochs=int(key["epochs"]),
        seed=seed,
        size_px=int(key["size_px"]) or None,
    )
    if not job.split.exists():
        measure(Job("survey", mode, job.backbone, job.images, job.work, job.epochs))
    return job


def arranged(source: Path, target: Path, parts: tuple[str, str]) -> Path:
    """Return a folder with `train` and `test` in it, copied, so that what a set calls "val" is what it is tested on."""
    for part, of_source in zip(("train", "test"), parts, strict=True):
        if not (target / part).exists():
            unfinished = target / f".{part}"
            shutil.copytree(source / of_source, unfinished, dirs_exist_ok=True)
            unfinished.rename(target / part)
    return target


def percent(outcome: Outcome) -> str:
    """Return the accuracy in per cent."""
    return number(None if outcome.accuracy is None else 100 * outcome.accuracy, 1)


def table(wanted: Wanted, start: str, mode: Mode, records: Records) -> str:
    """Return accuracy (per cent, mean of the seeds ± half the 95 % interval) and processor time by set and trainer."""
    cells = {
        (name, trainer): _of_one(wanted, {"set": name, "start": start, "mode": mode, "trainer": trainer}, records)
        for name in wanted.sets
        for trainer in wanted.trainers
    }
    rows = [[name, *(_cell(cells[name, trainer]) for trainer in wanted.trainers)] for name in wanted.sets]
    means = (_mean_of_sets([cells[name, trainer] for name in wanted.sets]) for trainer in wanted.trainers)
    whole = markdown(("% (CPU s)", *wanted.trainers), [*rows, ["**mean**", *means]])
    return "\n\n".join([whole, *behind(wanted, cells)])


def behind(wanted: Wanted, cells: Mapping[tuple[str, str], Sequence[Outcome]]) -> Iterator[str]:
    """Say where a peer is better than Graft by more than the interval of the difference of the means of the seeds."""
    for name in wanted.sets:
        own = accuracies(cells.get((name, "graft"), ()))
        for trainer in wanted.trainers:
            other = accuracies(cells[name, trainer])
            if own and other and trainer != "graft":
                lead = statistics.mean(other) - statistics.mean(own)
                unsure = math.hypot(interval(own), interval(other))
                if lead > unsure:
                    yield f"Graft is behind {trainer} on {name} by {lead:.1f} points (sure to ± {unsure:.1f})."


def _of_one(wanted: Wanted, key: Key, records: Records) -> list[Outcome]:
    """Return what there is of one set and trainer, of all seeds that are wanted."""
    found = records.find(**key, epochs=wanted.epochs, size_px=wanted.size_px or 0)
    return [outcome for known, outcome in found if known["seed"] in wanted.seeds]


def _cell(of_one: Sequence[Outcome]) -> str:
    if not of_one:
        return "–"
    values = accuracies(of_one)
    spread = f" ± {number(interval(values), 1)}" if len(values) > 1 else ""
    seconds = statistics.median(outcome.cpu_seconds for outcome in of_one)
    return f"{number(statistics.mean(values), 1)}{spread} ({number(seconds, 0)} s)"


def accuracies(of_one: Sequence[Outcome]) -> list[float]:
    """Return the accuracies in per cent."""
    return [100 * outcome.accuracy for outcome in of_one if outcome.accuracy is not None]


def _mean_of_sets(sets: Sequence[Sequence[Outcome]]) -> str:
    """Return the mean over the sets and their median processor times put together; a dash where a set is missing."""
    if not all(sets):
        return "–"
    mean = statistics.mean(statistics.mean(accuracies(of_one)) for of_one in sets)
    seconds = sum(statistics.median(outcome.cpu_seconds for outcome in of_one) for of_one in sets)
    return f"**{number(mean, 1)}** ({number(seconds, 0)} s)"
