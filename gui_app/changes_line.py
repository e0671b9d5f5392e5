"""One quiet line above the images: what is new in the folder since it was read before."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui_app.painted import CloseButton
from gui_app.theme import SPACE
from gui_app.widgets import ElidingLabel, link_button
from gui_app.words import count

if TYPE_CHECKING:
    from core.data.folder.changes import Changes


class ChangesLine(QWidget):
    """Says how many images were added, removed or changed; a link shows the added ones."""

    show_added = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ElidingLabel(role="muted", name="changes")
        self._link = link_button(self.tr("Show"), "changes_added")
        self._link.setAccessibleName(self.tr("Show the added ones"))
        self._link.setToolTip(self.tr("Show the added ones"))
        self._link.clicked.connect(self.show_added)
        close = CloseButton("changes_dismiss", self.tr("Dismiss"))
        close.clicked.connect(self.dismissed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.m)
        row.addWidget(self._words)
        row.addWidget(self._link)
        row.addStretch(1)
        row.addWidget(close)

    def show_changes(self, changes: "Changes | None") -> None:
        """Show what changed; nothing at all if nothing did."""
        self.setVisible(changes is not None and bool(changes))
        if changes is None:
            return
        said = (
            (self.tr("{n} added"), changes.added),
            (self.tr("{n} removed"), changes.removed),
            (self.tr("{n} changed"), changes.changed),
            (self.tr("{n} renamed"), changes.renamed),
        )
        parts = ", ".join(words.format(n=count(len(which))) for words, which in said if which)
        self._words.setText(self.tr("{parts} since the last look").format(parts=parts))
        self._link.setVisible(bool(changes.added))
