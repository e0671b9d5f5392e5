"""Reading a folder of images: first the list of files stands, then each of them is decoded and hashed, in threads."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.base.errors import UserError
from core.base.events import Progress, Stop, never
from core.data.images import UnreadableImage, examine, printable
from core.data.listing import FoundImage, Scan, image_files, list_folder

__all__ = ["FoundImage", "Listed", "Scan", "Scanned", "image_files", "scan"]

_THREADS = min(8, os.cpu_count() or 1)
_WAITING = 4 * _THREADS
"""How many files are handed to the threads ahead of time; few, so that a stop is quick and the memory stays small."""

_PROGRESS_S = 0.1


@dataclass(frozen=True)
class Listed:
    """The list of files stands; nothing is decoded yet."""

    scan: Scan


@dataclass(frozen=True)
class Scanned:
    """Every file was decoded and hashed: the end, and the result."""

    scan: Scan


def scan(root: Path, stop: Stop = never) -> Iterator[Listed | Progress | Scanned]:
    """List the images in `root`, then decode each once. A stop ends the work within a second, without `Scanned`.

    Raises UserError if the folder is not there or cannot be read, or holds no two classes with images.
    """
    listed = list_folder(root, stop)
    if listed is None:
        return
    yield Listed(listed)
    images = list(listed.images)
    begun = reported = time.monotonic()
    for done, (index, image) in enumerate(_examined(root, images, stop), start=1):
        images[index] = image
        now = time.monotonic()
        if now - reported >= _PROGRESS_S or done == len(images):
            reported = now
            yield _progress(done, len(images), now - begun)
    if stop():
        return
    if not root.is_dir():
        raise UserError(f"The folder “{printable(str(root))}” vanished while it was read.", "Choose it again.")
    yield Scanned(replace(listed, images=tuple(images)))


def _examined(root: Path, images: list[FoundImage], stop: Stop) -> Iterator[tuple[int, FoundImage]]:
    """Yield every image with what decoding said, and its index, in the order in which the threads are done."""
    waiting = iter(list(enumerate(images)))  # a copy: the caller writes to the list
    running: dict[Future[FoundImage], int] = {}
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="graft-scan")
    try:
        while not stop():
            for index, image in islice(waiting, _WAITING - len(running)):
                running[pool.submit(_examine, root, image)] = index
            if not running:
                return
            finished, _ = wait(running, timeout=_PROGRESS_S, return_when=FIRST_COMPLETED)
            for future in finished:
                yield running.pop(future), future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _examine(root: Path, image: FoundImage) -> FoundImage:
    if image.problem:
        return image
    try:
        facts = examine(root / image.path)
    except UnreadableImage as error:
        return replace(image, problem=error.reason)
    return replace(image, sha256=facts.sha256, width_px=facts.width_px, height_px=facts.height_px)


def _progress(done: int, total: int, seconds: float) -> Progress:
    rate = done / max(seconds, 1e-9)
    return Progress("Reading images", done, total, done / total, (total - done) / rate, rate)
