"""Small widgets that all pages share. Text is always shown as it stands, never read as rich text."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.theme import RADIUS, SIZE, SPACE, Tone

LINK_EDGE = 1
"""Width of the ring round a link: so much further left it begins, to stand flush with the words above it."""


def text_label(text: str = "", role: str = "body", *, wrap: bool = False, name: str = "") -> QLabel:
    """Return a label. `role`: body, strong, heading, title, brand, muted, small, tiny, problem."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(wrap)
    label.setObjectName(name)
    return label


def restyle(widget: QWidget, **properties: object) -> None:
    """Set dynamic properties and let the style sheet see them."""
    for key, value in properties.items():
        widget.setProperty(key, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def primary_button(text: str, name: str) -> QPushButton:
    """Return the one green button of a page."""
    return _button(text, name, "primary")


def plain_button(text: str, name: str) -> QPushButton:
    """Return a button with a thin line round it."""
    return _button(text, name, "plain")


def buttons_at_the_end(*buttons: QPushButton) -> QHBoxLayout:
    """Return the last row of a dialog: its buttons at the right."""
    row = QHBoxLayout()
    row.setSpacing(SPACE.m)
    row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    return row


def link_button(text: str, name: str) -> QPushButton:
    """Return a button that looks like a link."""
    button = _button(text, name, "link")
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button


def chip_button(text: str, name: str) -> QPushButton:
    """Return a small round button that stays chosen, for filters."""
    button = _button(text, name, "chip")
    button.setCheckable(True)
    return button


def _button(text: str, name: str, kind: str) -> QPushButton:
    button = QPushButton(text.replace("&", "&&"))  # a single & would mark a shortcut and vanish
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setProperty("kind", kind)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the ring of focus is for the keyboard, not for each click
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button


def discard(widget: QWidget) -> None:
    """Take a widget away for good. (Setting no parent would make it a window for a moment, and cost the real one
    its focus.)
    """
    widget.setObjectName("")
    widget.hide()
    widget.deleteLater()


def inset(widget: QWidget) -> QWidget:
    """Return a widget in line with the words of painted lines, which have room at their sides, and a gap beneath."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    edge = LINK_EDGE if isinstance(widget, QPushButton) else 0
    column.setContentsMargins(SPACE.s - edge, 0, SPACE.s, SPACE.s)
    column.addWidget(widget)
    return holder


def line() -> QFrame:
    """Return a thin horizontal line."""
    frame = QFrame()
    frame.setProperty("role", "line")
    return frame


class ElidingLabel(QLabel):
    """A label of one line that gets by with any width: what does not fit is cut."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        name: str = "",
        parent: QWidget | None = None,
        *,
        cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self._cut = cut
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setObjectName(name)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Leave the width to others."""
        return QSize(1, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint what fits."""
        room = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), self._cut, room.width())
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            room,
            int(self.alignment().value),
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )


class Card(QFrame):
    """A white panel with round corners; what it shows is put into `.body`."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(SPACE.m, SPACE.m, SPACE.m, SPACE.m)
        self.body.setSpacing(SPACE.s)
        self.heading = text_label(title, "heading")
        self.body.addWidget(self.heading)  # before it is shown: without a parent it would flash up as a window
        self.heading.setVisible(bool(title))

    def set_title(self, title: str) -> None:
        """Change the heading; an empty one is hidden."""
        self.heading.setText(title)
        self.heading.setVisible(bool(title))


class PageFrame(QWidget):
    """A page with the header of all pages: title and subtitle left, actions right, and `.body` beneath."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = ElidingLabel(role="title", name=f"{name}_title")
        self.subtitle = ElidingLabel(role="muted", name=f"{name}_subtitle")
        words = QVBoxLayout()
        words.setSpacing(SPACE.xs // 2)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        self._words = words
        self._actions = QHBoxLayout()
        self._actions.setSpacing(SPACE.m)
        header = QHBoxLayout()
        header.setSpacing(SPACE.m)
        header.addLayout(words, 1)
        header.addLayout(self._actions)
        header.setAlignment(self._actions, Qt.AlignmentFlag.AlignTop)
        self.body = QHBoxLayout()
        self.body.setSpacing(SPACE.m)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.l, SPACE.m + SPACE.xs, SPACE.l, SPACE.l)
        column.setSpacing(SPACE.m + SPACE.xs // 2)
        column.addLayout(header)
        column.addLayout(self.body, 1)

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Set both lines of the header."""
        self.title.setText(title)
        self.subtitle.setText(subtitle)

    def add_line(self, label: QWidget) -> None:
        """Put a further line beneath the subtitle."""
        self._words.addWidget(label)

    def add_action(self, button: QWidget) -> None:
        """Put a button to the right end of the header."""
        self._actions.addWidget(button)


class Chip(QLabel):
    """A small round label in a tone."""

    def __init__(self, text: str = "", tone: Tone = "plain", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "chip")
        self.setProperty("tone", tone)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set(self, text: str, tone: Tone) -> None:
        """Change what it says."""
        self.setText(text)
        restyle(self, tone=tone)


class ShareBar(QWidget):
    """A thin horizontal bar, filled to `fraction` (0 to 1) of its width."""

    def __init__(self, fraction: float = 0.0, tone: Tone = "accent", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = fraction
        self._tone: Tone = tone
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def fraction(self) -> float:
        """How much of the bar is filled."""
        return self._fraction

    def set_fraction(self, fraction: float) -> None:
        """Fill the bar to `fraction`; values outside 0 to 1 are cut."""
        self._fraction = min(max(fraction, 0.0), 1.0)
        self.update()

    def set_tone(self, tone: Tone) -> None:
        """Change the colour of the filled part."""
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of all bars."""
        return QSize(SIZE.card_narrow // 2, SIZE.bar)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least size."""
        return QSize(SIZE.bar, SIZE.bar)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the track and the filled part."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(self.rect())
        painter.setBrush(QColor(theme.palette().track))
        painter.drawRoundedRect(whole, RADIUS.bar, RADIUS.bar)
        if self._fraction > 0:
            filled = QRectF(whole)
            filled.setWidth(max(whole.width() * self._fraction, whole.height()))
            painter.setBrush(QColor(theme.tone(self._tone).text))
            painter.drawRoundedRect(filled, RADIUS.bar, RADIUS.bar)


class Disclosure(QWidget):
    """A line that opens and closes what lies beneath it. What is closed cannot be reached by Tab either."""

    def __init__(self, text: str, name: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._content = content
        self.button = _button(text, name, "disclosure")
        self.button.setCheckable(True)
        self.button.toggled.connect(self._open)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.s)
        column.addWidget(self.button)
        column.addWidget(content)
        self._open(False)

    def _open(self, is_open: bool) -> None:
        self.button.setText(f"{self._text} {'▾' if is_open else '▸'}")
        self._content.setVisible(is_open)


class EmptyState(QWidget):
    """What a place says while it has nothing to show: one line, why, and perhaps what to do."""

    def __init__(self, title: str, text: str, button: QPushButton | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = text_label(title, "heading", wrap=True)
        self.text = text_label(text, "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE.s)
        column.addStretch(1)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setMaximumWidth(SIZE.text_block)
            row = QHBoxLayout()  # an aligned label would get its narrow size hint; stretches give it the room
            row.addStretch(1)
            row.addWidget(label, 100)
            row.addStretch(1)
            column.addLayout(row)
        if button is not None:
            column.addSpacing(SPACE.s)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def say(self, title: str, text: str) -> None:
        """Change the words."""
        self.title.setText(title)
        self.title.setVisible(bool(title))
        self.text.setText(text)


class FactTable(QWidget):
    """Lines of a label at the left and a bold value at the right, with thin lines between; long values may `wrap`."""

    def __init__(
        self, rows: Sequence[tuple[str, str]] = (), parent: QWidget | None = None, *, wrap: bool = False
    ) -> None:
        super().__init__(parent)
        self._wrap = wrap
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(SPACE.s - 2)
        self._grid.setColumnStretch(1 if wrap else 0, 1)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self._rows: tuple[tuple[str, str], ...] = ()
        self.set_rows(rows)

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these rows; widgets of rows that stay are kept, so that nothing flickers."""
        if len(rows) != len(self._labels):
            self._rebuild(len(rows))
        for (left, right), (label, value) in zip(self._labels, rows, strict=True):
            left.setText(label)
            right.setText(value)
        self._rows = tuple(rows)

    def _rebuild(self, n_rows: int) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                discard(widget)
        self._labels = []
        for row in range(n_rows):
            left, right = text_label(), text_label(role="strong", wrap=self._wrap)
            if self._wrap:
                left.setAlignment(Qt.AlignmentFlag.AlignTop)
                right.setMinimumWidth(1)
            right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(left, 2 * row, 0)
            self._grid.addWidget(right, 2 * row, 1)
            self._labels.append((left, right))
            if row < n_rows - 1:
                self._grid.addWidget(line(), 2 * row + 1, 0, 1, 2)
