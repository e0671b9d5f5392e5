"""A card of sentences that a person should know, such as the warnings of a run; many of them scroll."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui_app.theme import SIZE, SPACE
from gui_app.widgets import Card, text_label


class NotesCard(Card):
    """Hidden while there is nothing to say."""

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._notes: tuple[str, ...] = ()
        self._text = text_label(role="muted", wrap=True, name=name)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, SPACE.xs, 0)
        layout.addWidget(self._text)
        self._area = QScrollArea()
        self._area.setObjectName(f"{name}_area")
        self._area.setAccessibleName(title)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidgetResizable(True)
        self._area.setWidget(inner)
        self.body.addWidget(self._area)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_notes(self, notes: Sequence[str]) -> None:
        """Show these, one below the other."""
        if tuple(notes) == self._notes:
            return
        self._notes = tuple(notes)
        self._text.setText("\n\n".join(notes))
        self.setVisible(bool(notes))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give the sentences the height that they need at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if not self._notes:
            return
        width = self.width() - 2 * SPACE.m - SPACE.xs - self._area.verticalScrollBar().sizeHint().width()
        self._area.setFixedHeight(min(self._text.heightForWidth(max(width, 1)), SIZE.notes_most))
