"""Small widgets that are painted, since a style sheet does not reach them: they follow the palette all the same."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QKeySequence, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from gui_app import icons, theme
from gui_app.theme import RADIUS, SIZE, SPACE, Tone


class PaintedButton(QAbstractButton):
    """A line that can be clicked: its ground shows whether it is chosen, under the mouse, or has the focus."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.chosen = False

    def set_words(self, words: str, spoken: str = "") -> None:
        """Set what is shown, and what a screen reader says; an & is only an &, not a shortcut."""
        self.setText(words)
        self.setShortcut(QKeySequence())
        self.setAccessibleName(spoken or words)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Show that it can be clicked."""
        self.update()
        super().enterEvent(event)

    def paint_ground(self, painter: QPainter) -> None:
        """Paint what lies beneath the words."""
        colours = theme.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = SIZE.focus / 2
        area = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        under_mouse = self.underMouse() and self.isEnabled()
        painter.setPen(QPen(QColor(colours.accent), SIZE.focus) if self.hasFocus() else Qt.PenStyle.NoPen)
        ground = colours.accent_soft if self.chosen else colours.track if under_mouse else ""
        painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, RADIUS.control, RADIUS.control)


class Icon(QWidget):
    """An icon in the colour of a tone."""

    def __init__(
        self, icon: icons.Name, size_px: int = SIZE.icon, tone: Tone = "plain", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon: icons.Name = icon
        self._tone: Tone = tone
        self.setFixedSize(size_px, size_px)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the icon."""
        return self.size()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the icon in the present colour."""
        icons.paint(QPainter(self), self._icon, theme.tone(self._tone).text, self.rect())


class Dot(QWidget):
    """A small square in a tone, as in the legend of a bar."""

    def __init__(self, tone: Tone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone: Tone = tone
        self.setFixedSize(SIZE.bar + 1, SIZE.bar + 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the square."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tone(self._tone).text))
        painter.drawRoundedRect(QRectF(self.rect()), SPACE.xs // 2, SPACE.xs // 2)


class ChoiceBox(QComboBox):
    """A list to choose from, with an arrow that follows the palette; the wheel scrolls the page, it changes nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(1)  # a long choice is cut; it does not widen the form

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the box, its words cut where they end, and the arrow, which a style sheet cannot colour."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.width() - SPACE.l - SPACE.s - 2
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        top = (self.height() - SIZE.icon) // 2
        place = QRect(self.width() - SIZE.icon - SPACE.xs, top, SIZE.icon, SIZE.icon)
        icons.paint(painter, "down", theme.palette().muted, place)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the page."""
        event.ignore()


class CloseButton(QAbstractButton):
    """A small cross."""

    def __init__(self, name: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(SIZE.icon + SPACE.s, SIZE.icon + SPACE.s)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the cross, and the ring of focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.palette()
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS.bar, RADIUS.bar)
        arm = self.rect().adjusted(SPACE.xs, SPACE.xs, -SPACE.xs, -SPACE.xs)
        icons.paint(painter, "cross", colours.text if self.underMouse() else colours.muted, arm)
