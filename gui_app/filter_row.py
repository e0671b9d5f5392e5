"""The line of chips above the images: what is looked at, and what else there is to look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.filters import Filter
from gui_app.image_table import UNLABELLED
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import chip_button, discard
from gui_app.words import as_tip, part_name

MOST_CHIPS = 6
"""More classes than this are chosen in the list at the left; only the chosen one has a chip."""


@dataclass(frozen=True)
class _Chip:
    """A chip to show: its object name, its words, whether it is chosen, and what a click leads to."""

    name: str
    words: str
    chosen: bool
    leads_to: Filter
    removes: bool = False


class FilterRow(QWidget):
    """Chips side by side, as many as there is room for; those that are chosen come before others."""

    chosen = Signal(Filter)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: tuple[_Chip, ...] = ()
        self._buttons: list[QPushButton] = []

    def show_filter(self, chosen: Filter, classes: Sequence[str], *, unlabelled: bool, finding: str) -> None:
        """Show what is chosen among these classes; `finding` are the words of the chosen finding."""
        chips = (*self._class_chips(chosen, classes, unlabelled), *self._further_chips(chosen, finding))
        if chips != self._chips:
            self._build(chips)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Ask for the first chip; the layout gives what is left."""
        return self._buttons[0].sizeHint() if self._buttons else QSize(0, SIZE.chip)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show as many as fit now."""
        super().resizeEvent(event)
        self._arrange()

    def _class_chips(self, chosen: Filter, classes: Sequence[str], unlabelled: bool) -> list[_Chip]:
        chips = [_Chip("chip_all", self.tr("all"), chosen.is_all, Filter())]
        if len(classes) <= MOST_CHIPS:
            chips += [self._class_chip(f"chip_{name}", name, name, chosen) for name in classes]
        elif chosen.class_name:
            name = chosen.class_name
            chips.append(_Chip("filter_class", name, True, replace(chosen, class_name=None), True))
        if unlabelled or chosen.class_name == UNLABELLED:
            chips.append(self._class_chip("chip_unlabelled", self.tr("unlabelled"), UNLABELLED, chosen))
        return chips

    def _class_chip(self, name: str, words: str, class_name: str, chosen: Filter) -> _Chip:
        return _Chip(name, words, chosen.class_name == class_name, chosen.toggled_class(class_name))

    def _further_chips(self, chosen: Filter, finding: str) -> list[_Chip]:
        chips = []
        if chosen.part is not None:
            chips.append(_Chip("filter_part", part_name(chosen.part), True, replace(chosen, part=None), True))
        if chosen.finding:
            chips.append(_Chip("filter_finding", finding, True, replace(chosen, finding=""), True))
        if chosen.left_out:
            chips.append(_Chip("filter_left_out", self.tr("left out"), True, replace(chosen, left_out=False), True))
        if chosen.added:
            chips.append(_Chip("filter_added", self.tr("added"), True, replace(chosen, added=False), True))
        return chips

    def _build(self, chips: tuple[_Chip, ...]) -> None:
        focused = next((button.objectName() for button in self._buttons if button.hasFocus()), "")
        for old in self._buttons:
            discard(old)
        self._chips = chips
        self._buttons = [self._button(chip) for chip in chips]
        for button in self._buttons:
            button.setParent(self)
            button.ensurePolished()
        self.updateGeometry()
        self._arrange()
        for button in self._buttons:
            if button.objectName() == focused:
                button.setFocus()

    def _button(self, chip: _Chip) -> QPushButton:
        button = chip_button("", chip.name)
        button.setChecked(chip.chosen)
        button.setToolTip(as_tip(chip.words))
        takes = self.tr("Take away the filter: {name}").format(name=chip.words)
        button.setAccessibleName(takes if chip.removes else chip.words)
        button.clicked.connect(lambda checked=False: button.setChecked(chip.chosen))  # until it comes about
        button.clicked.connect(lambda checked=False: self.chosen.emit(chip.leads_to))
        return button

    def _arrange(self) -> None:
        """Give each chip its place; where there is no room for all, the chosen ones have it and share it."""
        n_chosen = max(1, sum(chip.chosen for chip in self._chips))
        most = min(SIZE.chip_most, self.width() // n_chosen - SPACE.s)
        widths = [self._fit(button, chip, most) for button, chip in zip(self._buttons, self._chips, strict=True)]
        room = self.width() + SPACE.s
        shown: set[int] = set()
        for place in sorted(range(len(widths)), key=lambda place: (not self._chips[place].chosen, place)):
            if widths[place] <= room:
                shown.add(place)
                room -= widths[place]
        left = 0
        for place, button in enumerate(self._buttons):
            size = button.sizeHint()
            button.setGeometry(left, (self.height() - size.height()) // 2, size.width(), size.height())
            button.setVisible(place in shown)
            left += widths[place] if place in shown else 0

    def _fit(self, button: QPushButton, chip: _Chip, most_px: int) -> int:
        """Write as much onto a chip as fits into so many px; return the width that it takes."""
        cross = " ×" if chip.removes else ""
        button.setText(cross)
        room = max(most_px - button.sizeHint().width(), SIZE.icon)
        words = button.fontMetrics().elidedText(chip.words, Qt.TextElideMode.ElideMiddle, room)
        button.setText(words.replace("&", "&&") + cross)
        return button.sizeHint().width() + SPACE.s
