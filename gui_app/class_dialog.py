"""Asks for the class of images: one of those there are, found by typing or in the list, or a new one."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QDialog, QVBoxLayout, QWidget

from gui_app.painted import ChoiceBox
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import buttons_at_the_end, plain_button, primary_button, text_label
from gui_app.words import shorten


class ClassDialog(QDialog):
    """Offers all classes; `chosen` carries the name of the class."""

    chosen = Signal(str)

    def __init__(self, words: str, classes: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ask_class")
        self.setModal(True)
        self.setWindowTitle(self.tr("Class"))
        self._classes = classes
        self._box = self._make_box(classes)
        self._hint = text_label(role="muted", wrap=True, name="class_hint")
        self._use = primary_button(self.tr("Give this class"), "class_use")
        self._use.setDefault(True)
        self._use.clicked.connect(self._choose)
        leave = plain_button(self.tr("Cancel"), "class_cancel")
        leave.setAutoDefault(False)
        leave.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.l, SPACE.l, SPACE.l, SPACE.l)
        column.setSpacing(SPACE.m)
        column.addWidget(text_label(words, wrap=True))
        column.addWidget(self._box)
        column.addWidget(self._hint)
        column.addLayout(buttons_at_the_end(leave, self._use))
        self.setMinimumWidth(SIZE.text_block)
        self._box.editTextChanged.connect(self._show_typed)
        self._show_typed("")
        self._box.setFocus()

    def _make_box(self, classes: Sequence[str]) -> ChoiceBox:
        box = ChoiceBox()
        box.setObjectName("class_name")
        box.setAccessibleName(self.tr("Name of the class"))
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.addItems(list(classes))
        box.setCurrentIndex(-1)
        line, found = box.lineEdit(), QCompleter(box.model(), box)
        found.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        found.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        found.setFilterMode(Qt.MatchFlag.MatchContains)
        box.setCompleter(found)
        assert line is not None  # it can be edited
        line.setObjectName("class_typed")
        line.setAccessibleName(self.tr("Name of the class"))
        line.setPlaceholderText(self.tr("Type a new name, or choose"))
        return box

    def _show_typed(self, text: str) -> None:
        """Let it be used once there is a name, and say what lies near it."""
        name = text.strip()
        self._use.setEnabled(bool(name))
        alike = next((each for each in self._classes if each.casefold() == name.casefold()), "")
        if not name or name in self._classes:
            self._hint.setText("")
        elif alike:
            words = self.tr("“{name}” is there already: only capital letters differ. This will be another class.")
            self._hint.setText(words.format(name=shorten(alike)))
        else:
            self._hint.setText(self.tr("This will be a new class."))

    def _choose(self) -> None:
        self.accept()
        self.chosen.emit(self._box.currentText().strip())
