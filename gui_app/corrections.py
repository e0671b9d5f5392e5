"""Steps of correction that can be taken back: each knows what held before it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

if TYPE_CHECKING:
    from core.data.corrections import Field
    from gui_app.correcting import Said


class Corrections(QObject):
    """Carries out corrections by the signal `wished`, and takes them back in the same way.

    `stepped` says before a step back or forth which images it concerns.
    """

    wished = Signal(object)
    stepped = Signal(frozenset)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self._present: Mapping[tuple[str, Field], str] = {}
        self._pending: Said = {}

    def show_present(self, present: "Mapping[tuple[str, Field], str]") -> None:
        """Know what holds now. What was wished and has not come about yet is held in mind."""
        self._present = present
        self._pending = {key: value for key, value in self._pending.items() if present.get(key) != value}

    @property
    def pending(self) -> "Mapping[tuple[str, Field], str | None]":
        """What was wished for and does not hold yet."""
        return self._pending

    def forget(self) -> None:
        """Begin anew with another project."""
        self.stack.clear()
        self._pending = {}

    def do(self, said: "Said", words: str) -> None:
        """Carry out corrections as one step; `words` go on from “Undo:”. Without corrections nothing happens."""
        if said:
            before = {key: self._present.get(key) for key in said}
            before |= {key: value for key, value in self._pending.items() if key in said}
            self.stack.push(_Step(self, said, before, words))

    def carry_out(self, said: "Said") -> None:
        """Wish for corrections, forward or back."""
        self._pending |= said
        self.wished.emit(said)


class _Step(QUndoCommand):
    """Corrections, and what held before them."""

    def __init__(
        self,
        corrections: Corrections,
        forward: "Said",
        before: "Said",
        words: str,
    ) -> None:
        super().__init__(words.replace("&", "&&"))  # it becomes the text of an action, where one & marks a shortcut
        self._corrections = corrections
        self._forward = forward
        self._before = before
        self._paths = frozenset([path for path, _ in before])
        self._done = False

    def redo(self) -> None:
        """Carry them out."""
        if self._done:
            self._corrections.stepped.emit(self._paths)
        self._done = True
        self._corrections.carry_out(self._forward)

    def undo(self) -> None:
        """Take them back."""
        self._corrections.stepped.emit(self._paths)
        self._corrections.carry_out(self._before)
