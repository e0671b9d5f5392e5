"""Image files become pictures for the screen in a few threads of a pool; only what is wanted at the moment is read."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRunnable, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from core.base.errors import UserError
from gui_app.theme import Tone

if TYPE_CHECKING:
    from PIL.Image import Image

THREADS = 2
CACHE_BYTES = 96 * 2**20
SMALLEST_LEVEL = 500


@dataclass(frozen=True, slots=True)
class GridItem:
    """An image to show: its file, a line of words beneath it (may be empty), and the tone of the words."""

    path: Path
    caption: str = ""
    tone: Tone = "plain"


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
    """Reads files in threads. `loaded` gives the path and a Picture, or a str that says why there is none."""

    loaded = Signal(object, object)

    def __init__(self, read: Read) -> None:
        super().__init__()
        self._read = read
        self._wanted: frozenset[Path] = frozenset()
        self._tasks: dict[Path, _Task] = {}
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(THREADS)
        self._mail = _Mail()  # outlives this object while a task still holds it
        self._mail.done.connect(self._take)

    def want(self, paths: Iterable[Path]) -> None:
        """Read these, first ones first. What was wanted before and is not in it is not begun any more."""
        ordered = tuple(paths)
        self._wanted = frozenset(ordered)
        for path in ordered:
            if path not in self._tasks:
                self._begin(path)

    def stop(self) -> None:
        """Begin nothing more and wait for the files being read at this moment; no thread is left then."""
        self._wanted = frozenset()
        self._mail.done.disconnect(self._take)
        self._pool.waitForDone()

    def result(self, path: Path) -> Picture | str | None:
        """Read one file, in the present thread: the result, the reason why there is none, or None if not wanted."""
        if path not in self._wanted:
            return None
        try:
            return self._read(path)
        except (UserError, OSError) as problem:
            return str(problem)

    def _begin(self, path: Path) -> None:
        self._tasks[path] = task = _Task(self, path, self._mail)
        self._pool.start(task)

    def _take(self, path: Path, result: Picture | str | None) -> None:
        del self._tasks[path]
        if result is not None:
            self.loaded.emit(path, result)
        elif path in self._wanted:  # it was passed over, and is wanted again since
            self._begin(path)


class _Mail(QObject):
    """Carries results from the threads to the main thread."""

    done = Signal(object, object)


class _Task(QRunnable):
    """Reads one file."""

    def __init__(self, loader: Loader, path: Path, mail: _Mail) -> None:
        super().__init__()
        self.setAutoDelete(False)  # Python owns it: the loader keeps it until its result has come
        self._loader, self._path, self._mail = loader, path, mail

    def run(self) -> None:
        """Read it and post the result."""
        self._mail.done.emit(self._path, self._loader.result(self._path))


class PixmapCache:
    """The pixmaps used last, up to a number of bytes; also the reasons why some files have none."""

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._entries: OrderedDict[Path, QPixmap | str] = OrderedDict()

    def __contains__(self, path: Path) -> bool:
        return path in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, path: Path) -> QPixmap | str | None:
        """Return the pixmap, the reason why there is none, or None if the file was not read yet."""
        entry = self._entries.get(path)
        if entry is not None:
            self._entries.move_to_end(path)
        return entry

    def put(self, path: Path, entry: QPixmap | str) -> None:
        """Keep an entry; those used longest ago make room."""
        self._bytes += _size(entry) - _size(self._entries.pop(path, ""))
        self._entries[path] = entry
        while self._bytes > self._limit and len(self._entries) > 1:
            self._bytes -= _size(self._entries.popitem(last=False)[1])


def _size(entry: QPixmap | str) -> int:
    return len(entry) if isinstance(entry, str) else entry.width() * entry.height() * 4
