"""The Data page: which classes there are, the images, what is wrong with them, and how they are split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from gui_app.classlist import ChipRow, ClassList, SplitView
from gui_app.findings_list import FindingsList
from gui_app.grid import ImageGrid, ImageViewer
from gui_app.state import State
from gui_app.theme import SIZE, SPACE
from gui_app.thumbs import FileItems
from gui_app.widgets import (
    Card,
    PageFrame,
    ShareBar,
    chip_button,
    plain_button,
    primary_button,
    text_label,
)
from gui_app.words import as_tip, count, duration, shorten

if TYPE_CHECKING:
    from core.data.scan import FoundImage, Scan

MOST_CHIPS = 6
"""More classes than this are chosen in the list at the left only; chips would not fit into the line."""


@dataclass(frozen=True)
class Filter:
    """Which images the grid shows: those of a class, of a finding, or all."""

    class_name: str = ""
    finding: str = ""


class DataPage(PageFrame):
    """Shows the images of the project. All counts come from the state."""

    change_folder = Signal(Path)
    rescan = Signal()
    go = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("data", parent)
        self._state: State | None = None
        self._filter = Filter()
        self._chips: dict[str, QPushButton] = {}
        self._add_actions()
        self.body.addWidget(self._classes_card())
        self.body.addWidget(self._images_card(), 1)
        self.body.addWidget(self._findings_card())

    def show_state(self, state: State) -> None:
        """Show classes, images, findings and split; only what changed is built anew."""
        before, self._state = self._state, state
        self._show_header(state)
        self._show_reading(state)
        if before is None or state.project != before.project:
            self._filter = Filter()
        if before is None or state.scan is not before.scan:
            self._show_classes(state.scan)
            self._grid.read_again()
        if before is None or state.scan is not before.scan or state.findings is not before.findings:
            self._show_images()
        if before is None or state.dataset is not before.dataset:
            self._show_split(state)
        if before is None or _findings_seen(state) != _findings_seen(before):
            self._findings.show_findings(state.findings, state.data_problem, state.reading is not None)

    def _add_actions(self) -> None:
        change = plain_button(self.tr("Change folder…"), "data_change_folder")
        change.clicked.connect(self._choose_folder)
        again = plain_button(self.tr("Read again"), "data_rescan")
        again.setToolTip(self.tr("Look for images that were added, changed or removed (F5)"))
        again.clicked.connect(self.rescan)
        self._next = primary_button(self.tr("Choose a model"), "data_next")
        self._next.clicked.connect(lambda: self.go.emit("model"))
        for button in (change, again, self._next):
            self.add_action(button)

    def _classes_card(self) -> Card:
        card = Card(self.tr("Classes"))
        card.setFixedWidth(SIZE.card_narrow)
        card.body.setContentsMargins(SPACE.m - SPACE.s, SPACE.m, SPACE.m - SPACE.s, SPACE.m)
        card.heading.setIndent(SPACE.s)
        self._classes = ClassList()
        self._classes.chosen.connect(self._toggle_class)
        card.body.addWidget(self._classes, 1)  # as high as its lines at most; what is left lies beneath the split
        split = Card(self.tr("Split"))
        split.setProperty("role", "")  # a part of this card, not a card in a card
        split.body.setContentsMargins(SPACE.s, SPACE.s, SPACE.s, 0)
        self._split = SplitView()
        self._split_note = text_label(role="muted", wrap=True, name="split_note")
        split.body.addWidget(self._split)
        split.body.addWidget(self._split_note)
        self._split_part = split
        card.body.addWidget(split)
        card.body.addStretch()
        return card

    def _images_card(self) -> Card:
        card = Card()
        self._chip_row = ChipRow()
        self._shown = text_label(role="muted", name="data_shown")
        row = QHBoxLayout()
        row.addWidget(self._chip_row, 1)
        row.addWidget(self._shown)
        self._grid = ImageGrid("data_grid")
        self._grid.set_accessible_name(self.tr("Images"))
        self._grid.activated.connect(self._open_image)
        card.body.addWidget(self._reading_row())
        card.body.addLayout(row)
        card.body.addWidget(self._grid, 1)
        return card

    def _reading_row(self) -> QWidget:
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

    def _findings_card(self) -> Card:
        card = Card()
        card.setFixedWidth(SIZE.card_side)
        self._findings = FindingsList()
        self._findings.chosen.connect(self._toggle_finding)
        card.body.addWidget(self._findings)
        return card

    def _show_header(self, state: State) -> None:
        root = state.project.images_root if state.project else None
        n_images = len(state.scan.images) if state.scan else 0
        n_classes = len(state.scan.classes) if state.scan else 0
        subtitle = self.tr("{images} images in {classes} classes from {folder}").format(
            images=count(n_images), classes=count(n_classes), folder=root.name if root else ""
        )
        self.set_title(self.tr("Data"), subtitle if root and state.scan else "")
        self.subtitle.setToolTip(as_tip(str(root or "")))
        self._next.setEnabled(state.dataset is not None)
        self._next.setToolTip("" if state.dataset is not None else self.tr("Once the images are read"))

    def _show_reading(self, state: State) -> None:
        self._reading.setVisible(state.reading is not None)
        if state.reading is None:
            return
        self._reading_bar.set_fraction(state.reading.fraction)
        left = state.reading.seconds_left
        rest = "" if left is None else self.tr(" · {time} left").format(time=duration(left))
        words = self.tr("Reading {done} of {total}").format(
            done=count(state.reading.done), total=count(state.reading.total)
        )
        self._reading_text.setText(words + rest)

    def _show_classes(self, scan: "Scan | None") -> None:
        numbers = Counter(image.class_name for image in scan.readable) if scan else Counter[str]()
        names = scan.classes if scan else ()
        self._classes.set_classes({name: numbers[name] for name in names})
        self._chips = {}
        for name in ("", *names) if len(names) <= MOST_CHIPS else ("",):
            chip = chip_button(shorten(name) or self.tr("all"), f"chip_{name or 'all'}")
            chip.setToolTip(as_tip(name))
            chip.setAccessibleName(name or self.tr("all"))
            chip.clicked.connect(lambda checked=False, name=name: self._set_filter(Filter(class_name=name)))
            self._chips[name] = chip
        self._chip_row.set_chips(tuple(self._chips.values()))

    def _show_split(self, state: State) -> None:
        self._split_part.setVisible(state.dataset is not None)
        if state.dataset is None:
            return
        parts = Counter(image.part for image in state.dataset.images)
        self._split.set_numbers((parts["train"], parts["val"], parts["test"]))
        brought = state.scan is not None and state.scan.layout == "parts"
        self._split_note.setText(
            self.tr("As your folders have it. Test images give the final score and are used for no choice.")
            if brought
            else self.tr(
                "Drawn once in each class, then kept. Test images give the final score and are used for no choice."
            )
        )

    def _set_filter(self, chosen: Filter) -> None:
        self._filter = chosen
        self._show_images()

    def _toggle_class(self, name: str) -> None:
        self._set_filter(Filter() if self._filter.class_name == name else Filter(class_name=name))

    def _toggle_finding(self, key: str) -> None:
        self._set_filter(Filter() if self._filter.finding == key else Filter(finding=key))

    def _show_images(self) -> None:
        scan = self._state.scan if self._state else None
        chosen = self._present_filter()
        images = _matching(scan, chosen, self._paths_of_finding(chosen.finding)) if scan else ()
        captions = tuple(image.class_name for image in images) if chosen.finding else ()
        root = scan.root if scan else Path()
        self._grid.set_images(FileItems(root, tuple(image.path for image in images), captions))
        self._shown.setText(self._shown_in_words(len(images), chosen))
        self._classes.choose(chosen.class_name)
        for name, chip in self._chips.items():
            chip.setChecked(name == chosen.class_name and not chosen.finding)

    def _present_filter(self) -> Filter:
        """Return what was chosen, or all where that is not among the classes or findings now."""
        state, chosen = self._state, self._filter
        classes = state.scan.classes if state and state.scan else ()
        findings = [finding.key for finding in state.findings] if state else []
        there = chosen.class_name in ("", *classes) and chosen.finding in ("", *findings)
        return chosen if there else Filter()

    def _shown_in_words(self, number: int, chosen: Filter) -> str:
        words = self.tr("1 image") if number == 1 else self.tr("{n} images").format(n=count(number))
        if self._state and chosen.finding:
            title = next((f.title for f in self._state.findings if f.key == chosen.finding), "")
            return f"{words}: {title}"
        return words

    def _paths_of_finding(self, key: str) -> frozenset[str]:
        found = self._state.findings if self._state else ()
        return frozenset(path for finding in found if finding.key == key for path in finding.images)

    def _open_image(self, position: int) -> None:
        viewer = ImageViewer(self._grid.items, position, self)
        viewer.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        viewer.open()

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose the folder with your labelled images"))
        if chosen:
            self.change_folder.emit(Path(chosen))


def _matching(scan: "Scan", chosen: Filter, paths: frozenset[str]) -> "Sequence[FoundImage]":
    if chosen.finding:
        return [image for image in scan.images if image.path in paths]
    if chosen.class_name:
        return [image for image in scan.readable if image.class_name == chosen.class_name]
    return scan.readable


def _findings_seen(state: State) -> tuple[object, ...]:
    return (state.findings, state.data_problem, state.reading is not None)
