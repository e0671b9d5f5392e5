"""What keys and menus of the Data page mean for the selected images: corrections, and the words for them."""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from gui_app.words import images_in_words, part_name, shorten

if TYPE_CHECKING:
    from core.data.corrections import Field
    from core.data.dataset import Part
    from core.data.folder.listing import FoundImage

    Pending = Mapping[tuple[str, Field], str | None]
    Said = dict[tuple[str, Field], str | None]
    Step = tuple[Said, str]
    """What is said, by path and field (None takes an earlier word back), and what it is called after “Undo:”."""


KEYS = 9


class LabelKeys:
    """Which of the keys 1 to 9 gives which class. A class keeps its key while the project is open: a new one that
    comes first in the list must not move the keys under the fingers of a person who labels.
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def forget(self) -> None:
        """Begin anew with another project."""
        self._known = {}

    def of(self, classes: Sequence[str]) -> dict[str, int]:
        """Return the keys of these classes; new ones get those that are left."""
        if not any(name in self._known for name in classes):
            self._known = _first_keys(classes)
        elif not all(name == str(key) for name, key in self._known.items()):
            for name in classes:
                self._add(name, classes)
        else:
            self._known |= _own_keys(classes)
        return {name: self._known[name] for name in classes if name in self._known}

    def _add(self, name: str, classes: Sequence[str]) -> None:
        """Give a new class a key that no class ever had, else one whose class is gone."""
        if name in self._known:
            return
        wanted = [*_own_keys([name]).values(), *range(1, KEYS + 1)]
        held = {self._known[each] for each in classes if each in self._known}
        free = [key for key in wanted if key not in self._known.values()] or [key for key in wanted if key not in held]
        if free:
            self._known = {each: key for each, key in self._known.items() if key != free[0]} | {name: free[0]}


def _first_keys(classes: Sequence[str]) -> dict[str, int]:
    """A class that is called as a key has that one, so that nobody who types 3 gives another class; else by order."""
    return _own_keys(classes) or {name: key for key, name in enumerate(classes[:KEYS], 1)}


def _own_keys(classes: Sequence[str]) -> dict[str, int]:
    return {name: int(name) for name in classes if len(name) == 1 and name in "123456789"}


def label(images: "Sequence[FoundImage]", class_name: str, pending: "Pending") -> "Step":
    """Give images a class; those that have it, or will have it once what is `pending` holds, stay as they are."""
    if pending:
        others = [image.path for image in images if pending.get((image.path, "label"), image.class_name) != class_name]
    else:  # the same without a look at what is pending, which takes long for 100,000 images
        others = [image.path for image in images if image.class_name != class_name]
    said = _said(others, "label", class_name)
    if not class_name:
        return said, _say("take the class of {images} away").format(images=images_in_words(len(others)))
    return said, _say("label {images} as {name}").format(images=images_in_words(len(others)), name=shorten(class_name))


def leave_out(images: "Sequence[FoundImage]", present: "Mapping[tuple[str, Field], str]") -> "Step":
    """Leave images out; if all of them are left out already, take them back."""
    inside = [image.path for image in images if not image.left_out]
    if inside:
        said = _said(inside, "left_out", "yes")
        return said, _say("leave out {images}").format(images=images_in_words(len(inside)))
    paths = [image.path for image in images]
    ours = [path for path in paths if (path, "left_out") in present]
    theirs = [path for path in paths if (path, "left_out") not in present]
    back = _said(ours, "left_out", None) | _said(theirs, "left_out", "no")
    return back, _say("take {images} back").format(images=images_in_words(len(paths)))


def move(images: "Sequence[FoundImage]", part: "Part | None") -> "Step":
    """Move images to a part; None gives them back to the split."""
    said = _said([image.path for image in images], "part", part)
    if part is None:
        return said, _say("leave the part of {images} to the split").format(images=images_in_words(len(images)))
    return said, _say("move {images} to {part}").format(images=images_in_words(len(images)), part=part_name(part))


def group(images: "Sequence[FoundImage]", name: str) -> "Step":
    """Keep images together under a name; an empty one takes the word back."""
    said = _said([image.path for image in images], "group", name or None)
    if not name:
        return said, _say("leave the group of {images} to the grouping").format(images=images_in_words(len(images)))
    return said, _say("group {images} as {name}").format(images=images_in_words(len(images)), name=shorten(name))


def _said(paths: Sequence[str], field: "Field", value: str | None) -> "Said":
    return dict.fromkeys(zip(paths, repeat(field)), value)


def _say(text: str) -> str:
    return QCoreApplication.translate("correcting", text)
