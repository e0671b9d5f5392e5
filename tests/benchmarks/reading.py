"""How fast a folder is read: `python -m tests.benchmarks.reading [FOLDER | COUNT]`.

The single pass of a scan (read, hash, decode, measure) against decoding the same files alone in as many threads.
Without a folder, COUNT (2,000) photos of 500×375 are written to a temporary one. The two take turns every 250 files, so
that other work on the machine hits both; printed are the images a second, and the median of the ratios of all turns.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.images import SUFFIXES, examine

TURN = 250
COUNT = 2000
SIZE = (500, 375)
THREADS = min(8, os.cpu_count() or 1)


def main(arguments: list[str]) -> None:
    """Print how fast files are decoded, how fast they are examined, and the ratio."""
    given = arguments[0] if arguments else str(COUNT)
    with tempfile.TemporaryDirectory() as folder:
        root = _photos(Path(folder), int(given)) if given.isdigit() else Path(given)
        paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
        examine(paths[0])  # imports what measures
        turns = [paths[first : first + TURN] for first in range(0, len(paths), TURN)]
        rates = [(_rate(_decode, turn), _rate(examine, turn)) for turn in turns]
    alone, whole = (statistics.median(of_one) for of_one in zip(*rates, strict=True))
    print(f"{len(paths)} files, {THREADS} threads, median of {len(turns)} turns")
    print(f"decoding alone   {alone:8.0f} images/s")
    print(f"the whole pass   {whole:8.0f} images/s")
    print(f"ratio            {statistics.median(b / a for a, b in rates):8.2f}")


def _rate(work: Callable[[Path], object], paths: Sequence[Path]) -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(work, paths):
            pass
    return len(paths) / (time.perf_counter() - begun)


def _decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def _photos(folder: Path, count: int) -> Path:
    """Write photos with smooth areas, edges and grain, of about 60 kB each; 50 different ones, repeated."""
    random = np.random.default_rng(0)
    originals = []
    for index in range(min(count, 50)):
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8))
        pixels = (
            np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC), int) + random.normal(0, 9, SIZE[::-1])[..., None]
        )
        path = folder / f"{index:06d}.jpg"
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=90)
        originals.append(path.read_bytes())
    for index in range(len(originals), count):
        (folder / f"{index:06d}.jpg").write_bytes(originals[index % len(originals)])
    return folder


if __name__ == "__main__":
    main(sys.argv[1:])
