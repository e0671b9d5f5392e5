"""What keys and menus of the Data page mean for the selected images: corrections, and the words for them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from gui_app.words import images_in_words, part_name, shorten

if TYPE_CHECKING:
    from core.data.corrections import Correction, Field
    from core.data.dataset import Part
    from core.data.folder.listing import FoundImage

    Step = tuple[tuple[Correction, ...], str]
    """Corrections, and what they are called after “Undo:”."""


KEYS = 9


def class_keys(classes: Sequence[str]) -> dict[str, int]:
    """Return which of the keys 1 to 9 gives which class: a class that is called as a key has that one, so that nobody
    who types 3 gives another class; else they go by order.
    """
    own = {name: int(name) for name in classes if len(name) == 1 and name in "123456789"}
    return own or {name: key for key, name in enumerate(classes[:KEYS], 1)}


def label(images: "Sequence[FoundImage]", class_name: str) -> "Step":
    """Give images a class; those that have it stay as they are."""
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
    back = (*_said(ours, "left_out", None), *_said(theirs, "left_out", "no"))
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


def _said(paths: Sequence[str], field: "Field", value: str | None) -> "tuple[Correction, ...]":
    from core.data.corrections import Correction  # brings the reader of images: not before the window stands

    return tuple(Correction(path, field, value) for path in paths)


def _say(text: str) -> str:
    return QCoreApplication.translate("correcting", text)
