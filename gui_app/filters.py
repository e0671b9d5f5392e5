"""Which images of a project are looked at: those of a class, of a part, of a finding, or all. No Qt."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.data.dataset import Part
    from core.data.folder.listing import FoundImage, Scan
    from gui_app.state import State

UNLABELLED = ""
"""The class of images that have none yet."""


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


@dataclass(frozen=True)
class Numbers:
    """How many images there are to learn from, by class (unlabelled ones under the empty name), and left out ones."""

    classes: dict[str, int]
    left_out: int

    @property
    def unlabelled(self) -> int:
        """How many have no class yet."""
        return self.classes.get(UNLABELLED, 0)


def numbers(scan: "Scan") -> Numbers:
    """Count the readable images."""
    readable = [image for image in scan.images if not image.problem]
    counts = Counter([image.class_name for image in readable if not image.left_out])
    named = {name: counts[name] for name in (*scan.classes, *([UNLABELLED] if counts[UNLABELLED] else []))}
    return Numbers(named, len(readable) - counts.total())


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


def matching(chosen: Filter, state: "State") -> "list[FoundImage]":
    """Return the images that are looked at. Unreadable ones are only among those of a finding."""
    if state.scan is None:
        return []
    tests = _tests(chosen, state)
    images = state.scan.images
    found = [image for image in images if not image.problem] if not chosen.finding else list(images)
    for test in tests:
        found = [image for image in found if test(image)]
    return found


def _tests(chosen: Filter, state: "State") -> "list[Callable[[FoundImage], bool]]":
    tests: list[Callable[[FoundImage], bool]] = []
    if chosen.class_name is not None:
        tests.append(lambda image: image.class_name == chosen.class_name)
    if chosen.left_out:
        tests.append(lambda image: image.left_out)
    elif chosen.class_name == UNLABELLED:
        tests.append(lambda image: not image.left_out)  # else what was left out would come up for labelling for ever
    if chosen.part is not None and state.dataset is not None:
        inside = {image.path for image in state.dataset.images if image.part == chosen.part}
        tests.append(lambda image: image.path in inside)
    if chosen.finding:
        meant = {path for finding in state.findings if finding.key == chosen.finding for path in finding.images}
        tests.append(lambda image: image.path in meant)
    if chosen.added and state.changes is not None:
        new = set(state.changes.added)
        tests.append(lambda image: image.path in new)
    return tests
