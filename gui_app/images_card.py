"""The middle of the Data page: what is read, what changed, which images are looked at, and what is selected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from gui_app.changes_line import ChangesLine
from gui_app.filter_row import FilterRow
from gui_app.filters import Filter
from gui_app.grid import ImageGrid
from gui_app.image_table import UNLABELLED
from gui_app.selection_bar import SelectionBar
from gui_app.theme import SIZE, SPACE
from gui_app.thumbs import FileItems
from gui_app.widgets import Card, EmptyState, ShareBar, link_button, text_label
from gui_app.words import as_tip, count, duration, images_in_words, part_name

if TYPE_CHECKING:
    from core.base.events import Progress
    from core.data.corrections import Field
    from core.data.folder.listing import FoundImage
    from gui_app.image_table import ImageTable
    from gui_app.state import State


class ImagesCard(Card):
    """Shows images and which are selected; `filter_chosen`, `undo` and the signals of `bar` and `grid` are wishes."""

    filter_chosen = Signal(Filter)
    undo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._table: ImageTable | None = None
        self._rows: Sequence[int] = ()
        self._paths: tuple[str, ...] = ()
        self.changes = ChangesLine()
        self.filters = FilterRow()
        self.filters.chosen.connect(self.filter_chosen)
        self._shown = text_label(role="muted", name="data_shown")
        self.bar = SelectionBar()
        self.grid = ImageGrid("data_grid", selecting=True)
        self.grid.set_accessible_name(self.tr("Images"))
        self.grid.selected.connect(self._show_selected)
        self.grid.menu_wanted.connect(self.bar.pop_menu)
        self.bar.clear.connect(self.grid.clear_selection)
        self._empty = EmptyState("", "")
        self._empty.setObjectName("data_empty")
        self._empty.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # keys stay with the images while there are none
        self.body.addWidget(self._make_reading())
        self.body.addWidget(self.changes)
        self.body.addWidget(self._make_upper())
        self.body.addWidget(self.grid, 1)
        self.body.addWidget(self._empty, 1)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the images in the grid."""
        return self._paths

    @property
    def chosen_images(self) -> "list[FoundImage]":
        """The selected images, or the one that keys act on."""
        positions = self.grid.selection or ([self.grid.current] if self.grid.current >= 0 else [])
        return [self._table.images[self._rows[position]] for position in positions] if self._table is not None else []

    def show_reading(self, reading: "Progress | None") -> None:
        """Show how far the images are read."""
        self._reading.setVisible(reading is not None)
        if reading is None:
            return
        self._reading_bar.set_fraction(reading.fraction)
        left = reading.seconds_left
        rest = "" if left is None else self.tr(" · {time} left").format(time=duration(left))
        words = self.tr("Reading {done} of {total}").format(done=count(reading.done), total=count(reading.total))
        self._reading_text.setText(words + rest)

    def show_images(self, rows: Sequence[int], state: "State", chosen: Filter, *, keep: bool) -> None:
        """Show the images of these rows; `keep` the place and the selection as far as they are still there."""
        self._table, self._rows = state.table, rows
        self._paths = _paths(rows, state.table) if state.table is not None else ()
        self.grid.set_images(self._items(state, chosen), keep=keep)
        self._shown.setText(self._in_words(len(rows), chosen))
        self._show_either(there=bool(rows))
        self._empty.say(*self._why_empty(state, chosen))
        self._show_selected()

    def show_undo(self, step: str) -> None:
        """Offer to take back the last step of correction, if there is one."""
        if not step and self._undo.hasFocus():
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        self._undo.setVisible(bool(step))
        self._undo.setToolTip(as_tip(self.tr("Undo: {step} (Ctrl+Z)").format(step=step.replace("&&", "&"))))

    def next_one(self) -> None:
        """Go on to the image after the selected ones, so that keys can follow each other."""
        taken = set(self.grid.selection or [self.grid.current])
        after = [position for position in range(max(taken) + 1, len(self._paths)) if position not in taken][:1]
        before = [position for position in range(min(taken)) if position not in taken][-1:]
        for position in (after or before)[:1]:
            self.grid.go_to(position)

    def select(self, paths: "frozenset[str]") -> bool:
        """Select the images with these paths and show the first; False if none of them is here."""
        positions = [position for position, path in enumerate(self._paths) if path in paths]
        if positions:
            self.grid.select(positions)
        return bool(positions)

    def _show_either(self, *, there: bool) -> None:
        """Show the images or why there are none; the one takes the focus over from the other."""
        comes, leaves = (self.grid, self._empty) if there else (self._empty, self.grid)
        focused = leaves.hasFocus() or self.grid.view.hasFocus()
        comes.show()
        if focused:
            comes.setFocus(Qt.FocusReason.OtherFocusReason)
        leaves.hide()

    def _make_reading(self) -> QWidget:
        self._reading = QWidget()
        row = QHBoxLayout(self._reading)
        row.setContentsMargins(0, 0, 0, SPACE.xs)
        row.setSpacing(SPACE.m)
        self._reading_bar = ShareBar()
        self._reading_text = text_label(role="muted", name="data_reading")
        self._reading_text.setMinimumWidth(SIZE.card_narrow)  # so that the bar keeps its length
        self._reading_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._reading_bar, 1)
        row.addWidget(self._reading_text)
        return self._reading

    def _make_upper(self) -> QWidget:
        """Return the line above the images: one place for both, so that nothing moves under a double click."""
        self._upper = QStackedWidget()
        self._upper.setFixedHeight(SIZE.icon + SPACE.s)
        usual = QWidget()
        row = QHBoxLayout(usual)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.filters, 1)
        row.addWidget(self._shown)
        self._upper.addWidget(usual)
        self._upper.addWidget(self.bar)
        self._undo = link_button(self.tr("Undo"), "undo")
        self._undo.clicked.connect(self.undo)
        self._undo.hide()
        line = QWidget()
        both = QHBoxLayout(line)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(SPACE.m)
        both.addWidget(self._upper, 1)
        both.addWidget(self._undo)
        return line

    def _show_selected(self) -> None:
        positions = self.grid.selection
        self._upper.setCurrentIndex(1 if positions else 0)
        if positions:
            all_left_out = all(image.left_out for image in self.chosen_images)
            self.bar.show_selected(len(positions), all_left_out=all_left_out)

    def _items(self, state: "State", chosen: Filter) -> FileItems:
        """Return what the grid shows: classes beneath images of a finding, and what a person corrected."""
        if state.table is None or state.scan is None:
            return FileItems(Path(), ())
        table = state.table
        captions = tuple([table.images[row].class_name for row in self._rows]) if chosen.finding else ()
        return FileItems(state.scan.root, self._paths, captions, _Marks(state.corrections), table.struck)

    def _in_words(self, number: int, chosen: Filter) -> str:
        if chosen.class_name == UNLABELLED and number:
            return self.tr("{images} · keys 1–9 label").format(images=images_in_words(number))
        return images_in_words(number)

    def _why_empty(self, state: "State", chosen: Filter) -> tuple[str, str]:
        if state.project is None:
            return self.tr("No project is open"), self.tr("Choose a folder of images on the Start page.")
        if state.scan is None:
            return self.tr("The images were not read yet"), self.tr("Choose “Read again” to look for them.")
        if chosen.class_name == UNLABELLED:
            return self.tr("Every image has a class"), self.tr("There is nothing left to label.")
        if chosen.is_all:
            return self.tr("None of the images can be read"), self.tr("What is wrong with them stands at the right.")
        return self.tr("No image is meant by all of this"), self.tr("Take a filter away, or choose “all”.")


def _paths(rows: Sequence[int], table: "ImageTable") -> tuple[str, ...]:
    if len(rows) == len(table.paths):
        return table.paths  # the same ones, which need not be compared one by one
    return tuple([table.paths[row] for row in rows])


@dataclass(frozen=True)
class _Marks(Mapping[str, str]):
    """What a person said of images, by path: their class, their part, their group. In words once it is asked for."""

    said: "Mapping[tuple[str, Field], str]"

    def __getitem__(self, path: str) -> str:
        label, part, group = (self.said.get((path, field), "") for field in ("label", "part", "group"))
        words = [word for word in (label, part and part_name(part), group) if word]
        if not words:
            raise KeyError(path)
        return " · ".join(words)

    def __iter__(self) -> Iterator[str]:
        return iter({path: None for path, _ in self.said})

    def __len__(self) -> int:
        return len({path for path, _ in self.said})
