"""A grid of image files. 100,000 of them scroll smoothly: rows are uniform, and only what is seen is read.

It is a table and not an icon list because a list lays out each item, which takes a third of a second for 100,000.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui_app import theme
from gui_app.grid_paint import GridPainter
from gui_app.grid_view import GridModel, GridView
from gui_app.theme import SIZE
from gui_app.thumbs import FileItems, GridItem, Loader, Picture, PixmapCache, read_thumbnail
from gui_app.viewer import ImageViewer

__all__ = ["GridItem", "ImageGrid", "ImageViewer"]

SETTLE_MS = 30
"""Reading begins when scrolling has rested for so long; what only flew past is never read."""

FEW = 4
"""So few items are looked for one by one; for more of them, a table of all 100,000 is worth its making."""


class ImageGrid(QWidget):
    """Thumbnails that fill the width, with a line of words beneath each if the first item has one.

    `activated` gives the position of an item that is to be opened: by a click or Enter. A `selecting` grid opens by a
    double click; a click selects, and `keyed` passes on the keys 1 to 9 and Delete.
    """

    activated = Signal(int)
    selected = Signal()
    keyed = Signal(int)
    menu_wanted = Signal()

    def __init__(
        self, name: str, cell_px: int = SIZE.thumb, parent: QWidget | None = None, *, selecting: bool = False
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._cell_px = cell_px
        self._cache = PixmapCache()
        self._loader = Loader(lambda path: read_thumbnail(path, 2 * cell_px), self)
        self._loader.loaded.connect(self._take)
        self._model = GridModel(self._cache)
        self.view = GridView(self, selecting=selecting)
        self.view.setObjectName(f"{name}_view")
        self.view.setModel(self._model)
        self._delegate = GridPainter(self._cache)
        self.view.setItemDelegate(self._delegate)
        self._settled = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settled.timeout.connect(self._want_visible)
        self.view.verticalScrollBar().valueChanged.connect(lambda: self._settled.start())
        self.view.resized.connect(self._arrange)
        self.view.opened.connect(self._open)
        self.view.selected.connect(self._selection_changed)
        self.view.keyed.connect(self.keyed)
        self.view.menu_wanted.connect(self.menu_wanted)
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

    @property
    def selection(self) -> list[int]:
        """The positions of the selected items."""
        return self._model.selection.positions

    @property
    def current(self) -> int:
        """The position of the item that keys act on; -1 for none."""
        return self._model.position(self.view.currentIndex())

    def set_images(self, items: Sequence[GridItem], *, keep: bool = False) -> None:
        """Show these, from the first one on; or `keep` the place, and what is selected, as far as it is still there."""
        before = self._model.items
        if items == before:
            return
        place = self.view.verticalScrollBar().value()
        moved = _moved(before, items, [*self.selection, self.current]) if keep else {}
        selected, current = self.selection, self.current
        self._model.show(items, self._model.columns)
        self._delegate.captioned = len(items) > 0 and bool(items[0].caption)
        self._arrange()
        self._model.selection.these(moved[position] for position in selected if position in moved)
        if keep and len(items):
            self._stay(before, current, moved, bool(selected), place)
        else:
            self.view.scrollToTop()
        self._selection_changed()

    def go_to(self, position: int) -> None:
        """Make this the current item, the only selected one, and show it; beyond the last one nothing happens."""
        if 0 <= position < len(self._model.items):
            self._model.selection.only(position)
            self.view.setCurrentIndex(self._model.at(position))
            self._selection_changed()

    def select(self, positions: Sequence[int]) -> None:
        """Select these items; the first one becomes the current one and is shown."""
        self._model.selection.these(positions)
        self.view.setCurrentIndex(self._model.at(min(positions)))
        self._selection_changed()

    def clear_selection(self) -> None:
        """Select nothing."""
        self._model.selection.these(())
        self._selection_changed()

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

    def _stay(
        self, before: Sequence[GridItem], current: int, moved: dict[int, int], selecting: bool, place: int
    ) -> None:
        """Keep the place; where the current item is gone, the next one that stayed takes its turn."""
        self.view.verticalScrollBar().setValue(place)
        if current < 0:
            return
        if current not in moved:
            items, end = self._model.items, len(before)
            near = _moved(before, items, range(current, min(current + FEW, end)))
            after = near or _moved(before, items, range(current, end))
            moved[current] = min(after.values(), default=len(self._model.items) - 1)
        self.view.setCurrentIndex(self._model.at(moved[current]))
        if selecting and not self.selection:
            self._model.selection.only(moved[current])

    def _selection_changed(self) -> None:
        self.view.viewport().update()
        self.selected.emit()

    def _open(self, index: QModelIndex) -> None:
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


def _moved(before: Sequence[GridItem], now: Sequence[GridItem], positions: Sequence[int]) -> dict[int, int]:
    """Return where the items at these positions are now, as far as they are there."""
    wanted = [position for position in positions if position >= 0]
    if not (isinstance(before, FileItems) and isinstance(now, FileItems)) or not wanted:
        return {}
    if before.paths == now.paths:
        return dict(zip(wanted, wanted, strict=True))
    if len(wanted) <= FEW:
        there = [position for position in wanted if before.paths[position] in now.paths]
        return {position: now.paths.index(before.paths[position]) for position in there}
    places = {path: place for place, path in enumerate(now.paths)}
    found = {position: places.get(before.paths[position], -1) for position in wanted}
    return {position: place for position, place in found.items() if place >= 0}
