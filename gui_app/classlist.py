"""The classes of a project as lines with bars; beneath them what has no class yet, and what is left out."""

from collections.abc import Mapping

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.filters import Filter
from gui_app.image_table import UNLABELLED, Numbers
from gui_app.painted import PaintedButton
from gui_app.theme import FONT, RADIUS, SIZE, SPACE, Tone
from gui_app.widgets import inset, link_button, text_label
from gui_app.words import as_tip, count, images_in_words

SEARCHED_FROM = 13
"""From so many classes on there is a field to search them."""


class ClassLine(PaintedButton):
    """One class: name and number of images above a bar. A click shows its images."""

    def __init__(self, name: str, title: str, key: int = 0, tone: Tone = "accent") -> None:
        super().__init__(name)
        self._title = title
        self._key = str(key) if key else ""
        self._tone: Tone = tone
        self._number = 0
        self._share = 0.0
        self._shows_key = False
        self.setToolTip(as_tip(title))

    def set_number(self, number: int, largest: int) -> None:
        """Show this number; the bar is full for the largest one."""
        self._number = number
        self._share = number / max(largest, 1)
        spoken = self.tr("{name}, {images}").format(name=self._title, images=images_in_words(number))
        self.set_words(self._title, spoken)
        self.update()

    def show_key(self, shown: bool) -> None:
        """Show which key gives this class, or not."""
        self._shows_key = shown
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of words and bar."""
        return QSize(SIZE.card_narrow, SIZE.class_item)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint name, number and bar."""
        painter = QPainter(self)
        self.paint_ground(painter)
        colours = theme.palette()
        area = self.rect().adjusted(SPACE.s, SPACE.xs, -SPACE.s, -SPACE.s)
        self._paint_words(painter, area.adjusted(0, 0, 0, -SIZE.bar))
        bar = QRectF(area.left(), area.bottom() + 1 - SIZE.bar, area.width(), SIZE.bar)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.track))
        painter.drawRoundedRect(bar, RADIUS.bar, RADIUS.bar)
        if self._number:
            bar.setWidth(max(bar.width() * self._share, SIZE.bar))
            painter.setBrush(QColor(theme.tone(self._tone).text))
            painter.drawRoundedRect(bar, RADIUS.bar, RADIUS.bar)

    def _paint_words(self, painter: QPainter, words: QRect) -> None:
        colours, align = theme.palette(), Qt.AlignmentFlag
        number = count(self._number)
        painter.setPen(QColor(colours.muted))
        painter.drawText(words, align.AlignRight | align.AlignVCenter, number)
        metrics = painter.fontMetrics()
        room = words.width() - metrics.horizontalAdvance(number) - SPACE.s - (SIZE.icon if self._key else 0)
        name = metrics.elidedText(self._title, Qt.TextElideMode.ElideMiddle, room)  # long names differ at their ends
        painter.setPen(QColor(colours.muted if self._tone == "plain" else colours.text))
        painter.drawText(words, align.AlignLeft | align.AlignVCenter, name)
        if self._key and self._shows_key:
            left = words.left() + metrics.horizontalAdvance(name) + SPACE.s - 2
            self._paint_key(painter, QRectF(left, words.center().y() - SIZE.icon / 2 + 1, SIZE.icon - 1, SIZE.icon - 1))

    def _paint_key(self, painter: QPainter, place: QRectF) -> None:
        font = painter.font()
        font.setPixelSize(FONT.tiny)
        painter.setFont(font)
        painter.setPen(QColor(theme.palette().line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place, RADIUS.bar, RADIUS.bar)
        painter.setPen(QColor(theme.palette().muted))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._key)


class ClassList(QWidget):
    """All classes. `chosen` carries the name of the one that was clicked, the empty one for what has none."""

    chosen = Signal(str)
    left_out_chosen = Signal()
    label_them = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[str, ClassLine] = {}
        self._keys: Mapping[str, int] = {}
        self._shows_keys = False
        self.search = QLineEdit()
        self.search.setObjectName("class_search")
        self.search.setPlaceholderText(self.tr("Search classes"))
        self.search.setAccessibleName(self.tr("Search classes"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self._search_row = inset(self.search)
        self._nothing = text_label(self.tr("No class is called so."), "muted", wrap=True, name="class_search_nothing")
        self._nothing.setContentsMargins(SPACE.s, 0, SPACE.s, 0)
        self._nothing.hide()
        self._area = QScrollArea()
        self._area.setObjectName("class_list")
        self._area.setAccessibleName(self.tr("Classes"))
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._unlabelled = ClassLine("unlabelled", self.tr("unlabelled"), tone="plain")
        self._unlabelled.clicked.connect(lambda: self.chosen.emit(UNLABELLED))
        link = link_button(self.tr("Label them…"), "label_them")
        link.clicked.connect(self.label_them)
        self._link_row = inset(link)
        self._left_out = ClassLine("left_out", self.tr("left out"), tone="plain")
        self._left_out.clicked.connect(self.left_out_chosen)
        self._lay_out()

    def show_numbers(self, numbers: Numbers, keys: Mapping[str, int]) -> None:
        """Show these classes with their numbers of images, and which key gives which."""
        names = [name for name in numbers.classes if name != UNLABELLED]
        if names != list(self._lines) or keys != self._keys:
            self._keys = keys
            self._build(names)
        largest = max(numbers.classes.values(), default=1)
        for name, line in self._lines.items():
            line.set_number(numbers.classes[name], largest)
        self._unlabelled.set_number(numbers.unlabelled, largest)
        self._left_out.set_number(numbers.left_out, largest)
        for part, number in (
            (self._unlabelled, numbers.unlabelled),
            (self._link_row, numbers.unlabelled),
            (self._left_out, numbers.left_out),
        ):
            part.setVisible(number > 0)
        self._search_row.setVisible(len(names) >= SEARCHED_FROM)
        self._fit()

    def choose(self, chosen: Filter) -> None:
        """Mark what is looked at."""
        for name, line in self._lines.items():
            line.chosen = chosen.class_name == name
            line.update()
        self._unlabelled.chosen = chosen.class_name == UNLABELLED
        self._left_out.chosen = chosen.left_out
        self._unlabelled.update()
        self._left_out.update()

    def show_keys(self, shown: bool) -> None:
        """Show which key gives which class, or not."""
        self._shows_keys = shown
        for line in self._lines.values():
            line.show_key(shown)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._search_row)
        column.addWidget(self._nothing)
        column.addWidget(self._area, 1)
        column.addSpacing(SPACE.xs)
        column.addWidget(self._unlabelled)
        column.addWidget(self._link_row)
        column.addWidget(self._left_out)

    def _build(self, names: list[str]) -> None:
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._lines = {name: ClassLine(f"class_{name}", name, self._keys.get(name, 0)) for name in names}
        self.show_keys(self._shows_keys)
        for name, line in self._lines.items():
            line.clicked.connect(lambda checked=False, name=name: self.chosen.emit(name))
            column.addWidget(line)
        column.addStretch(1)
        self._area.setWidget(inner)
        self.search.clear()

    def _search(self, text: str) -> None:
        found = [name for name in self._lines if text.casefold() in name.casefold()]
        for name, line in self._lines.items():
            line.setVisible(name in found)
        self._nothing.setVisible(not found)

    def _fit(self) -> None:
        """Be as high as the lines at most; what is left of the card lies beneath the split."""
        lines = SIZE.class_item * len(self._lines)
        self._area.setMaximumHeight(lines)
        others = (self._search_row, self._unlabelled, self._link_row, self._left_out)
        shown = sum(part.sizeHint().height() for part in others if not part.isHidden())
        self.setMaximumHeight(lines + shown + SPACE.xs)
