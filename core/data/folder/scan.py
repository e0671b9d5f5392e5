"""Reading a folder of images: first the list of files stands, then each is decoded and hashed, several at once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.base.errors import UserError
from core.base.events import Progress, Stop, never
from core.data.folder.listing import FoundImage, Scan, list_folder
from core.data.folder.workers import WORKERS, Read, Workers, in_processes, in_threads, may_start_processes
from core.data.images import printable

__all__ = ["Examined", "FoundImage", "Listed", "Scan", "Scanned", "scan"]

_MANY = 2000
"""From so many unread files on, processes are worth the second that they take to start."""

_WAITING = 4 * WORKERS
"""How many batches are handed to the workers ahead of time; few, so that the memory stays small."""

_BATCH_FILES, _BATCH_BYTES = 16, 2 * 2**20
"""What a worker reads in one go at most: measured together, small files take a quarter less time."""

_PROGRESS_S = 0.1
_KEEP_S = 5.0
NOTHING_READ: Mapping[str, FoundImage] = {}
Numbered = tuple[int, FoundImage]
"""An image and its place in the list."""


@dataclass(frozen=True)
class Listed:
    """The list of files stands; nothing is decoded yet."""

    scan: Scan


@dataclass(frozen=True)
class Examined:
    """These images were read since the last such event; who keeps them need not read them again after a crash."""

    images: tuple[FoundImage, ...]


@dataclass(frozen=True)
class Scanned:
    """Every file was decoded and hashed: the end, and the result."""

    scan: Scan


def scan(
    root: Path,
    stop: Stop = never,
    *,
    reading: str = "",
    added: Sequence[str] = (),
    before: Mapping[str, FoundImage] = NOTHING_READ,
) -> Iterator[Listed | Progress | Examined | Scanned]:
    """List the images in `root`, then decode each once. A stop ends the work within a second, without `Scanned`.

    `reading` and `added` are as for `list_folder`. What is known of an image from `before` (by path) holds if its size
    and time are still the same. Raises UserError if the folder is not there or cannot be read, or holds no two classes
    with images.
    """
    listed = list_folder(root, stop, reading, added)
    if listed is None:
        return
    images = [_known(image, before.get(image.path)) for image in listed.images]
    listed = replace(listed, images=tuple(images))
    yield Listed(listed)
    yield from _read_all(root, images, stop)
    if stop():
        return
    if not root.is_dir():
        raise UserError(f"The folder “{printable(str(root))}” vanished while it was read.", "Choose it again.")
    yield Scanned(replace(listed, images=tuple(images)))


def _read_all(root: Path, images: list[FoundImage], stop: Stop) -> Iterator[Progress | Examined]:
    """Replace each image in the list that was not read yet by what reading it says."""
    todo = [(index, image) for index, image in enumerate(images) if not image.sha256]
    unkept: list[FoundImage] = []
    begun = reported = kept = time.monotonic()
    for done, (index, image) in enumerate(_examined(root, todo, stop), start=1):
        images[index] = image
        unkept.append(image)
        now = time.monotonic()
        if now - reported >= _PROGRESS_S or done == len(todo):
            reported = now
            yield _progress(done, len(todo), now - begun)
        if now - kept >= _KEEP_S:
            kept = now
            yield Examined(tuple(unkept))
            unkept.clear()


def _known(image: FoundImage, before: FoundImage | None) -> FoundImage:
    same = before is not None and before.facts is not None and _stamp(before) == _stamp(image)
    if before is None or not same:
        return image
    return replace(
        image, sha256=before.sha256, width_px=before.width_px, height_px=before.height_px, facts=before.facts
    )


def _stamp(image: FoundImage) -> tuple[int, int]:
    return image.size_bytes, image.modified_ns


def _examined(root: Path, todo: Sequence[Numbered], stop: Stop) -> Iterator[Numbered]:
    """Yield every image with what decoding said, and its index, in the order in which the workers are done."""
    yield from (numbered for numbered in todo if numbered[1].problem)
    left = {index: image for index, image in todo if not image.problem}
    if len(left) >= _MANY and WORKERS > 1 and may_start_processes():
        try:
            with in_processes() as workers:
                for index, image in _read_by(workers, root, list(left.items()), stop):
                    del left[index]
                    yield index, image
        except (BrokenExecutor, OSError):
            pass  # none could be started, or the system ended one: what is left is read here
    with in_threads() as workers:
        yield from _read_by(workers, root, list(left.items()), stop)


def _read_by(workers: Workers, root: Path, images: Sequence[Numbered], stop: Stop) -> Iterator[Numbered]:
    batches = _batches(images)
    running: dict[Future[list[Read]], list[Numbered]] = {}
    while not stop():
        for batch in islice(batches, _WAITING - len(running)):
            running[workers.read(root, [image.path for _, image in batch])] = batch
        if not running:
            return
        finished, _ = wait(running, timeout=_PROGRESS_S, return_when=FIRST_COMPLETED)
        for future in finished:
            for (index, image), read in zip(running.pop(future), future.result(), strict=True):
                yield index, _with(image, read)


def _batches(images: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """Yield what a worker reads in one go: small files together; of few files no more than leaves work for all."""
    most = max(1, min(_BATCH_FILES, len(images) // _WAITING))
    batch: list[Numbered] = []
    size = 0
    for numbered in images:
        size += numbered[1].size_bytes
        if batch and (len(batch) == most or size > _BATCH_BYTES):
            yield batch
            batch, size = [], numbered[1].size_bytes
        batch.append(numbered)
    if batch:
        yield batch


def _with(image: FoundImage, read: Read) -> FoundImage:
    if isinstance(read, str):
        return replace(image, problem=read)
    return replace(image, sha256=read.sha256, width_px=read.width_px, height_px=read.height_px, facts=read.facts)


def _progress(done: int, total: int, seconds: float) -> Progress:
    rate = done / max(seconds, 1e-9)
    return Progress("Reading images", done, total, done / total, (total - done) / rate, rate)
