"""What a person said of single images, against what the folder says: kept in the project, never in the files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from core.data.dataset import Part
from core.data.folder.listing import FoundImage, Scan

Field = Literal["label", "left_out", "group", "part"]
"""What can be corrected: the class (empty: unlabelled), whether the image is used ("yes" leaves it out), the group that
stays together, and the part."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One word of a person on one image; `value` None takes an earlier word back: as the folder has it."""

    path: str
    field: Field
    value: str | None


def latest(journal: Iterable[Correction]) -> dict[tuple[str, Field], str]:
    """Return what holds after all corrections, by path and field."""
    present: dict[tuple[str, Field], str] = {}
    for word in journal:
        if word.value is None:
            present.pop((word.path, word.field), None)
        else:
            present[word.path, word.field] = word.value
    return present


def corrected(scan: Scan, present: Mapping[tuple[str, Field], str]) -> Scan:
    """Return the scan with the words of a person in place of what the folder says; a new label may be a new class.

    Words on images that the scan does not hold are passed over. A class that lost its last image is none any more.
    """
    if not present:
        return scan
    images = tuple(_corrected(image, present) for image in scan.images)
    classes = {image.class_name for image in images if image.class_name and not image.left_out}
    return replace(scan, classes=tuple(sorted(classes)), images=images)


def moved(present: Mapping[tuple[str, Field], str]) -> dict[str, Part]:
    """Return the part of each image that a person moved."""
    return {path: cast(Part, value) for (path, field), value in present.items() if field == "part"}


def _corrected(image: FoundImage, present: Mapping[tuple[str, Field], str]) -> FoundImage:
    path = image.path
    label, group = present.get((path, "label")), present.get((path, "group"))
    left_out = present.get((path, "left_out"), "yes" if image.left_out else "no") == "yes"
    if label is None and group is None and left_out == image.left_out:
        return image
    return replace(
        image,
        class_name=image.class_name if label is None else label,
        group=image.group if group is None else group,
        left_out=left_out,
    )
