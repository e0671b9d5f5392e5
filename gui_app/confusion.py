"""The confusion matrix: a row for each class as labelled, a column for each as predicted. Each cell can be chosen."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gui_app import theme
from gui_app.tables import without_highlight
from gui_app.theme import FONT, RADIUS, SIZE, SPACE, Tone
from gui_app.words import as_tip

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
Matrix = tuple[tuple[int, ...], ...]
CELL_RATIO = 0.66
SPACIOUS = 4
"""Up to so many classes the cells are large and the columns say “called …”."""


def worst_cell(matrix: Matrix) -> tuple[int, int]:
    """Return (label, predicted) of the commonest mistake; without any, of the class that was right most often."""
    cells = [(row, column) for row in range(len(matrix)) for column in range(len(matrix))]
    return max(cells, key=lambda cell: (cell[0] != cell[1] and matrix[cell[0]][cell[1]] > 0, matrix[cell[0]][cell[1]]))


class ConfusionMatrix(QTableView):
    """`chosen` gives label and predicted class of the cell that a click or an arrow key moved to."""

    chosen = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        without_highlight(self)
        self.setAccessibleName(self.tr("Confusion matrix: rows are the true classes, columns what the model said"))
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Cell(self))
        self._names = _Names(Qt.Orientation.Horizontal, self)
        self.setHorizontalHeader(self._names)
        self._row_names = _Names(Qt.Orientation.Vertical, self)
        self.setVerticalHeader(self._row_names)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(False)
        self.selectionModel().currentChanged.connect(self._current_changed)
        theme.watcher().changed.connect(self.viewport().update)

    def set_matrix(self, classes: Sequence[str], matrix: Matrix) -> None:
        """Show these counts; rows are labels."""
        self._model.show(tuple(classes), matrix)
        self._arrange()

    def choose(self, label: int, predicted: int) -> None:
        """Choose a cell."""
        self.setCurrentIndex(self._model.index(label, predicted))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the cells to the new width."""
        super().resizeEvent(event)
        self._arrange()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Ask for all rows, or as many as can be seen at once."""
        full = self._names.height_px + self._cell_px()[1] * len(self._model.classes)
        full += self.horizontalScrollBar().sizeHint().height() if self._overflows() else 0
        return QSize(SIZE.results_side, min(full, SIZE.table_most))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Need the same: the column around it scrolls."""
        return QSize(SIZE.card_narrow, self.sizeHint().height())

    def _arrange(self) -> None:
        width, height = self._cell_px()
        self.verticalHeader().setFixedWidth(self._label_px())
        self._names.upright = width < self._widest() + SPACE.s
        self.horizontalHeader().setDefaultSectionSize(width)
        self.verticalHeader().setDefaultSectionSize(height)
        self.horizontalHeader().setFixedHeight(self._names.height_px)
        self.updateGeometry()

    def _cell_px(self) -> tuple[int, int]:
        n = max(len(self._model.classes), 1)
        scrolls = n * SIZE.cell_least > SIZE.table_most - SIZE.label_most
        bar_px = self.verticalScrollBar().sizeHint().width() if scrolls else 0
        width = max((self.width() - self._label_px() - bar_px) // n, SIZE.cell_least)
        return width, max(SIZE.cell_least, min(SIZE.cell_most + SIZE.cell_gap, round(width * CELL_RATIO)))

    def _overflows(self) -> bool:
        return self._label_px() + self._cell_px()[0] * len(self._model.classes) > self.width()

    def _label_px(self) -> int:
        return min(self._longest(self._model.classes), SIZE.label_most) + SPACE.m

    def _widest(self) -> int:
        return self._longest([self._model.heading(i) for i in range(len(self._model.classes))])

    def _longest(self, words: Sequence[str]) -> int:
        return max((self.fontMetrics().horizontalAdvance(word) for word in words), default=0)

    def _current_changed(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.row(), index.column())


class _Model(QAbstractTableModel):
    """The counts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.classes: tuple[str, ...] = ()
        self.matrix: Matrix = ()

    def show(self, classes: tuple[str, ...], matrix: Matrix) -> None:
        self.beginResetModel()
        self.classes, self.matrix = classes, matrix
        self.endResetModel()

    def heading(self, column: int) -> str:
        name = self.classes[column]
        return self.tr("called {}").format(name) if len(self.classes) <= SPACIOUS else name

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self.classes)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self.classes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        count = self.matrix[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return count
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.StatusTipRole):
            label, said = self.classes[index.row()], self.classes[index.column()]
            return self.tr("{} of {} called {}").format(count, label, said)
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if section >= len(self.classes):  # one header is reset before the other, and asks for sections that are gone
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(self.classes[section])
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.heading(section) if orientation == Qt.Orientation.Horizontal else self.classes[section]


class _Names(QHeaderView):
    """Class names above the columns (upright where these are too narrow), or beside the rows."""

    def __init__(self, orientation: Qt.Orientation, parent: ConfusionMatrix) -> None:
        super().__init__(orientation, parent)
        self.upright = False

    @property
    def height_px(self) -> int:
        """Height that the names need."""
        if not self.upright:
            return FONT.body + 2 * SPACE.s
        model = self.model()
        names = [str(model.headerData(i, self.orientation())) for i in range(model.columnCount())]
        longest = max((self.fontMetrics().horizontalAdvance(name) for name in names), default=0)
        return min(longest, SIZE.label_most) + SPACE.s

    def paintSection(self, painter: QPainter, rect: QRect, logical_index: int) -> None:  # noqa: N802 - Qt's name
        text = str(self.model().headerData(logical_index, self.orientation()))
        room = (rect.height() if self.upright else rect.width()) - SPACE.s
        text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.save()
        painter.setFont(self.font())
        painter.setPen(QColor(theme.palette().muted))
        if self.upright:
            painter.translate(rect.left(), rect.bottom())
            painter.rotate(-90)
            box = QRect(SPACE.xs, 0, rect.height(), rect.width())
        else:
            box = rect
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class _Cell(QStyledItemDelegate):
    """Paints a count on its ground: green for right, red for wrong, plain for none."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        count = int(index.data())
        tone: Tone = "plain" if not count else "accent" if index.row() == index.column() else "bad"
        colours = theme.tone(tone)
        spacious = option.rect.height() > SIZE.cell_least * 2
        gap = SIZE.cell_gap if spacious else SIZE.cell_gap // 4
        area = self._area(option.rect, index, gap)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(QPen(QColor(colours.text), SIZE.focus) if chosen else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.ground))
        radius = RADIUS.control if spacious else RADIUS.bar
        painter.drawRoundedRect(area, radius, radius)
        painter.setPen(QColor(colours.text))
        painter.setFont(_font(option.font, option.rect, bold=bool(count)))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, str(count) if count or spacious else "")
        painter.restore()

    def _area(self, cell: QRect, index: Index, gap: int) -> QRectF:
        """Return where to paint: gaps are shared out over a row, so that its ends are flush with the view's."""
        n = index.model().columnCount()
        left = cell.left() + gap * index.column() / n
        return QRectF(left + 1, cell.top() + 1, cell.width() - gap * (n - 1) / n - 2, cell.height() - gap)


def _font(base: QFont, cell: QRect, *, bold: bool) -> QFont:
    font = QFont(base)
    least = SIZE.cell_least
    size_px = FONT.title if cell.height() > 2 * least else FONT.body if cell.width() > 1.3 * least else FONT.tiny
    font.setPixelSize(size_px)
    font.setBold(bold)
    return font
