"""Image files become pictures for the screen in a few threads; only what is wanted at the moment is read."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, overload

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from core.base.errors import UserError
from gui_app.theme import Tone

if TYPE_CHECKING:
    from PIL.Image import Image

THREADS = 2
COLLECT_MS = 15
CACHE_BYTES = 96 * 2**20
SMALLEST_LEVEL = 500


@dataclass(frozen=True, slots=True)
class GridItem:
    """An image to show: its file, a line of words beneath it (may be empty), and the tone of the words.

    `mark` stands in its corner: what a person corrected. A `struck` image is shown as used for nothing.
    """

    path: Path
    caption: str = ""
    tone: Tone = "plain"
    mark: str = ""
    struck: bool = False


@dataclass(frozen=True)
class FileItems(Sequence[GridItem]):
    """Files beneath a folder, `captions` one for each or none. An item is made when it is asked for: making 100,000
    takes a second. `marks` and `struck` go by path.
    """

    root: Path
    paths: tuple[str, ...]
    captions: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    struck: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, position: int) -> GridItem: ...
    @overload
    def __getitem__(self, position: slice) -> "FileItems": ...
    def __getitem__(self, position: int | slice) -> "GridItem | FileItems":
        if isinstance(position, slice):
            return replace(self, paths=self.paths[position], captions=self.captions[position])
        path = self.paths[position]
        caption = self.captions[position] if self.captions else ""
        return GridItem(self.root / path, caption, mark=self.marks.get(path, ""), struck=path in self.struck)


@dataclass(frozen=True)
class Picture:
    """Pixels for the screen: the largest first, each next one half as large; and the sizes of the file."""

    levels: tuple[QImage, ...]
    width_px: int
    height_px: int
    size_bytes: int = 0

    def level(self, width_px: float) -> QImage:
        """Return the smallest pixels that still fill `width_px`: they shrink without a shimmer."""
        return next((image for image in reversed(self.levels) if image.width() >= width_px), self.levels[0])


Read = Callable[[Path], Picture]


def read_thumbnail(path: Path, size_px: int) -> Picture:
    """Return the image with its longest side at most `size_px`; raises UserError for what cannot be read."""
    from core.data.images import thumbnail  # brings Pillow and numpy: not before the window stands

    image = _to_qt(thumbnail(path, size_px))
    return Picture((image,), image.width(), image.height())


def read_whole(path: Path) -> Picture:
    """Return the image in full and in halves down to a small one; raises UserError for what cannot be read."""
    from core.data.images import read_image

    return picture_of(_to_qt(read_image(path)), path.stat().st_size)


def picture_of(image: QImage, size_bytes: int = 0) -> Picture:
    """Return an image that is at hand as a picture."""
    levels = [image]
    while max(levels[-1].width(), levels[-1].height()) > SMALLEST_LEVEL:
        last = levels[-1]
        smooth = Qt.TransformationMode.SmoothTransformation
        half = QSize(max(1, last.width() // 2), max(1, last.height() // 2))
        levels.append(last.scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
    return Picture(tuple(levels), image.width(), image.height(), size_bytes)


def _to_qt(image: "Image") -> QImage:
    pixels = image.convert("RGB").tobytes()
    return QImage(pixels, image.width, image.height, 3 * image.width, QImage.Format.Format_RGB888).copy()


class Loader(QObject):
    """Reads files in threads. `loaded` gives the path and a Picture, or a str that says why there is none.

    The threads know nothing of Qt's objects, so that none of these can be gone when a file has been read. They end
    as soon as there is nothing left to read.
    """

    loaded = Signal(object, object)

    def __init__(self, read: Read, parent: QObject) -> None:
        super().__init__(parent)
        self._read = read
        self._reading: dict[Path, Future[Picture | str]] = {}
        self._pools: list[ThreadPoolExecutor] = []
        self._timer = QTimer(self, interval=COLLECT_MS)
        self._timer.timeout.connect(self._collect)
        self.destroyed.connect(partial(_shut, self._pools))

    def want(self, paths: Iterable[Path]) -> None:
        """Read these, first ones first. What was wanted before, is not in it and has not begun is dropped."""
        wanted = dict.fromkeys(paths)
        self._reading = {
            path: future for path, future in self._reading.items() if path in wanted or not future.cancel()
        }
        for path in wanted:
            if path not in self._reading:
                self._reading[path] = self._pool().submit(_attempt, self._read, path)
        if wanted:
            self._timer.start()
        else:
            self._rest()

    def _pool(self) -> ThreadPoolExecutor:
        if not self._pools:
            self._pools.append(ThreadPoolExecutor(THREADS, thread_name_prefix="images"))
        return self._pools[0]

    def _rest(self) -> None:
        """Let the threads go; a file that is being read at this moment is finished and forgotten."""
        self._timer.stop()
        self._reading = {}
        while self._pools:
            self._pools.pop().shutdown(wait=False, cancel_futures=True)

    def _collect(self) -> None:
        done = [path for path, future in self._reading.items() if future.done()]
        for path in done:
            self.loaded.emit(path, self._reading.pop(path).result())
        if not self._reading:
            self._rest()


def _shut(pools: list[ThreadPoolExecutor], *_: object) -> None:
    """Wait for the threads; called when the loader itself is gone already."""
    for pool in pools:
        pool.shutdown(cancel_futures=True)


def _attempt(read: Read, path: Path) -> Picture | str:
    """Return the picture, or the reason why there is none: an unreadable file is one result among others."""
    try:
        return read(path)
    except (UserError, OSError) as problem:
        return str(problem)


class PixmapCache:
    """The pixmaps used last, up to a number of bytes; also the reasons why some files have none."""

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._entries: OrderedDict[Path, QPixmap | str] = OrderedDict()
        self._expired: set[Path] = set()

    def __contains__(self, path: Path) -> bool:
        """Say whether there is an entry that need not be read again."""
        return path in self._entries and path not in self._expired

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, path: Path) -> QPixmap | str | None:
        """Return the pixmap, the reason why there is none, or None if the file was not read yet."""
        entry = self._entries.get(path)
        if entry is not None:
            self._entries.move_to_end(path)
        return entry

    def expire(self) -> None:
        """Let every file be read again; what was read before stands until then."""
        self._expired = set(self._entries)

    def put(self, path: Path, entry: QPixmap | str) -> None:
        """Keep an entry; those used longest ago make room."""
        self._expired.discard(path)
        self._bytes += _size(entry) - _size(self._entries.pop(path, ""))
        self._entries[path] = entry
        while self._bytes > self._limit and len(self._entries) > 1:
            self._bytes -= _size(self._entries.popitem(last=False)[1])


def _size(entry: QPixmap | str) -> int:
    return len(entry) if isinstance(entry, str) else entry.width() * entry.height() * 4
