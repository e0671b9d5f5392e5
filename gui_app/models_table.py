"""The table of pretrained models, painted: name, size, file, ImageNet score, and whether the weights are here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gui_app import theme
from gui_app.theme import FONT, RADIUS, SIZE, SPACE, Tone
from gui_app.words import percent

if TYPE_CHECKING:
    from core.models.backbones import Backbone

Index = QModelIndex | QPersistentModelIndex
Status = Literal["ready", "download", "add", "loading"]
TITLE, WEIGHTS, FILE, IMAGENET, STATUS = range(5)
NOWHERE = QModelIndex()
MILLION = 1_000_000


def millions(number: int) -> str:
    """Return 11689512 as "11.7 M", 138357544 as "138 M", 4100 as "4.1 k"."""
    for unit, size in (("M", MILLION), ("k", 1000)):
        if number >= size:
            return f"{number / size:.1f} {unit}" if number < 100 * size else f"{number / size:.0f} {unit}"
    return str(number)


class ModelsModel(QAbstractTableModel):
    """Rows of backbones."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.backbones: tuple[Backbone, ...] = ()
        self._ready: frozenset[str] = frozenset()
        self._loading: tuple[str, float] | None = None

    def show(self, backbones: "Sequence[Backbone]") -> None:
        """Show these, in this order."""
        self.beginResetModel()
        self.backbones = tuple(backbones)
        self.endResetModel()

    def set_status(self, ready: frozenset[str], loading: tuple[str, float] | None) -> None:
        """Say whose weights are here, and which come just now (key and share)."""
        if (ready, loading) == (self._ready, self._loading):
            return
        self._ready, self._loading = ready, loading
        if self.backbones:
            self.dataChanged.emit(self.index(0, STATUS), self.index(len(self.backbones) - 1, STATUS))

    def status(self, backbone: "Backbone") -> Status:
        """Return whether the weights are here, and how they can come if not."""
        if backbone.key in self._ready:
            return "ready"
        if self._loading is not None and self._loading[0] == backbone.key:
            return "loading"
        return "download" if backbone.url else "add"

    def status_in_words(self, backbone: "Backbone") -> str:
        """Return what the chip says."""
        status = self.status(backbone)
        if status == "loading" and self._loading is not None:
            return percent(self._loading[1])
        words = {"ready": self.tr("Ready"), "download": self.tr("Download"), "add": self.tr("Add file…")}
        return words[status]

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return how many models are listed."""
        return 0 if parent.isValid() else len(self.backbones)

    def columnCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return STATUS + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - as Qt has it
        """Return words, alignment and tooltips."""
        if not index.isValid():
            return None
        backbone = self.backbones[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(backbone, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return backbone.note or None
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - as Qt has it
        """Return the names of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            names = (self.tr("Pretrained model"), self.tr("Weights"), self.tr("File"), self.tr("ImageNet"), "")
            return names[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole and section == IMAGENET:
            return self.tr("Of 100 everyday photos in 1,000 classes, how many the published model names rightly")
        return None

    def _words(self, backbone: "Backbone", column: int) -> str:
        if column == STATUS:
            return self.status_in_words(backbone)
        top1 = backbone.imagenet_top1
        return {
            TITLE: backbone.title,
            WEIGHTS: millions(backbone.parameters),
            FILE: f"{backbone.file_mb:.0f} MB" if backbone.file_mb >= 10 else f"{backbone.file_mb:.1f} MB",
            IMAGENET: "—" if top1 is None else f"{100 * top1:.1f}",
        }[column]


class ModelsTable(QTableView):
    """One model a line. `chosen` carries the key of the chosen one, `status_clicked` that of a clicked chip."""

    chosen = Signal(str)
    status_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("models_table")
        self.setAccessibleName(self.tr("Pretrained models"))
        self.rows = ModelsModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(SIZE.row)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setSectionsClickable(False)
        header.setFixedHeight(SIZE.row)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        for column, width in (
            (WEIGHTS, SIZE.column),
            (FILE, SIZE.column),
            (IMAGENET, SIZE.column_wide),
            (STATUS, SIZE.column_chip),
        ):
            header.resizeSection(column, width)
        theme.watcher().changed.connect(self.viewport().update)

    def show_models(self, backbones: "Sequence[Backbone]", chosen: str) -> None:
        """List these and mark the chosen one, without saying that anything was chosen."""
        if tuple(backbones) != self.rows.backbones:
            self.rows.show(backbones)
        for row, backbone in enumerate(self.rows.backbones):
            if backbone.key == chosen and row != self.currentIndex().row():
                self.setCurrentIndex(self.rows.index(row, TITLE))

    def chip_rect(self, row: int) -> QRect:
        """Return where the chip of a row lies in the viewport."""
        index = self.rows.index(row, STATUS)
        return _chip_rect(self.visualRect(index), self.rows.data(index), self.font()).toRect()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose a row; a click on its chip also asks for the weights."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return
        key = self.rows.backbones[index.row()].key
        self.chosen.emit(key)
        if self._over_chip(event):
            self.status_clicked.emit(key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show a hand over chips that can be clicked."""
        shape = Qt.CursorShape.PointingHandCursor if self._over_chip(event) else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows choose at once; Enter asks for the weights of the chosen model."""
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        row = self.currentIndex().row()
        if row < 0:
            return
        backbone = self.rows.backbones[row]
        if row != before:
            self.chosen.emit(backbone.key)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.rows.status(backbone) in ("download", "add"):
            self.status_clicked.emit(backbone.key)

    def _over_chip(self, event: QMouseEvent) -> bool:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or self.rows.status(self.rows.backbones[index.row()]) not in ("download", "add"):
            return False
        return self.chip_rect(index.row()).contains(event.position().toPoint())


class _Delegate(QStyledItemDelegate):
    """Paints the cells: ground of the chosen row, words, chip, and a thin line beneath."""

    def __init__(self, table: ModelsTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        colours = theme.palette()
        rect: QRect = option.rect
        painter.save()
        chosen = index.row() == self._table.currentIndex().row()
        if chosen:
            painter.fillRect(rect, QColor(colours.accent_soft))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(colours.line))
        if chosen and self._table.hasFocus():
            painter.fillRect(QRect(rect.left(), rect.bottom() - 1, rect.width(), SIZE.focus), QColor(colours.accent))
        words = str(index.data())
        if index.column() == STATUS:
            self._paint_chip(painter, rect, words, self._table.rows.status(self._table.rows.backbones[index.row()]))
        else:
            font = QFont(self._table.font())
            font.setWeight(QFont.Weight.DemiBold if index.column() == TITLE else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(QColor(colours.text))
            area = rect.adjusted(SPACE.s - 2, 0, -SPACE.s + 2, 0)
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, _alignment(index.column()), words)
        painter.restore()

    def _paint_chip(self, painter: QPainter, rect: QRect, words: str, status: Status) -> None:
        tones: dict[Status, Tone] = {"ready": "accent", "download": "info", "add": "plain", "loading": "info"}
        colours = theme.tone(tones[status])
        chip = _chip_rect(rect, words, self._table.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.ground))
        painter.drawRoundedRect(chip, RADIUS.chip, RADIUS.chip)
        painter.setFont(_chip_font(self._table.font()))
        painter.setPen(QColor(colours.text))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, words)


def _alignment(column: int) -> Qt.AlignmentFlag:
    right = column in (WEIGHTS, FILE, IMAGENET)
    return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)


def _chip_font(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(FONT.tiny)
    small.setWeight(QFont.Weight.Medium)
    return small


def _chip_rect(cell: QRect, words: str, font: QFont) -> QRectF:
    width = QFontMetrics(_chip_font(font)).horizontalAdvance(words) + 2 * SPACE.s
    top = cell.top() + (cell.height() - SIZE.chip) / 2
    return QRectF(cell.left() + SPACE.s, top, width, SIZE.chip)
