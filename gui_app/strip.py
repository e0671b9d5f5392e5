"""A few small images side by side, as an example."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app import theme
from gui_app.grid_paint import fill
from gui_app.theme import RADIUS, SIZE
from gui_app.thumbs import Loader, Picture, read_thumbnail


class Strip(QWidget):
    """Shows files; what cannot be read stays an empty frame."""

    def __init__(self, paths: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths = tuple(paths)
        self._pixmaps: dict[Path, QPixmap] = {}
        self._loader = Loader(lambda path: read_thumbnail(path, 2 * SIZE.example), self)
        self._loader.loaded.connect(self._take)
        self._loader.want(self._paths)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the room of all images."""
        return QSize(len(self._paths) * (SIZE.example + SIZE.thumb_gap), self._height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the middle of each image."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QColor(theme.palette().line))
        for place, path in enumerate(self._paths):
            frame = QRectF(place * (SIZE.example + SIZE.thumb_gap), 0, SIZE.example, self._height() - 1)
            pixmap = self._pixmaps.get(path)
            painter.setBrush(fill(pixmap, frame) if pixmap is not None else QColor(theme.palette().track))
            painter.drawRoundedRect(frame, RADIUS.image, RADIUS.image)

    def _height(self) -> int:
        return round(SIZE.example * SIZE.thumb_ratio)

    def _take(self, path: Path, result: Picture | str) -> None:
        if isinstance(result, Picture):
            self._pixmaps[path] = QPixmap.fromImage(result.levels[0])
            self.update()
