"""A bar in three colours for train, validation and test, with a handle between each two, by mouse or keys."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app import theme
from gui_app.theme import RADIUS, SIZE, Tone

Shares = tuple[int, int, int]
WHOLE = 100
LEAST = 5
"""No part can be made smaller than so many percent."""
TONES: tuple[Tone, ...] = ("accent", "info", "warn")
PARTS = ("train", "val", "test")
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -5,
    Qt.Key.Key_PageUp: 5,
}


class SplitSlider(QWidget):
    """Shows numbers as shares. `moved` tells the shares while a handle moves, `released` when it was let go.

    Tab goes from the first handle to the second, arrows move them, Enter lets go. A click on a part is `clicked`.
    Without handles it is a bar that can be clicked.
    """

    moved = Signal(tuple)
    released = Signal(tuple)
    clicked = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._numbers: Shares = (0, 0, 0)
        self._wished: Shares | None = None
        self._handles = False
        self._active = 0
        self._held = False
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.watcher().changed.connect(self.update)

    @property
    def wished(self) -> bool:
        """Whether other shares are wished for than there are."""
        return self._wished is not None and self._wished != percents(self._numbers)

    @property
    def held(self) -> bool:
        """Whether the mouse holds a handle."""
        return self._held

    @property
    def shares(self) -> Shares:
        """The shares in percent that are shown: those wished for while a handle was moved, or those there are."""
        return self._wished or percents(self._numbers)

    def show_numbers(self, numbers: Shares, *, handles: bool) -> None:
        """Show so many images in train, validation and test; what was wished for is forgotten."""
        self._numbers, self._handles, self._wished = numbers, handles, None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if handles else Qt.FocusPolicy.NoFocus)
        self._say()

    def forget_wish(self) -> None:
        """Show what there is."""
        self._wished = None
        self._say()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of the handles."""
        return QSize(SIZE.card_narrow, SIZE.handle + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the three parts side by side in one rounded bar, and the handles on it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar, shape = self._bar(), QPainterPath()
        shape.addRoundedRect(bar, RADIUS.bar, RADIUS.bar)
        painter.setClipPath(shape)
        painter.fillRect(bar, QColor(theme.palette().track))
        left = bar.left()
        for share, tone in zip(self._fractions(), TONES, strict=True):
            painter.fillRect(QRectF(left, bar.top(), bar.width() * share, bar.height()), QColor(theme.tone(tone).text))
            left += bar.width() * share
        painter.setClipping(False)
        for handle in (0, 1) if self._handles else ():
            self._paint_handle(painter, handle)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of a handle, or click a part."""
        handle = self._handle_at(event.position().x())
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if handle >= 0:
            self._active, self._held = handle, True
        else:
            self.clicked.emit(PARTS[self._part_at(event.position().x())])
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move the handle that is held."""
        x = event.position().x()
        if self._held:
            self._move_to(round(WHOLE * (x - self._bar().left()) / max(self._bar().width(), 1)))
        near = self._handle_at(x) >= 0
        self.setCursor(Qt.CursorShape.SplitHCursor if near or self._held else Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        if self._held:
            self._held = False
            self._let_go()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move the handle that has the focus; Enter lets go, Esc takes it back."""
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._move_to(self._borders()[self._active] + _STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._let_go()
        elif key == Qt.Key.Key_Escape and self._wished is not None:
            self.forget_wish()
            self.moved.emit(self.shares)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Go from handle to handle by Tab before the focus goes on."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
            step = steps.get(Qt.Key(event.key()), 0)
            if step and self._active + step in (0, 1):
                self._active += step
                self.update()
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Begin with the handle that lies nearer to where Tab came from."""
        self._active = 1 if event.reason() == Qt.FocusReason.BacktabFocusReason else 0
        super().focusInEvent(event)

    def _let_go(self) -> None:
        if self._wished is not None and self.wished:
            self.released.emit(self._wished)

    def _move_to(self, border: int) -> None:
        borders = self._borders()
        low = LEAST if self._active == 0 else borders[0] + LEAST
        high = borders[1] - LEAST if self._active == 0 else WHOLE - LEAST
        if low > high:
            return
        borders[self._active] = min(max(border, low), high)
        self._wished = (borders[0], borders[1] - borders[0], WHOLE - borders[1])
        self._say()
        self.moved.emit(self._wished)

    def _borders(self) -> list[int]:
        train, val, _ = self.shares
        return [train, train + val]

    def _fractions(self) -> tuple[float, ...]:
        numbers = self._wished or self._numbers
        return tuple(number / max(sum(numbers), 1) for number in numbers)

    def _bar(self) -> QRectF:
        top = (self.height() - SIZE.bar) / 2
        return QRectF(0, top, self.width(), SIZE.bar)

    def _handle_x(self, handle: int) -> float:
        at = self._bar().width() * sum(self._fractions()[: handle + 1])
        return min(max(at, SIZE.handle / 2), self.width() - SIZE.handle / 2)

    def _handle_at(self, x: float) -> int:
        """Return which handle is at a place, -1 for none."""
        near = [(abs(x - self._handle_x(handle)), handle) for handle in (0, 1)]
        distance, handle = min(near)
        return handle if self._handles and distance <= SIZE.handle / 2 + 1 else -1

    def _part_at(self, x: float) -> int:
        train, val, _ = self._fractions()
        share = x / max(self.width(), 1)
        return 0 if share < train else 1 if share < train + val else 2

    def _paint_handle(self, painter: QPainter, handle: int) -> None:
        colours = theme.palette()
        place = QRectF(0, 0, SIZE.handle - 1, SIZE.handle - 1)
        place.moveCenter(QRectF(self._handle_x(handle), self.height() / 2, 0, 0).center())
        focused = self.hasFocus() and handle == self._active
        painter.setPen(QPen(QColor(colours.accent if focused else colours.muted), SIZE.focus if focused else 1))
        painter.setBrush(QColor(colours.panel))
        painter.drawEllipse(place)

    def _say(self) -> None:
        """Tell a screen reader what is shown, and paint it."""
        train, val, test = self.shares
        words = self.tr("Split: {train} % train, {val} % validation, {test} % test")
        self.setAccessibleName(words.format(train=train, val=val, test=test))
        self.update()


def percents(numbers: Shares) -> Shares:
    """Return numbers as whole percent that add up to 100; nothing at all if there are none."""
    total = sum(numbers)
    if not total:
        return (0, 0, 0)
    train, upto = round(WHOLE * numbers[0] / total), round(WHOLE * (numbers[0] + numbers[1]) / total)
    return (train, upto - train, WHOLE - upto)
