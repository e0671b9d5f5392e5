"""Every image is decoded once, before the epochs: squares of uint8 in memory, or in a mapped file if many."""

import shutil
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from core.base.errors import UserError
from core.base.events import Event, Stop, Warned
from core.data.dataset import LabelledImage
from core.data.images import Framing, UnreadableImage
from core.data.reading import read_dataset, require_there
from core.train.pace import Pace

MEMORY_SHARE = 0.25  # of the memory that is free; what is larger goes to a mapped file


def read_pixels(
    root: Path, images: Sequence[LabelledImage], framing: Framing, cache: Path, pace: Pace, stop: Stop
) -> Generator[Event, None, tuple[NDArray[np.uint8], list[LabelledImage]]]:
    """Yield progress and a warning for each unreadable image; return squares (N, R, R, 3) and the N images they show.

    When stopped, the result holds what was read until then.
    """
    pixels = _room((len(images), framing.resize_px, framing.resize_px, 3), cache)
    kept: list[LabelledImage] = []
    squares = read_dataset(root, images, framing)
    try:
        for image, square in zip(images, squares, strict=True):
            if stop():
                break
            if isinstance(square, UnreadableImage):
                require_there(root)
                yield Warned(f"Left out: {square}")
            else:
                pixels[len(kept)] = square
                kept.append(image)
            progress = pace.advance(1)
            if progress:
                yield progress
    finally:
        squares.close()
    return pixels[: len(kept)], kept


def _room(shape: tuple[int, int, int, int], cache: Path) -> NDArray[np.uint8]:
    """Return an empty array, in memory if it takes little of it, else mapped to a file that goes when it is closed."""
    if np.prod(shape, dtype=np.int64) < psutil.virtual_memory().available * MEMORY_SHARE:
        return np.empty(shape, dtype=np.uint8)
    cache.mkdir(parents=True, exist_ok=True)
    needed, free = int(np.prod(shape, dtype=np.int64)), shutil.disk_usage(cache).free
    if needed > free:  # writing to a mapped file on a full disk would end the process
        raise UserError(
            f"The images need {needed / 2**30:.1f} GB of room in “{cache}”, where {free / 2**30:.1f} GB are free.",
            "Make room, or choose smaller images.",
        )
    with tempfile.TemporaryFile(dir=cache, prefix="pixels-") as file:
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)
