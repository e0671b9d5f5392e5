"""The classes of a project as lines with bars and as chips, and how their images are split."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.painted import Dot, PaintedButton
from gui_app.theme import RADIUS, SIZE, SPACE, Tone
from gui_app.widgets import discard, text_label
from gui_app.words import as_tip, count


class ClassLine(PaintedButton):
    """One class: name and number of images above a bar. A click shows its images."""

    def __init__(self, name: str, number: int, largest: int, parent: QWidget | None = None) -> None:
        super().__init__(f"class_{name}", parent)
        self.class_name = name
        self._number = number
        self._share = number / max(largest, 1)
        self.set_words(name, self.tr("{name}, {n} images").format(name=name, n=number))
        self.setToolTip(as_tip(name))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of words and bar."""
        return QSize(SIZE.card_narrow, SIZE.class_item)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint name, number and bar."""
        painter = QPainter(self)
        self.paint_ground(painter)
        colours = theme.palette()
        area = self.rect().adjusted(SPACE.s, SPACE.xs, -SPACE.s, -SPACE.s)
        words = area.adjusted(0, 0, 0, -SIZE.bar)
        number = count(self._number)
        painter.setPen(QColor(colours.muted))
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        room = words.width() - painter.fontMetrics().horizontalAdvance(number) - SPACE.s
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(colours.text))
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        bar = QRectF(area.left(), area.bottom() + 1 - SIZE.bar, area.width(), SIZE.bar)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.track))
        painter.drawRoundedRect(bar, RADIUS.bar, RADIUS.bar)
        if self._number:
            bar.setWidth(max(bar.width() * self._share, SIZE.bar))
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(bar, RADIUS.bar, RADIUS.bar)


class ClassList(QScrollArea):
    """All classes; `chosen` carries the name of the one that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("class_list")
        self.setAccessibleName(self.tr("Classes"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lines: list[ClassLine] = []

    def set_classes(self, counts: dict[str, int]) -> None:
        """Show these classes with their numbers of images."""
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        largest = max(counts.values(), default=1)
        self._lines = [ClassLine(name, number, largest) for name, number in counts.items()]
        for line in self._lines:
            line.clicked.connect(lambda checked=False, name=line.class_name: self.chosen.emit(name))
            column.addWidget(line)
        column.addStretch(1)
        self.setWidget(inner)
        self.setMaximumHeight(inner.sizeHint().height())

    def choose(self, name: str) -> None:
        """Mark a class as the one whose images are shown."""
        for line in self._lines:
            line.chosen = line.class_name == name
            line.update()


class ChipRow(QWidget):
    """Chips side by side, as many as there is room for: the list of classes offers the others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: tuple[QPushButton, ...] = ()

    def set_chips(self, chips: tuple[QPushButton, ...]) -> None:
        """Show these in place of those before."""
        for old in self._chips:
            discard(old)
        self._chips = chips
        for chip in chips:
            chip.setParent(self)
            chip.ensurePolished()
        self.updateGeometry()
        self._arrange()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Ask for the first chip; the layout gives what is left."""
        return self._chips[0].sizeHint() if self._chips else QSize(0, SIZE.chip)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show as many as fit now."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        left = 0
        for chip in self._chips:
            size = chip.sizeHint()
            chip.setGeometry(left, (self.height() - size.height()) // 2, size.width(), size.height())
            chip.setVisible(left + size.width() <= self.width())
            left += size.width() + SPACE.s


class SplitBar(QWidget):
    """One bar in three colours: what is learned from, what chooses the best epoch, what gives the score."""

    TONES: tuple[Tone, ...] = ("accent", "info", "warn")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: tuple[int, ...] = ()
        self.setFixedHeight(SIZE.bar)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_numbers(self, numbers: tuple[int, ...]) -> None:
        """Show these numbers as shares."""
        self._numbers = numbers
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the three parts side by side, in one rounded bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(whole, RADIUS.bar, RADIUS.bar)
        painter.setClipPath(shape)
        painter.fillRect(whole, QColor(theme.palette().track))
        left, total = whole.left(), max(sum(self._numbers), 1)
        for number, tone in zip(self._numbers, self.TONES, strict=False):
            width = whole.width() * number / total
            painter.fillRect(QRectF(left, 0, width, whole.height()), QColor(theme.tone(tone).text))
            left += width


class SplitView(QWidget):
    """The bar of the split, and beneath it what each part is for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = SplitBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.s - 2)
        column.addWidget(self._bar)
        column.addSpacing(SPACE.xs // 2)
        parts = (
            (self.tr("Train"), self.tr("The model learns from these.")),
            (self.tr("Validation"), self.tr("These tell when to stop and which epoch is best.")),
            (self.tr("Test"), self.tr("Kept aside for the final score; used for no choice.")),
        )
        self._values = [text_label(role="strong", name=f"split_{name}") for name in ("train", "val", "test")]
        for (title, meaning), value, tone in zip(parts, self._values, SplitBar.TONES, strict=True):
            row = QHBoxLayout()
            row.setSpacing(SPACE.s)
            label = text_label(title)
            label.setToolTip(meaning)
            row.addWidget(Dot(tone))
            row.addWidget(label)
            row.addStretch(1)
            row.addWidget(value)
            column.addLayout(row)

    def set_numbers(self, numbers: tuple[int, int, int]) -> None:
        """Show how many images are in train, validation and test."""
        self._bar.set_numbers(numbers)
        for label, number in zip(self._values, numbers, strict=True):
            label.setText(count(number))
