"""What there is to say of the chosen model, and how its weights come to this computer."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui_app.state import State
from gui_app.theme import SPACE
from gui_app.widgets import ShareBar, plain_button, restyle, text_label
from gui_app.words import file_size

if TYPE_CHECKING:
    from core.base.events import Progress
    from core.models.backbones import Backbone


class ModelNote(QFrame):
    """Title, note and buttons for one backbone. Wishes carry its key."""

    download = Signal(str)
    add_file = Signal(str)
    cancel = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model_note")
        self.setProperty("role", "note")
        self._key = ""
        self._title = text_label(role="strong", name="note_title")
        self._text = text_label(wrap=True, name="note_text")
        self._download = plain_button("", "note_download")
        self._download.clicked.connect(lambda: self.download.emit(self._key))
        self._add = plain_button(self.tr("Add a file…"), "note_add")
        self._add.clicked.connect(lambda: self.add_file.emit(self._key))
        self._cancel = plain_button(self.tr("Cancel"), "note_cancel")
        self._cancel.clicked.connect(self.cancel)
        self._bar = ShareBar()
        self._came = text_label(role="small", name="note_progress")
        row = QHBoxLayout()
        row.setSpacing(SPACE.s)
        for widget in (self._download, self._add, self._bar, self._came, self._cancel):
            row.addWidget(widget)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.m - 2, SPACE.m - 2, SPACE.m - 2, SPACE.m - 2)
        column.setSpacing(SPACE.xs)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addLayout(row)

    def show_model(self, backbone: "Backbone", state: State) -> None:
        """Show the note of a model, and what can be done about its weights."""
        self._key = backbone.key
        ready = backbone.key in state.weights_ready
        loading = state.download is not None and state.download[0] == backbone.key
        self._title.setText(backbone.title)
        self._text.setText(self._words(backbone, ready, loading))
        self._download.setText(self.tr("Download {size:.0f} MB").format(size=backbone.file_mb))
        self._download.setAccessibleName(self._download.text())
        self._download.setVisible(not ready and not loading and backbone.url is not None)
        self._download.setEnabled(state.download is None)
        self._add.setVisible(not ready and not loading)
        for widget in (self._bar, self._came, self._cancel):
            widget.setVisible(loading)
        if state.download is not None and loading:
            self._bar.set_fraction(state.download[1].fraction)
            self._came.setText(self._progress(state.download[1]))
        restyle(self, tone="accent" if ready else "info")

    def _words(self, backbone: "Backbone", ready: bool, loading: bool) -> str:
        facts = self.tr("Sees images of {size} × {size} px.").format(size=backbone.size_px)
        if ready or loading:
            return f"{backbone.note} {facts}".strip()
        missing = self.tr("Its weights are not on this computer yet.")
        return f"{backbone.note} {facts} {missing}".strip()

    def _progress(self, progress: "Progress") -> str:
        if not progress.total:
            return f"{progress.stage} …"
        return self.tr("{done} of {total}").format(done=file_size(progress.done), total=file_size(progress.total))
