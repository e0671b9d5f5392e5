"""One image large: zoom, move on to the next, read the facts of its file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.side import SideColumn
from gui_app.theme import RADIUS, SIZE, SPACE
from gui_app.thumbs import GridItem, Loader, Picture, read_whole
from gui_app.widgets import Card, FactTable, plain_button, text_label
from gui_app.words import file_size

ZOOM_STEP = 1.25
MOST_ZOOM = 16.0
_CONTROL = Qt.KeyboardModifier.ControlModifier
_REDO = (_CONTROL | Qt.Key.Key_Y, _CONTROL | Qt.KeyboardModifier.ShiftModifier | Qt.Key.Key_Z)


class PictureView(QWidget):
    """Shows a picture as large as it fits; the wheel makes it larger or smaller, and a larger one can be dragged.

    A `still` one does not zoom and lies in the upper left corner.
    """

    zoomed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None, *, still: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._picture: Picture | None = None
        self._message = ""
        self._still = still
        self._zoom = 1.0  # 1 fits the picture into the widget
        self._shift = QPointF()
        self._grip: QPointF | None = None
        theme.watcher().changed.connect(self.update)

    @property
    def zoom(self) -> float:
        """How many times larger than what fits."""
        return self._zoom

    @property
    def message(self) -> str:
        """What stands there instead of a picture."""
        return self._message

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    def show_picture(self, picture: Picture | None, message: str = "") -> None:
        """Show a picture that fits, or a line of words instead."""
        self._picture, self._message = picture, message
        self.set_zoom(1.0)

    def set_zoom(self, zoom: float) -> None:
        """Show it `zoom` times as large as what fits."""
        self._zoom = 1.0 if self._still else min(max(zoom, 1.0), MOST_ZOOM)
        self._move(QPointF() if self._zoom == 1.0 else self._shift)
        self.zoomed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the pixels that suit the size on the screen."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture is None:
            self._paint_message(painter)
            return
        target = self._target(self._picture)
        clip = QPainterPath()
        clip.addRoundedRect(target.intersected(QRectF(self.rect())), RADIUS.image, RADIUS.image)
        painter.setClipPath(clip)
        painter.drawImage(target, self._picture.level(target.width() * self.devicePixelRatioF()))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom."""
        if not self._still and event.angleDelta().y():
            self.set_zoom(self._zoom * (ZOOM_STEP if event.angleDelta().y() > 0 else 1 / ZOOM_STEP))
            event.accept()
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of the picture."""
        self._grip = event.position() - self._shift

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag it."""
        if self._grip is not None and self._zoom > 1.0:
            self._move(event.position() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        self._grip = None

    def _move(self, shift: QPointF) -> None:
        """Move it from the middle, but never so far that the widget shows less of it than it could."""
        self._shift = QPointF()
        if self._picture is not None:
            target = self._target(self._picture)
            x, y = max(0.0, (target.width() - self.width()) / 2), max(0.0, (target.height() - self.height()) / 2)
            self._shift = QPointF(min(max(shift.x(), -x), x), min(max(shift.y(), -y), y))
        self.update()

    def _target(self, picture: Picture) -> QRectF:
        """Return where the picture lies."""
        width, height = max(picture.width_px, 1), max(picture.height_px, 1)
        fit = min(self.width() / width, self.height() / height)
        target = QRectF(0, 0, width * fit * self._zoom, height * fit * self._zoom)
        if not self._still:
            target.moveCenter(QRectF(self.rect()).center() + self._shift)
        return target

    def _paint_message(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.palette().muted))
        box = self.rect().adjusted(SPACE.m, SPACE.m, -SPACE.m, -SPACE.m)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._message)


Facts = Callable[[int], Sequence[tuple[str, str]]]


class ImageViewer(QDialog):
    """The images of a list one by one. Arrows go on, + and - zoom, 0 fits, Esc closes.

    `facts` gives the rows of a panel at the side for the image at a position; `hint` stands beneath them. Keys that
    mean something to the page, 1 to 9 and Delete, are passed on (`keyed`), and so are `undo` and `redo`.
    """

    keyed = Signal(int)
    undo = Signal()
    redo = Signal()

    def __init__(
        self,
        items: Sequence[GridItem],
        position: int,
        parent: QWidget | None = None,
        *,
        facts: Facts | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(parent)
        self.setObjectName("image_viewer")
        self.setModal(True)
        self.resize(*SIZE.viewer)
        self._items = items
        self._position = position
        self._loader = Loader(read_whole, self)
        self._loader.loaded.connect(self._take)
        self.picture = PictureView("viewer_picture")
        self.picture.setAccessibleName(self.tr("The image"))
        self.name = text_label(role="strong", name="viewer_name")
        self.facts = text_label(role="muted", name="viewer_facts")
        self.picture.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._facts_of = facts
        self.table = FactTable(wrap=True)
        self.table.setObjectName("viewer_table")
        self._side = self._make_side(hint)
        self._buttons()
        self._lay_out()
        self.picture.setFocus()
        self._go(position)

    @property
    def position(self) -> int:
        """Which image is shown."""
        return self._position

    def show_facts(self) -> None:
        """Show the facts of the present image, as they are now."""
        if self._facts_of is not None:
            self.table.set_rows(self._facts_of(self._position))

    def go_on(self) -> None:
        """Show the next image, if there is one."""
        self._go(self._position + 1)

    def go_to(self, position: int) -> None:
        """Show the image at a position."""
        if position != self._position:
            self._go(position)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows, zoom, Esc, and what the page does."""
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        zooms = {Qt.Key.Key_Plus: ZOOM_STEP, Qt.Key.Key_Equal: ZOOM_STEP, Qt.Key.Key_Minus: 1 / ZOOM_STEP}
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo.emit()
        elif event.keyCombination() in _REDO:
            self.redo.emit()
        elif key in steps:
            self._go(self._position + steps[key])
        elif key in zooms:
            self.picture.set_zoom(self.picture.zoom * zooms[key])
        elif key == Qt.Key.Key_0:
            self.picture.set_zoom(1.0)
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9 or key == Qt.Key.Key_Delete:
            self.keyed.emit(key)
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Read nothing while nobody looks."""
        super().hideEvent(event)
        self._loader.want([])

    def _make_side(self, hint: str) -> SideColumn:
        side = SideColumn("viewer_side", self.tr("Facts of the file"), SIZE.viewer_side)
        card = Card()
        card.body.addWidget(self.table)
        if hint:
            card.body.addSpacing(SPACE.s)
            card.body.addWidget(text_label(hint, "small", wrap=True, name="viewer_hint"))
        side.add(card)
        return side

    def _buttons(self) -> None:
        self._back = plain_button(self.tr("Previous"), "viewer_back")
        self._on = plain_button(self.tr("Next"), "viewer_on")
        self._smaller = plain_button("−", "viewer_smaller")
        self._fit = plain_button(self.tr("Fit"), "viewer_fit")
        self._larger = plain_button("+", "viewer_larger")
        self._smaller.setAccessibleName(self.tr("Smaller"))
        self._larger.setAccessibleName(self.tr("Larger"))
        self._back.clicked.connect(lambda: self._go(self._position - 1))
        self._on.clicked.connect(lambda: self._go(self._position + 1))
        self._smaller.clicked.connect(lambda: self.picture.set_zoom(self.picture.zoom / ZOOM_STEP))
        self._larger.clicked.connect(lambda: self.picture.set_zoom(self.picture.zoom * ZOOM_STEP))
        self._fit.clicked.connect(lambda: self.picture.set_zoom(1.0))
        self.picture.zoomed.connect(self._show_zoom)
        for button in (self._back, self._on, self._smaller, self._fit, self._larger):
            button.setAutoDefault(False)  # Enter presses nothing by surprise

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        for label in (self.name, self.facts):
            label.setMinimumWidth(1)
            words.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(SPACE.s)
        row.addLayout(words, 1)
        for button in (self._smaller, self._fit, self._larger):
            row.addWidget(button)
        row.addSpacing(SPACE.m)
        for button in (self._back, self._on):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.m, SPACE.m, SPACE.m, SPACE.m)
        column.setSpacing(SPACE.m)
        upper = QHBoxLayout()
        upper.setSpacing(SPACE.m)
        upper.addWidget(self.picture, 1)
        upper.addWidget(self._side)
        self._side.setVisible(self._facts_of is not None)
        column.addLayout(upper, 1)
        column.addLayout(row)

    def _go(self, position: int) -> None:
        """Show the image at a position; beyond the ends nothing happens."""
        if not 0 <= position < len(self._items):
            return
        self._position = position
        item = self._items[position]
        self.setWindowTitle(item.path.name)
        self.name.setText(item.path.name)
        self.facts.setText(item.caption)
        self.picture.show_picture(None, self.tr("Reading…"))
        self._back.setEnabled(position > 0)
        self._on.setEnabled(position < len(self._items) - 1)
        self._loader.want([item.path])
        self.show_facts()

    def _take(self, path: Path, result: Picture | str) -> None:
        item = self._items[self._position]
        if path != item.path:
            return
        if isinstance(result, str):
            self.picture.show_picture(None, result)
            return
        self.picture.show_picture(result)
        measures = (self.tr("{} × {} px").format(result.width_px, result.height_px), file_size(result.size_bytes))
        facts = (item.caption, *(measures if self._facts_of is None else ()), self._place())
        self.facts.setText(" · ".join(fact for fact in facts if fact))

    def _place(self) -> str:
        return self.tr("{} of {}").format(self._position + 1, len(self._items))

    def _show_zoom(self) -> None:
        self._smaller.setEnabled(self.picture.zoom > 1.0)
        self._fit.setEnabled(self.picture.zoom > 1.0)
        self._larger.setEnabled(self.picture.zoom < MOST_ZOOM)
