"""Tables as in the whole window: muted headings, thin lines between rows, no frame."""

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gui_app import theme
from gui_app.theme import SIZE, SPACE

ROWS_MEASURED = 50
"""Column widths follow from so many rows; measuring all would take long."""


class PlainTable(QTableView):
    """A table of a model; the first column takes the room that the others leave."""

    def __init__(self, name: str, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        without_highlight(self)
        self.setModel(model)
        self.setItemDelegate(_Rows(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(SIZE.row)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setFixedHeight(SIZE.row)
        header.setHighlightSections(False)
        header.setResizeContentsPrecision(ROWS_MEASURED)
        header.setMinimumSectionSize(SIZE.table_column)
        self.stretch_first()
        model.modelReset.connect(self.updateGeometry)
        theme.watcher().changed.connect(self.viewport().update)

    def stretch_first(self) -> None:
        """Let the first column take the room that the others leave; a model that was cleared forgets it."""
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if header.count():
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Ask for all rows, or as many as can be seen at once."""
        return QSize(SIZE.card_side, min(SIZE.row * (self.model().rowCount() + 1), SIZE.table_most))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Need the headings and two rows."""
        return QSize(SIZE.card_narrow, SIZE.row * min(3, self.model().rowCount() + 1))


def without_highlight(view: QTableView) -> None:
    """Keep the style from filling chosen cells: the delegate paints them."""
    palette = view.palette()
    palette.setColor(QPalette.ColorRole.Highlight, Qt.GlobalColor.transparent)
    view.setPalette(palette)


class _Rows(QStyledItemDelegate):
    """Paints a cell: its text, the line beneath it, and the soft ground of the chosen row."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """Ask for the text and room at both sides."""
        return QSize(option.fontMetrics.horizontalAdvance(str(index.data() or "")) + 2 * SPACE.m, SIZE.row)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint it."""
        colours = theme.palette()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(option.rect, QColor(colours.accent_soft))
        painter.setPen(QColor(colours.line))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        colour = index.data(Qt.ItemDataRole.ForegroundRole)
        painter.setPen(QColor(theme.tone(colour).text if colour else colours.text))
        box = option.rect.adjusted(SPACE.s - 2, 0, 2 - SPACE.s, 0)
        text = str(index.data() or "")
        cut = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideMiddle, box.width())
        align = index.data(Qt.ItemDataRole.TextAlignmentRole) or Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, Qt.AlignmentFlag(align) | Qt.AlignmentFlag.AlignVCenter, cut)
        painter.restore()
