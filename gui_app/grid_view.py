"""The table behind a grid of images: its items in rows, its keys, and what a click means."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from gui_app.selection import Selection
from gui_app.thumbs import GridItem, PixmapCache
from gui_app.words import as_tip

Index = QModelIndex | QPersistentModelIndex
SELECTED_ROLE = Qt.ItemDataRole.UserRole + 1
_NOWHERE = QModelIndex()
_OPEN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_NOTHING, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier


class GridModel(QAbstractTableModel):
    """The items in rows of `columns`."""

    def __init__(self, cache: PixmapCache) -> None:
        super().__init__()
        self.items: Sequence[GridItem] = ()
        self.columns = 1
        self.selection = Selection()
        self._cache = cache

    def show(self, items: Sequence[GridItem], columns: int) -> None:
        """Show these items in so many columns."""
        self.beginResetModel()
        self.items, self.columns = items, columns
        self.endResetModel()

    def position(self, index: Index) -> int:
        """Return which item an index is; -1 for none."""
        return index.row() * self.columns + index.column() if index.isValid() else -1

    def at(self, position: int) -> QModelIndex:
        """Return the index of an item; beyond the ends, of the nearest one."""
        position = min(max(position, 0), len(self.items) - 1)
        return self.index(position // self.columns, position % self.columns)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return how many rows the items fill."""
        return 0 if parent.isValid() else -(-len(self.items) // self.columns)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else self.columns

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let each item be used, and nothing beyond the last."""
        if self.position(index) >= len(self.items):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the item, whether it is selected, or its words."""
        position = self.position(index)
        if not 0 <= position < len(self.items):
            return None
        if role == SELECTED_ROLE:
            return position in self.selection
        item = self.items[position]
        if role == Qt.ItemDataRole.UserRole:
            return item
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = (item.path.name, item.caption, item.mark, self._selected(position), self._struck(item))
            return " ".join(word for word in said if word)
        if role == Qt.ItemDataRole.ToolTipRole:
            entry = self._cache.get(item.path)
            return as_tip(entry if isinstance(entry, str) else item.path.name)
        return None

    def _selected(self, position: int) -> str:
        return self.tr("selected") if position in self.selection else ""

    def _struck(self, item: GridItem) -> str:
        return self.tr("left out") if item.struck else ""


class GridView(QTableView):
    """A table without its frame, headers and lines, in which arrows go on from one row to the next.

    A click opens an image (`opened`). Where images can be selected, a click selects and a double click opens; keys
    that mean something to the page are passed on (`keyed`).
    """

    resized = Signal()
    opened = Signal(QModelIndex)
    selected = Signal()
    keyed = Signal(int)
    menu_wanted = Signal()

    def __init__(self, parent: QWidget, *, selecting: bool) -> None:
        super().__init__(parent)
        self._selecting = selecting
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        if selecting:
            self.doubleClicked.connect(self.opened)
        else:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
            self.clicked.connect(self.opened)

    @property
    def grid(self) -> GridModel:
        """The model."""
        model = self.model()
        assert isinstance(model, GridModel)
        return model

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Say so, that the columns are chosen anew."""
        super().resizeEvent(event)
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Make it the current one, and select."""
        super().mousePressEvent(event)
        if self._selecting:
            self._press(self.indexAt(event.position().toPoint()), event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what can be done with the selected ones."""
        if self._selecting and len(self.grid.selection):
            self.menu_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open, select, pass on or move."""
        opens = event.key() in _OPEN_KEYS or (event.key() == Qt.Key.Key_Space and not self._selecting)
        if opens and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
        elif not self._selecting:
            super().keyPressEvent(event)
        elif not self._select_by_key(event):
            self._move_by_key(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Search nothing: items have no words, and asking 100,000 of them takes long."""

    def moveCursor(  # noqa: N802 - Qt's name
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return where a key leads to."""
        model, move = self.grid, QAbstractItemView.CursorAction
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
        """Select nothing in the way of tables, where a range is a rectangle."""
        return QItemSelectionModel.SelectionFlag.NoUpdate

    def _press(self, index: QModelIndex, event: QMouseEvent) -> None:
        position, keys = self.grid.position(index), event.modifiers()
        chosen = self.grid.selection
        if not 0 <= position < len(self.grid.items):
            if keys == _NOTHING:
                chosen.these(())
        elif event.button() == Qt.MouseButton.RightButton:
            if position not in chosen:
                chosen.only(position)
        else:
            self._choose(position, keys)
        self.selected.emit()

    def _choose(self, position: int, keys: Qt.KeyboardModifier) -> None:
        chosen = self.grid.selection
        if keys & _SHIFT:
            chosen.extend(position)
        elif keys & _CONTROL:
            chosen.toggle(position)
        else:
            chosen.only(position)

    def _select_by_key(self, event: QKeyEvent) -> bool:
        """Do what a key means besides moving; False if it means nothing."""
        chosen, here = self.grid.selection, self.grid.position(self.currentIndex())
        plain = event.modifiers() in (_NOTHING, Qt.KeyboardModifier.KeypadModifier)
        if event.matches(QKeySequence.StandardKey.SelectAll):
            chosen.all(len(self.grid.items))
        elif event.key() == Qt.Key.Key_Escape and len(chosen):
            chosen.these(())
        elif event.key() == Qt.Key.Key_Space and here >= 0:
            chosen.toggle(here)
        elif plain and (Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9 or event.key() == Qt.Key.Key_Delete):
            self.keyed.emit(event.key())
            return True
        else:
            return False
        self.selected.emit()
        return True

    def _move_by_key(self, event: QKeyEvent) -> None:
        before = self.currentIndex()
        super().keyPressEvent(event)
        here = self.grid.position(self.currentIndex())
        if self.currentIndex() != before and here >= 0 and event.modifiers() != _CONTROL:
            self._choose(here, event.modifiers() & _SHIFT)
            self.selected.emit()
