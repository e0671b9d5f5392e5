"""A choice of what belongs together and stays on one side of the split, each with examples."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QRadioButton, QScrollArea, QVBoxLayout, QWidget

from gui_app.strip import Strip
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import ElidingLabel, buttons_at_the_end, plain_button, primary_button, text_label
from gui_app.words import as_tip, count

if TYPE_CHECKING:
    from core.data.groups import Grouping

SHOWN_EXAMPLES, SHOWN_IMAGES = 2, 4


class GroupingsDialog(QDialog):
    """Offers the groupings that make sense for these images; `chosen` carries the key."""

    chosen = Signal(str)

    def __init__(
        self, groupings: "tuple[Grouping, ...]", present: str, root: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("groupings")
        self.setModal(True)
        self.setWindowTitle(self.tr("What stays together"))
        self._root = root
        self._choices: dict[str, QRadioButton] = {}
        self._column = QVBoxLayout()
        self._column.setSpacing(SPACE.xs)
        for grouping in groupings:
            self._add(grouping, grouping.key == present)
        self._column.addStretch(1)
        if not any(choice.isChecked() for choice in self._choices.values()):
            next(iter(self._choices.values())).setChecked(True)
        self._lay_out()
        self.resize(SIZE.dialog, min(SIZE.dialog_height, self.sizeHint().height()))

    def _add(self, grouping: "Grouping", present: bool) -> None:
        choice = QRadioButton(self._title(grouping).replace("&", "&&"))
        choice.setObjectName(f"grouping_{grouping.key}")
        choice.setAccessibleName(self._title(grouping))
        choice.setChecked(present)
        self._choices[grouping.key] = choice
        self._column.addWidget(choice)
        for example in grouping.examples[:SHOWN_EXAMPLES]:
            beneath = QVBoxLayout()
            beneath.setContentsMargins(SPACE.l, 0, 0, SPACE.xs)
            beneath.setSpacing(SPACE.xs // 2)
            beneath.addLayout(self._named(_name(grouping, example[0]), example))
            names = ", ".join(PurePosixPath(path).name for path in example)
            label = ElidingLabel(names, "small")
            label.setToolTip(as_tip(names))
            beneath.addWidget(label)
            self._column.addLayout(beneath)
        self._column.addSpacing(SPACE.s)

    def _named(self, name: str, example: tuple[str, ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE.m)
        row.addWidget(Strip([self._root / path for path in example[:SHOWN_IMAGES]]))
        label = ElidingLabel(name, "strong", cut=Qt.TextElideMode.ElideMiddle)
        label.setToolTip(as_tip(name))
        row.addWidget(label, 1)
        return row

    def _title(self, grouping: "Grouping") -> str:
        if not grouping.n_groups:
            return grouping.title
        return self.tr("{title} ({n} groups)").format(title=grouping.title, n=count(grouping.n_groups))

    def _lay_out(self) -> None:
        words = self.tr(
            "Photos of the same thing must not be in training and test at once: the score would be too good. "
            "What names the thing in your images? Another choice draws the split anew."
        )
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        inner.setLayout(self._column)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        use = primary_button(self.tr("Keep these together"), "groupings_use")
        use.setDefault(True)
        use.clicked.connect(self._use)
        leave = plain_button(self.tr("Cancel"), "groupings_cancel")
        leave.setAutoDefault(False)
        leave.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.l, SPACE.l, SPACE.l, SPACE.l)
        column.setSpacing(SPACE.m)
        column.addWidget(text_label(words, "muted", wrap=True))
        column.addWidget(area, 1)
        column.addLayout(buttons_at_the_end(leave, use))

    def _use(self) -> None:
        key = next(key for key, choice in self._choices.items() if choice.isChecked())
        self.accept()
        self.chosen.emit(key)


def _name(grouping: "Grouping", path: str) -> str:
    """Return what the group of an image is called; a mere number, as that of a time, says nothing to anybody."""
    name = grouping.groups.get(path, "")
    return "" if name.isdigit() and name not in path else name
