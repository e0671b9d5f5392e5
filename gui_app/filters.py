"""Which images of a project are looked at: those of a class, of a part, of a finding, or all. No Qt."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gui_app.image_table import UNLABELLED

if TYPE_CHECKING:
    from core.data.dataset import Part
    from gui_app.image_table import ImageTable, Rows, Yes
    from gui_app.state import State


@dataclass(frozen=True)
class Filter:
    """What is looked at; the conditions that are set hold together. `class_name` None means every class."""

    class_name: str | None = None
    part: "Part | None" = None
    finding: str = ""
    left_out: bool = False
    added: bool = False

    @property
    def is_all(self) -> bool:
        """Say whether nothing is filtered."""
        return self == Filter()

    def toggled_class(self, name: str) -> "Filter":
        """Return the filter with this class, or without it where it was chosen already."""
        return replace(self, class_name=None if self.class_name == name else name, left_out=False)

    def toggled_part(self, part: "Part") -> "Filter":
        """Return the filter with this part, or without it where it was chosen already."""
        return replace(self, part=None if self.part == part else part)


def still_there(chosen: Filter, state: "State") -> Filter:
    """Return what was chosen without the conditions that nothing can meet any more."""
    classes = (UNLABELLED, *state.scan.classes) if state.scan else ()
    if chosen.class_name is not None and chosen.class_name not in classes:
        chosen = replace(chosen, class_name=None)
    if chosen.finding and all(finding.key != chosen.finding for finding in state.findings):
        chosen = replace(chosen, finding="")
    if chosen.added and (state.changes is None or not state.changes.added):
        chosen = replace(chosen, added=False)
    return replace(chosen, part=None) if state.dataset is None else chosen


def matching(chosen: Filter, state: "State") -> "list[int]":
    """Return the rows of the images that are looked at. Unreadable ones are only among those of a finding."""
    table = state.table
    if table is None:
        return []
    kept = _only(table, table.findings.get(chosen.finding, [])) if chosen.finding else table.readable.copy()
    if chosen.class_name is not None:
        kept &= table.labels == table.names.index(chosen.class_name)
    if chosen.left_out:
        kept &= table.left_out
    elif chosen.class_name == UNLABELLED:
        kept &= ~table.left_out  # else what was left out would come up for labelling for ever
    if chosen.part is not None:
        kept &= _only(table, table.parts.get(chosen.part, []))
    if chosen.added and state.changes is not None:
        kept &= _only(table, table.rows_of(state.changes.added))
    rows: list[int] = kept.nonzero()[0].tolist()
    return rows


def _only(table: "ImageTable", rows: "Rows | list[int]") -> "Yes":
    """Return yes for these rows and no for the others."""
    yes = table.readable & False
    yes[rows] = True
    return yes
