"""A form made from the settings of a run. A wrong value is said beside its field and never leaves the form."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.base.config import RunConfig, Setting, make_config, written
from core.base.errors import UserError
from gui_app.painted import ChoiceBox
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import restyle, text_label

if TYPE_CHECKING:
    from core.train.plan import Choice

NOT_DONE = frozenset({"folds"})
"""Settings that decide nothing when they are left open: what they are for is not done then."""


class Field(QWidget):
    """One setting: its label, a line or a list to choose from, and room for what is wrong."""

    edited = Signal(str, object)
    checked = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self.problem = ""
        self._problem = text_label(role="problem", wrap=True, name=f"problem_{setting.name}")
        self._problem.hide()
        self._overruled = text_label(role="muted", wrap=True, name=f"overruled_{setting.name}")
        self._overruled.hide()
        self._line: QLineEdit | None = None
        self._list: ChoiceBox | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.xs // 2)
        column.addWidget(self._make_list() if setting.choices else self._make_line())
        column.addWidget(self._problem)
        column.addWidget(self._overruled)

    def show_value(self, value: object, choice: "Choice | None") -> None:
        """Show what was chosen; what is left open shows what was decided, and why when the mouse rests on it.

        What was chosen and is not done all the same is said beneath.
        """
        decided, reason = (choice.value, choice.reason) if choice else ("", "")
        hint = f"{self.setting.help}\n{reason}" if reason else self.setting.help
        overruled = choice is not None and not choice.given and value not in (None, self.setting.default)
        self._overruled.setText(self.tr("Not so here: {reason}").format(reason=reason))
        self._overruled.setVisible(overruled and not self.problem)
        if self._list is not None:
            self._list.setToolTip(hint)
            if self.setting.optional:
                self._list.setItemText(0, self._open_choice(decided))
            self._list.setCurrentIndex(max(self._list.findData(value), 0))
        if self._line is not None:
            self._line.setToolTip(hint)
            self._line.setPlaceholderText(self._open_value(decided))
            if not self._line.hasFocus() and not self.problem:
                self._line.setText("" if value is None else _written(value))

    def forget(self) -> None:
        """Let go of what was typed, so that the next value is shown."""
        if self._line is not None:
            self._line.clearFocus()
        self._say("")

    def _make_line(self) -> QLineEdit:
        self._line = QLineEdit()
        self._name(self._line)
        self._line.textEdited.connect(self._check)
        return self._line

    def _make_list(self) -> ChoiceBox:
        self._list = ChoiceBox()
        self._name(self._list)
        if self.setting.optional:
            self._list.addItem(self._open_choice(""), None)
        for choice in self.setting.choices:
            self._list.addItem(choice, choice)
        self._list.activated.connect(self._take_choice)
        return self._list

    def _name(self, widget: QWidget) -> None:
        widget.setObjectName(f"setting_{self.setting.name}")
        widget.setAccessibleName(self.setting.label)
        widget.setAccessibleDescription(self.setting.help)
        widget.setToolTip(self.setting.help)

    def _take_choice(self, position: int) -> None:
        assert self._list is not None
        self.edited.emit(self.setting.name, self._list.itemData(position))

    def _check(self, text: str) -> None:
        value = _parsed(self.setting, text.strip())
        self._say(self._problem_with(value))
        self.checked.emit()
        if not self.problem:
            self.edited.emit(self.setting.name, value)

    def _say(self, problem: str) -> None:
        self.problem = problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        if self._line is not None:
            restyle(self._line, wrong="true" if problem else "false")

    def _problem_with(self, value: object) -> str:
        try:
            make_config(**{self.setting.name: value})
        except UserError:
            return self._allowed()
        return ""

    def _allowed(self) -> str:
        """Say what may be written here."""
        setting = self.setting
        kind = self.tr("a whole number") if setting.kind is int else self.tr("a number")
        low, high = setting.minimum, setting.maximum
        if low is not None and high is not None:
            words = self.tr("Enter {kind} from {low} to {high}.").format(
                kind=kind, low=written(low), high=written(high)
            )
        else:
            words = self.tr("Enter {kind}.").format(kind=kind)
        return words if not setting.optional else f"{words[:-1]}{self.tr(', or nothing')}."

    def _open_value(self, decided: str) -> str:
        if not self.setting.optional:
            return ""
        if self.setting.name in NOT_DONE:
            return self.tr("not done")
        return self.tr("{value} (decided for you)").format(value=decided) if decided else self.tr("decided for you")

    def _open_choice(self, decided: str) -> str:
        return self.tr("{value} (decided for you)").format(value=decided) if decided else self.tr("Decide for me")


class SettingsForm(QWidget):
    """A line for each setting. `changed` carries what was changed, `checked` says that a value was judged."""

    changed = Signal(dict)
    checked = Signal()

    def __init__(self, settings: tuple[Setting, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE.s)
        grid.setVerticalSpacing(SPACE.xs)
        grid.setColumnStretch(1, 1)
        self._fields: list[Field] = []
        for row, setting in enumerate(settings):
            field = Field(setting)
            field.edited.connect(lambda name, value: self.changed.emit({name: value}))
            field.checked.connect(self.checked)
            grid.addWidget(_label(setting), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(field, row, 1)
            self._fields.append(field)

    @property
    def problems(self) -> tuple[str, ...]:
        """The labels of fields that hold a wrong value."""
        return tuple(field.setting.label for field in self._fields if field.problem)

    def forget(self) -> None:
        """Let go of what was typed and not taken: it belongs to a project that is no longer open."""
        for field in self._fields:
            field.forget()

    def show_values(self, config: RunConfig, decided: "Mapping[str, Choice]") -> None:
        """Show a configuration, and what was `decided` of it, by name."""
        for field in self._fields:
            field.show_value(getattr(config, field.setting.name), decided.get(field.setting.name))


def _label(setting: Setting) -> QLabel:
    label = text_label(setting.label if not setting.unit else f"{setting.label} ({setting.unit})", wrap=True)
    label.setToolTip(setting.help)
    label.setMinimumHeight(SIZE.field)
    return label


def _parsed(setting: Setting, text: str) -> Any:  # noqa: ANN401 - whatever was typed; the model judges it
    if not text and setting.optional:
        return None
    try:
        return setting.kind(text.replace(",", ".") if setting.kind is float else text)
    except ValueError:
        return text


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
