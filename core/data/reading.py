"""Many files into squares of pixels, in threads and in order: Pillow lets go of the interpreter while it decodes."""

import os
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.base.ahead import begun_ahead
from core.base.errors import UserError
from core.data import images
from core.data.dataset import LabelledImage
from core.data.images import Framing, UnreadableImage
from core.data.store.pixels import PixelStore

Square = NDArray[np.uint8] | UnreadableImage
"""Pixels of shape (resize_px, resize_px, 3), or why there are none."""

KEPT_AT_ONCE = 32
"""So many squares are stored in one go, while which no other window can store any."""

AHEAD = 16
"""Files per worker that may wait: so many that they go on while squares are stored, and yet memory stays bounded."""


def read_square(path: Path, framing: Framing, sha256: str = "") -> Square:
    """Return the file's pixels, or the reason as a value: one bad file does not end the work."""
    try:
        return images.read_square(path, framing, sha256)
    except UnreadableImage as problem:
        return problem


def read_dataset(root: Path, images: Iterable[LabelledImage], framing: Framing) -> Generator[Square, None, None]:
    """Yield one square for each image, in order; a file whose content has changed since the scan is not read."""
    return _read(((root / image.path, image.sha256) for image in images), framing)


def read_kept(
    root: Path, images: Sequence[LabelledImage], framing: Framing, store: PixelStore
) -> Generator[Square, None, None]:
    """Yield what `read_dataset` does, from the store where it has the square, which else is put there."""
    places = store.find([image.sha256 for image in images])
    decoded = read_dataset(root, [image for image in images if image.sha256 not in places], framing)
    fresh: dict[str, NDArray[np.uint8]] = {}
    try:
        for image in images:
            place = places.get(image.sha256)
            square: Square | None = store.read(place) if place else None
            if square is None:
                square = read_square(root / image.path, framing, image.sha256) if place else next(decoded)
                if not isinstance(square, UnreadableImage):
                    fresh[image.sha256] = square
            if len(fresh) == KEPT_AT_ONCE:
                _keep(store, fresh)
                fresh = {}
            yield square
    finally:
        decoded.close()
        _keep(store, fresh)


def _keep(store: PixelStore, fresh: dict[str, NDArray[np.uint8]]) -> None:
    if fresh and not store.problem:
        store.put(fresh)


def require_there(root: Path) -> None:
    """Raise UserError if the folder of all images is gone: that is one message, not one for each file."""
    if not root.is_dir():
        raise UserError(f"The folder “{root}” is no longer there.", "Connect its drive, or put it back, and try again.")


def read_squares(paths: Iterable[Path], framing: Framing) -> Generator[Square, None, None]:
    """Yield one square for each path, in order; closing the generator drops what was not begun."""
    return _read(((path, "") for path in paths), framing)


def _read(files: Iterable[tuple[Path, str]], framing: Framing) -> Generator[Square, None, None]:
    workers = os.cpu_count() or 1
    pool = ThreadPoolExecutor(workers, thread_name_prefix="read")
    return begun_ahead(pool, lambda file: read_square(file[0], framing, file[1]), files, workers * AHEAD)
