"""The place to which images are dropped; also opens files and folders, and takes what was copied."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QHBoxLayout, QSizePolicy, QWidget

from gui_app import theme
from gui_app.painted import Icon
from gui_app.theme import RADIUS, SIZE, SPACE
from gui_app.widgets import link_button, restyle, text_label
from gui_app.words import local_files


class DropZone(QWidget):
    """Says which files were given (`paths`), or which image that has no file (`image`)."""

    paths = Signal(list)
    image = Signal(QImage)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(self.tr("Drop or paste images or a folder"))
        self._over = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._words = text_label(role="muted", name=f"{name}_words")
        self._words.setMinimumWidth(1)
        self._files = link_button(self.tr("Open images…"), f"{name}_files")
        self._folder = link_button(self.tr("Open a folder…"), f"{name}_folder")
        self._files.clicked.connect(self._open_files)
        self._folder.clicked.connect(self._open_folder)
        self._icon = Icon("pictures", SIZE.icon_large, "accent")
        links = QHBoxLayout()
        links.setSpacing(SPACE.m)
        links.addWidget(self._files)
        links.addWidget(self._folder)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setSpacing(SPACE.m)
        self._parts.addStretch(1)
        self._parts.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignCenter)
        self._parts.addWidget(self._words, 0, Qt.AlignmentFlag.AlignCenter)
        self._parts.addLayout(links)
        self._parts.setAlignment(links, Qt.AlignmentFlag.AlignCenter)
        self._parts.addStretch(1)
        self.say_usual()
        self.set_large(True)

    def set_large(self, large: bool) -> None:
        """Fill the room, or be a strip."""
        direction = QBoxLayout.Direction
        self._parts.setDirection(direction.TopToBottom if large else direction.LeftToRight)
        self._icon.setVisible(large)
        vertical = QSizePolicy.Policy.Expanding if large else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        restyle(self._words, role="heading" if large else "muted")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the strip."""
        return QSize(SIZE.text_block, SIZE.drop)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the dashed line; a style sheet would dot it."""
        colours = theme.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(colours.accent if self._over else colours.muted))
        pen.setDashPattern(SIZE.dash)
        painter.setPen(pen)
        painter.setBrush(QColor(colours.accent_soft) if self._over else Qt.BrushStyle.NoBrush)
        edge = SIZE.stroke / 2
        area = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        painter.drawRoundedRect(area, RADIUS.card, RADIUS.card)

    def say_usual(self) -> None:
        """Show the usual words."""
        self._words.setText(self.tr("Drop or paste images or a folder"))

    def paste(self) -> None:
        """Take what was copied: files, or an image."""
        copied = QGuiApplication.clipboard().mimeData()
        if not self.take(copied):
            self._words.setText(self.tr("What was copied is no image"))

    def takes(self, data: QMimeData) -> bool:
        """Say whether there is something in it for this place."""
        return data.hasImage() or bool(local_files(data))

    def take(self, data: QMimeData) -> bool:
        """Pass on what was dropped or copied; False if nothing of it can be used."""
        files = local_files(data)
        image = data.imageData()
        if files:
            self.paths.emit(files)
        elif isinstance(image, QImage) and not image.isNull():
            self.image.emit(image)
        else:
            return False
        self.say_usual()
        return True

    def show_over(self, over: bool) -> None:
        """Show that what is dragged would be taken."""
        self._over = over
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click anywhere opens images."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._open_files()

    def _open_files(self) -> None:
        from core.data.images import SUFFIXES

        kinds = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        files, _ = QFileDialog.getOpenFileNames(self, self.tr("Open images"), "", self.tr("Images ({})").format(kinds))
        if files:
            self.paths.emit([Path(file) for file in files])

    def _open_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open a folder of images"))
        if folder:
            self.paths.emit([Path(folder)])
