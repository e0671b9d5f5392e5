"""A grid of image files. 100,000 of them scroll smoothly: rows are uniform, and only what is seen is read.

It is a table and not an icon list because a list lays out each item, which takes a third of a second for 100,000.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QTransform,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui_app import theme
from gui_app.theme import FONT, RADIUS, SIZE, SPACE
from gui_app.thumbs import GridItem, Loader, Picture, PixmapCache, read_thumbnail
from gui_app.viewer import ImageViewer
from gui_app.words import as_tip

__all__ = ["GridItem", "ImageGrid", "ImageViewer"]

SETTLE_MS = 30
"""Reading begins when scrolling has rested for so long; what only flew past is never read."""

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ImageGrid(QWidget):
    """Thumbnails that fill the width, with a line of words beneath each if the first item has one.

    `activated` gives the position of an item that was clicked, or on which Enter was pressed.
    """

    activated = Signal(int)

    def __init__(self, name: str, cell_px: int = SIZE.thumb, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._cell_px = cell_px
        self._cache = PixmapCache()
        self._loader = Loader(lambda path: read_thumbnail(path, 2 * cell_px), self)
        self._loader.loaded.connect(self._take)
        self._model = _Model(self._cache)
        self.view = _View(self)
        self.view.setObjectName(f"{name}_view")
        self.view.setModel(self._model)
        self._delegate = _Delegate(self._cache)
        self.view.setItemDelegate(self._delegate)
        self._settled = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settled.timeout.connect(self._want_visible)
        self.view.verticalScrollBar().valueChanged.connect(lambda: self._settled.start())
        self.view.resized.connect(self._arrange)
        self.view.chosen.connect(self._choose)
        theme.watcher().changed.connect(self.view.viewport().update)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setFocusProxy(self.view)

    @property
    def items(self) -> Sequence[GridItem]:
        """What is shown."""
        return self._model.items

    def set_accessible_name(self, name: str) -> None:
        """Say to a screen reader what these images are."""
        self.view.setAccessibleName(name)

    def set_images(self, items: Sequence[GridItem]) -> None:
        """Show these, from the first one on."""
        if items == self._model.items:
            return
        self._model.show(items, self._model.columns)
        self._delegate.captioned = len(items) > 0 and bool(items[0].caption)
        self._arrange()
        self.view.scrollToTop()

    def read_again(self) -> None:
        """Read the files anew, since they may have changed; what was read before is seen until then."""
        self._cache.expire()
        if self.isVisible():
            self._settled.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Read what is seen now."""
        super().showEvent(event)
        self._settled.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Read nothing while nobody looks."""
        super().hideEvent(event)
        self._settled.stop()
        self._loader.want([])

    def _choose(self, index: QModelIndex) -> None:
        position = self._model.position(index)
        if position < len(self._model.items):
            self.activated.emit(position)

    def _arrange(self) -> None:
        """Choose columns and row height for the present width."""
        width = self.view.width()
        bar_px = self.view.verticalScrollBar().sizeHint().width()
        if self._height(width) > self.view.height():
            policy, width = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, width - bar_px
        else:
            policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff  # "as needed" would flicker between two arrangements
        self.view.setVerticalScrollBarPolicy(policy)
        columns = self._columns(width)
        current = self._model.position(self.view.currentIndex())
        if columns != self._model.columns:
            self._model.show(self._model.items, columns)
            if current >= 0:
                self.view.setCurrentIndex(self._model.at(current))
        self.view.horizontalHeader().setDefaultSectionSize(width // columns)
        self.view.verticalHeader().setDefaultSectionSize(self._row_px(width, columns))
        if self.isVisible():
            self._settled.start()

    def _columns(self, width: int) -> int:
        return max(1, (width + SIZE.thumb_gap) // (self._cell_px + SIZE.thumb_gap))

    def _row_px(self, width: int, columns: int) -> int:
        thumb_px = (width - SIZE.thumb_gap * (columns - 1)) / columns
        return round(thumb_px * SIZE.thumb_ratio) + SIZE.thumb_gap + self._delegate.caption_px

    def _height(self, width: int) -> int:
        columns = self._columns(width)
        return -(-len(self._model.items) // columns) * self._row_px(width, columns)

    def _want_visible(self) -> None:
        """Read what is on the screen, then the screens after and before it."""
        top, bottom = self.view.rowAt(0), self.view.rowAt(self.view.viewport().height() - 1)
        if top < 0:
            return
        bottom = self._model.rowCount() - 1 if bottom < 0 else bottom
        page = bottom - top + 1
        columns = self._model.columns
        rows = chain(range(top, bottom + 1 + page), range(max(0, top - page), top))
        positions = (row * columns + column for row in rows for column in range(columns))
        items = self._model.items
        self._loader.want(
            items[position].path
            for position in positions
            if position < len(items) and items[position].path not in self._cache
        )

    def _take(self, path: Path, result: Picture | str) -> None:
        self._cache.put(path, result if isinstance(result, str) else QPixmap.fromImage(result.levels[0]))
        self.view.viewport().update()


class _Model(QAbstractTableModel):
    """The items in rows of `columns`."""

    def __init__(self, cache: PixmapCache) -> None:
        super().__init__()
        self.items: Sequence[GridItem] = ()
        self.columns = 1
        self._cache = cache

    def show(self, items: Sequence[GridItem], columns: int) -> None:
        self.beginResetModel()
        self.items, self.columns = items, columns
        self.endResetModel()

    def position(self, index: Index) -> int:
        """Return which item an index is; -1 for none."""
        return index.row() * self.columns + index.column() if index.isValid() else -1

    def at(self, position: int) -> QModelIndex:
        position = min(max(position, 0), len(self.items) - 1)
        return self.index(position // self.columns, position % self.columns)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else -(-len(self.items) // self.columns)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else self.columns

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.position(index) >= len(self.items):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        position = self.position(index)
        if not 0 <= position < len(self.items):
            return None
        item = self.items[position]
        if role == Qt.ItemDataRole.UserRole:
            return item
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{item.path.name} {item.caption}".strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            entry = self._cache.get(item.path)
            return as_tip(entry if isinstance(entry, str) else item.path.name)
        return None


class _View(QTableView):
    """A table without its frame, headers and lines, in which arrows go on from one row to the next."""

    resized = Signal()
    chosen = Signal(QModelIndex)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.clicked.connect(self.chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self.resized.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def moveCursor(  # noqa: N802 - Qt's name
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        model, move = self.model(), QAbstractItemView.CursorAction
        assert isinstance(model, _Model)
        here = model.position(self.currentIndex())
        page = max(1, self.viewport().height() // max(1, self.rowHeight(0))) * model.columns
        steps = {
            move.MoveLeft: -1,
            move.MoveRight: 1,
            move.MovePrevious: -1,
            move.MoveNext: 1,
            move.MoveUp: -model.columns,
            move.MoveDown: model.columns,
            move.MovePageUp: -page,
            move.MovePageDown: page,
            move.MoveHome: -len(model.items),
            move.MoveEnd: len(model.items),
        }
        return model.at(here + steps[action] if here >= 0 else 0)

    def selectionCommand(  # noqa: N802 - Qt's name
        self, index: Index, event: object = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Select nothing: the frame of the current item is enough."""
        return QItemSelectionModel.SelectionFlag.NoUpdate


class _Delegate(QStyledItemDelegate):
    """Paints one item: the middle of the image in a rounded frame, and the words."""

    def __init__(self, cache: PixmapCache) -> None:
        super().__init__()
        self._cache = cache
        self.captioned = False

    @property
    def caption_px(self) -> int:
        """Height of the words beneath an image."""
        return FONT.body + 2 * SPACE.s if self.captioned else 0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(item, GridItem):
            return
        frame = self._frame(option.rect, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        entry = self._cache.get(item.path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_fill(entry, frame) if isinstance(entry, QPixmap) else QColor(theme.palette().track))
        painter.drawRoundedRect(frame, RADIUS.image, RADIUS.image)
        if isinstance(entry, str):
            _draw_unreadable(painter, frame)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.palette().accent), SIZE.focus))
            inset = SIZE.focus / 2
            painter.drawRoundedRect(frame.adjusted(inset, inset, -inset, -inset), RADIUS.image, RADIUS.image)
        if item.caption:
            self._draw_caption(painter, frame, item)
        painter.restore()

    def _frame(self, cell: QRect, index: Index) -> QRectF:
        """Return where the image lies: the gaps are shared out so that the outer edges are flush with the view's."""
        columns = index.model().columnCount()
        left = cell.left() + SIZE.thumb_gap * index.column() / columns
        width = cell.width() - SIZE.thumb_gap * (columns - 1) / columns
        return QRectF(left, cell.top(), width, cell.height() - SIZE.thumb_gap - self.caption_px)

    def _draw_caption(self, painter: QPainter, frame: QRectF, item: GridItem) -> None:
        colours = theme.palette()
        painter.setPen(QColor(colours.text if item.tone == "plain" else theme.tone(item.tone).text))
        box = QRectF(frame.left(), frame.bottom(), frame.width(), self.caption_px)
        text = painter.fontMetrics().elidedText(item.caption, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _fill(pixmap: QPixmap, frame: QRectF) -> QBrush:
    """Return a brush that covers the frame with the middle of the image."""
    scale = max(frame.width() / pixmap.width(), frame.height() / pixmap.height())
    brush = QBrush(pixmap)
    shift = QTransform.fromTranslate(
        frame.center().x() - pixmap.width() * scale / 2, frame.center().y() - pixmap.height() * scale / 2
    )
    brush.setTransform(QTransform.fromScale(scale, scale) * shift)
    return brush


def _draw_unreadable(painter: QPainter, frame: QRectF) -> None:
    """Draw a sheet with a torn line: this file has no image to show."""
    side = min(frame.width(), frame.height()) / 3
    sheet = QRectF(0, 0, side * 0.8, side)
    sheet.moveCenter(frame.center())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.palette().muted), SIZE.stroke))
    painter.drawRoundedRect(sheet, SIZE.focus, SIZE.focus)
    painter.drawLine(sheet.bottomLeft(), sheet.topRight())
