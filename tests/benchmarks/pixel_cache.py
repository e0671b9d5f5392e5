"""What the pixel cache saves: `python -m tests.benchmarks.pixel_cache FOLDER | large | many`.

FOLDER: the images in it; `large`: 24 photos of 12 million pixels, made here. Printed are ratios of the median of three
turns, in which all ways take turns: decoding alone, decoding and keeping, an epoch in random order from what was kept.
`many`: 50,000 squares of 256 pixels (9.8 GB on disk, deleted at the end); printed is the memory that batches take.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from core.base.events import never
from core.base.files import sha256
from core.data.dataset import LabelledImage
from core.data.images import SUFFIXES, Framing, read_image, read_square
from core.data.reading import read_dataset
from core.data.store.pixels import PixelStore
from core.train.pace import Pace, Stage
from core.train.pixel_pass import read_pixels
from core.train.squares import KeptPixels, Squares

FRAMING = Framing(224, 256)
BATCH, TURNS, MANY, DRAWN = 32, 3, 50_000, 1000


def main(argument: str) -> None:
    """Print what was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        if argument == "many":
            _many(Path(folder))
        else:
            root = _large(Path(folder) / "photos") if argument == "large" else Path(argument)
            _compare(root, Path(folder))


def _compare(root: Path, folder: Path) -> None:
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    images = [LabelledImage(str(path.relative_to(root)), 0, "train", sha256(path), "") for path in paths]
    seconds: dict[str, list[float]] = {}

    def turn(name: str, work: Callable[[], object]) -> object:
        begun = time.perf_counter()
        result = work()
        seconds.setdefault(name, []).append(time.perf_counter() - begun)
        return result

    for number in range(TURNS):
        cache = folder / f"cache-{number}"
        turn("decoding in full, one thread", lambda: [FRAMING.apply(read_image(path)) for path in paths])
        turn("as read for training, one thread", lambda: [read_square(path, FRAMING) for path in paths])
        turn("decoding alone", lambda: list(read_dataset(root, images, FRAMING)))
        turn("decoding and keeping", partial(_read, root, images, cache))
        squares = _read(root, images, cache)
        turn("first epoch from what was kept", partial(_epoch, squares))
        turn("each later epoch", partial(_epoch, squares))
    alone = statistics.median(seconds["decoding alone"])
    for name, turns in seconds.items():
        middle = statistics.median(turns)
        print(f"{name:34} {len(paths) / middle:9.0f} images/s   {alone / middle:8.2f} × decoding alone")


def _read(root: Path, images: Sequence[LabelledImage], cache: Path) -> Squares:
    events = read_pixels(root, images, FRAMING, cache, Pace([Stage("read", len(images), 1.0)]), never)
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value[0]  # type: ignore[no-any-return]


def _epoch(squares: Squares) -> None:
    order = np.random.default_rng(0).permutation(len(squares))
    for start in range(0, len(squares), BATCH):
        squares[order[start : start + BATCH]]


def _many(folder: Path) -> None:
    store = PixelStore(folder, FRAMING, 2**40)
    images = [LabelledImage("", 0, "train", f"{number:064x}", "") for number in range(MANY)]
    noise = np.random.default_rng(0).integers(0, 256, (BATCH, 256, 256, 3), np.uint8)
    for start in range(0, MANY, BATCH):
        store.put({image.sha256: noise[i] ^ (start % 251) for i, image in enumerate(images[start : start + BATCH])})
    kept = KeptPixels(folder, FRAMING, PixelStore(folder, FRAMING))
    begun = time.perf_counter()
    kept.find(images)
    print(f"finding {MANY} images took {time.perf_counter() - begun:.1f} s")
    squares, random, process = Squares(kept, images), np.random.default_rng(0), psutil.Process()
    begun, most = time.perf_counter(), 0
    for _ in range(DRAWN):
        squares[random.integers(0, MANY, BATCH)]
        most = max(most, process.memory_info().rss)
    rate = DRAWN * BATCH / (time.perf_counter() - begun)
    print(f"drawing at random: {rate:.0f} images/s, {most / 2**20:.0f} MB of memory at most")


def _large(folder: Path) -> Path:
    folder.mkdir()
    for number in range(24):
        random = np.random.default_rng(number)
        coarse = Image.fromarray(random.integers(0, 256, (30, 40, 3), np.uint8))
        pixels = np.asarray(coarse.resize((4000, 3000), Image.Resampling.BICUBIC)).astype(np.int16)
        pixels += random.integers(-9, 10, pixels.shape, np.int16)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{number}.jpg", quality=90)
    return folder


if __name__ == "__main__":
    main(sys.argv[1])
