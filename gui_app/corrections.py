"""Steps of correction that can be taken back: each knows what held before it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

if TYPE_CHECKING:
    from core.data.corrections import Correction, Field

    Said = dict[tuple[str, Field], str | None]


class Corrections(QObject):
    """Carries out corrections by the signal `wished`, and takes them back in the same way."""

    wished = Signal(tuple)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self._present: Mapping[tuple[str, Field], str] = {}
        self._pending: Said = {}

    def show_present(self, present: "Mapping[tuple[str, Field], str]") -> None:
        """Know what holds now. What was wished and has not come about yet is held in mind."""
        self._present = present
        self._pending = {key: value for key, value in self._pending.items() if present.get(key) != value}

    def forget(self) -> None:
        """Begin anew with another project."""
        self.stack.clear()
        self._pending = {}

    def do(self, corrections: "tuple[Correction, ...]", words: str) -> None:
        """Carry out corrections as one step; `words` go on from “Undo:”. Without corrections nothing happens."""
        if corrections:
            before = tuple(self._before(correction) for correction in corrections)
            self.stack.push(_Step(self, corrections, before, words))

    def carry_out(self, corrections: "tuple[Correction, ...]") -> None:
        """Wish for corrections, forward or back."""
        self._pending.update({(each.path, each.field): each.value for each in corrections})
        self.wished.emit(corrections)

    def _before(self, correction: "Correction") -> "Correction":
        from core.data.corrections import Correction

        key = (correction.path, correction.field)
        value = self._pending[key] if key in self._pending else self._present.get(key)
        return Correction(correction.path, correction.field, value)


class _Step(QUndoCommand):
    """Corrections, and those that take them back."""

    def __init__(
        self,
        corrections: Corrections,
        forward: "tuple[Correction, ...]",
        back: "tuple[Correction, ...]",
        words: str,
    ) -> None:
        super().__init__(words.replace("&", "&&"))  # it becomes the text of an action, where one & marks a shortcut
        self._corrections = corrections
        self._forward = forward
        self._back = back

    def redo(self) -> None:
        """Carry them out."""
        self._corrections.carry_out(self._forward)

    def undo(self) -> None:
        """Take them back."""
        self._corrections.carry_out(self._back)
