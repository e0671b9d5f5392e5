"""How to transfer: one card for each strategy, and a picture of which layers stay and which learn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.models_table import millions
from gui_app.theme import FONT, RADIUS, SIZE, SPACE

if TYPE_CHECKING:
    from core.models.backbones import LayerGroup
    from core.train.strategies import Strategy

WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


class StrategyCard(QAbstractButton):
    """A large radio button: title and summary of one strategy."""

    def __init__(self, strategy: "Strategy", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = strategy.key
        self._summary = strategy.summary
        self.setText(strategy.title)
        self.setObjectName(f"strategy_{strategy.key}")
        self.setAccessibleName(strategy.title)
        self.setAccessibleDescription(strategy.summary)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size in a card at the side."""
        return QSize(SIZE.card_side, self.heightForWidth(SIZE.card_side))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Leave the width to the card around it."""
        return QSize(1, 1)

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height that the wrapped words need."""
        room = QRect(0, 0, width - self._words_left() - SPACE.s, SIZE.window_least[1])
        summary = QFontMetrics(self.font()).boundingRect(room, WRAPPED, self._summary).height()
        return QFontMetrics(self._bold()).height() + summary + 2 * SPACE.s + SPACE.xs // 2

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint frame, circle and words."""
        colours = theme.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strong = self.isChecked() or self.hasFocus()
        width = SIZE.focus if strong else 1
        edge = width / 2
        pen = colours.accent if strong else colours.muted if self.underMouse() else colours.line
        painter.setPen(QPen(QColor(pen), width))
        painter.setBrush(QColor(colours.accent_soft) if self.hasFocus() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(edge, edge, -edge, -edge), RADIUS.control, RADIUS.control)
        self._paint_circle(painter)
        left = self._words_left()
        painter.setPen(QColor(colours.text))
        painter.setFont(self._bold())
        title_height = painter.fontMetrics().height()
        painter.drawText(QRect(left, SPACE.s, self.width() - left - SPACE.s, title_height), WRAPPED, self.text())
        painter.setFont(self.font())
        painter.setPen(QColor(colours.muted))
        top = SPACE.s + title_height + SPACE.xs // 2
        painter.drawText(QRect(left, top, self.width() - left - SPACE.s, self.height() - top), WRAPPED, self._summary)

    def _paint_circle(self, painter: QPainter) -> None:
        colours = theme.palette()
        circle = QRectF(SPACE.s + 2.5, SPACE.s + 1.5, SIZE.icon - 1, SIZE.icon - 1)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawEllipse(circle)
            inset = SIZE.icon / 3
            painter.setBrush(QColor(colours.on_accent))
            painter.drawEllipse(circle.adjusted(inset, inset, -inset, -inset))
        else:
            painter.setPen(QPen(QColor(colours.muted), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle)

    def _words_left(self) -> int:
        return SPACE.s + SIZE.icon + SPACE.m - 2

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font


class StrategyCards(QWidget):
    """All strategies, one of them chosen; `chosen` carries its key. The arrow keys move among them."""

    chosen = Signal(str)

    def __init__(self, strategies: "Sequence[Strategy]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = {strategy.key: StrategyCard(strategy) for strategy in strategies}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.s - 2)
        for card in self._cards.values():
            self._group.addButton(card)
            column.addWidget(card)
        self._shown = ""
        self._group.buttonToggled.connect(self._tell)

    def choose(self, key: str) -> None:
        """Mark a strategy as chosen."""
        self._shown = key
        if key in self._cards:
            self._cards[key].setChecked(True)

    def _tell(self, card: QAbstractButton, checked: bool) -> None:
        if checked and isinstance(card, StrategyCard) and card.key != self._shown:
            self._shown = card.key
            self.chosen.emit(card.key)


class LayerPicture(QWidget):
    """The layers from stem to head as boxes: kept ones blue, learning ones green, smaller the later they come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layer_picture")
        self._groups: tuple[LayerGroup, ...] = ()
        self._n_learning = 0
        self.setFixedHeight(SIZE.layer_height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_layers(self, groups: "tuple[LayerGroup, ...]", n_learning: int) -> None:
        """Show these layer groups, of which the last `n_learning` learn; the head always does."""
        self._groups, self._n_learning = groups, n_learning
        names = [group.title for group in groups]
        kept, learning = names[: len(names) - n_learning], names[len(names) - n_learning :]
        self.setAccessibleName(
            self.tr("Kept: {kept}. Learns: {learning}").format(
                kept=", ".join(kept) or self.tr("nothing"), learning=", ".join([*learning, self.tr("your classes")])
            )
        )
        self.update()

    def event(self, event: object) -> bool:
        """Tell in a tooltip what a box holds."""
        if isinstance(event, QHelpEvent):
            for box, group in zip(self._boxes(), self._groups, strict=False):
                if box.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), f"{group.title}: {millions(group.parameters)}", self)
        return super().event(event)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the boxes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(FONT.tiny)
        painter.setFont(font)
        boxes = self._boxes()
        kept = len(self._groups) - self._n_learning
        for position, box in enumerate(boxes):
            colours = theme.tone("info" if position < kept else "accent")
            painter.setPen(QPen(QColor(colours.text), 1))
            painter.setBrush(QColor(colours.ground))
            painter.drawRoundedRect(box, RADIUS.image, RADIUS.image)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._name(painter, position, box)
            )

    def _name(self, painter: QPainter, position: int, box: QRectF) -> str:
        """Return the title of a box, or its last word if the whole does not fit."""
        if position == len(self._groups):
            return self.tr("your\nclasses")
        title = self._groups[position].title.lower()
        fits = painter.fontMetrics().horizontalAdvance(title) <= box.width() - SPACE.xs
        return title if fits else title.split()[-1]

    def _boxes(self) -> list[QRectF]:
        number = len(self._groups) + 1
        gap = SPACE.s - 2
        head = SIZE.layer_width
        width = min((self.width() - head - gap * (number - 1) - 1) / max(number - 1, 1), SIZE.layer_width)
        boxes, left = [], 0.5
        for position in range(number):
            height = max(SIZE.layer_height - 1 - SIZE.layer_step * position, SIZE.layer_height / 2)
            this = head if position == number - 1 else width
            boxes.append(QRectF(left, (SIZE.layer_height - height) / 2, this, height - 0.5))
            left += this + gap
        return boxes
