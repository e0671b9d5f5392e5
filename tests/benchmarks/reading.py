"""How fast a folder is read: `python -m tests.benchmarks.reading [FOLDER | COUNT]`.

A scan as the program makes it (list, read, hash, decode, measure) against decoding the same files alone, in as many
threads as there are cores. Without a folder, COUNT (10,000) photos of 500×375 are written to a temporary one. The two
take turns, and at being first, so that other work on the machine hits both. Printed are images a second over all turns,
the processor's time for an image (of all processes, with what starting them takes), and the median of the ratios.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.folder.scan import Scanned, scan
from core.data.folder.walk import image_files

COUNT = 10_000
TURNS = 3
SIZE = (500, 375)
THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Taken:
    """What it took to read so many images."""

    images: int
    wall_s: float
    processor_s: float


def main(arguments: list[str]) -> None:
    """Print how fast files are decoded, how fast they are scanned, and the ratio."""
    given = arguments[0] if arguments else str(COUNT)
    with tempfile.TemporaryDirectory() as made:
        root = _photos(Path(made), int(given)) if given.isdigit() else Path(given)
        _decode_all(root)  # brings the files into the memory
        turns = [_turn(root, scan_first=bool(index % 2)) for index in range(TURNS)]
    alone, whole = zip(*turns, strict=True)
    ratios = [a.wall_s / b.wall_s for a, b in turns]
    print(f"{alone[0].images} files, {THREADS} threads, {len(turns)} turns")
    print(f"decoding alone   {_in_words(alone)}")
    print(f"the whole scan   {_in_words(whole)}")
    print(f"ratio            {statistics.median(ratios):8.2f} (turns from {min(ratios):.2f} to {max(ratios):.2f})")


def _turn(root: Path, *, scan_first: bool) -> tuple[Taken, Taken]:
    if scan_first:
        scanned = _taken(_scan, root)
        return _taken(_decode_all, root), scanned
    return _taken(_decode_all, root), _taken(_scan, root)


def _taken(work: Callable[[Path], int], root: Path) -> Taken:
    wall, processor = time.perf_counter(), _processor_s()
    images = work(root)
    return Taken(images, time.perf_counter() - wall, _processor_s() - processor)


def _processor_s() -> float:
    return sum(os.times()[:4])  # of this process and of those that it started and that ended


def _in_words(turns: tuple[Taken, ...]) -> str:
    images, wall, processor = (sum(getattr(turn, name) for turn in turns) for name in Taken.__dataclass_fields__)
    return f"{images / wall:8.0f} images/s {1000 * processor / images:8.2f} ms of processor time an image"


def _scan(root: Path) -> int:
    *_, last = scan(root)
    assert isinstance(last, Scanned) and not last.scan.unreadable
    return len(last.scan.images)


def _decode_all(root: Path) -> int:
    paths = image_files(root)
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(_decode, paths):
            pass
    return len(paths)


def _decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def _photos(folder: Path, count: int) -> Path:
    """Write photos with smooth areas, edges and grain, of about 60 kB each, as two classes; 50 originals, repeated."""
    random = np.random.default_rng(0)
    original = folder / "original.jpg"
    originals = []
    for _ in range(min(count, 50)):
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8))
        pixels = (
            np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC), int) + random.normal(0, 9, SIZE[::-1])[..., None]
        )
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(original, quality=90)
        originals.append(original.read_bytes())
    for index in range(count):
        path = folder / ("ants", "bees")[index % 2] / f"{index:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(originals[index % len(originals)])
    original.unlink()
    return folder


if __name__ == "__main__":
    main(sys.argv[1:])
