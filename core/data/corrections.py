"""What a person said of single images, against what the folder says: kept in the project, never in the files.

What was said is said of a content, not of a name: it follows the image when its file is renamed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from core.data.dataset import Part
from core.data.folder.listing import FoundImage, Scan
from core.data.near import near_hashes

Field = Literal["label", "left_out", "group", "part"]
"""What can be corrected: the class (empty: unlabelled), whether the image is used ("yes" leaves it out), the group that
stays together, and the part."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One word of a person on one image; `value` None takes an earlier word back: as the folder has it."""

    path: str
    field: Field
    value: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """A correction as the journal keeps it: with the content of which it was said, and that one's perceptual hash."""

    correction: Correction
    sha256: str
    phash: str


def words_of(corrections: Iterable[Correction], images: Mapping[str, FoundImage]) -> Iterator[Word]:
    """Yield what the journal keeps of corrections; `images` are those of the present scan by their path."""
    for each in corrections:
        image = images.get(each.path)
        phash = image.facts.phash if image is not None and image.facts is not None else ""
        yield Word(each, image.sha256 if image is not None else "", phash)


def present(journal: Iterable[Word], scan: Scan) -> dict[tuple[str, Field], str]:
    """Return what holds for the images of a scan, by path and field.

    A word follows its content to a new name. Where that content is gone, it holds for the file that has its name only
    if that shows nearly the same picture: it was edited, and not replaced by another.
    """
    by_path = {image.path: image for image in scan.images}
    by_content: dict[str, list[str]] = defaultdict(list)
    for image in scan.images:
        by_content[image.sha256].append(image.path)
    return latest(replace(word.correction, path=path) for word in journal for path in _meant(word, by_path, by_content))


def _meant(word: Word, by_path: Mapping[str, FoundImage], by_content: Mapping[str, Sequence[str]]) -> Sequence[str]:
    path = word.correction.path
    there = by_path.get(path)
    if not word.sha256 or (there is not None and there.sha256 == word.sha256):
        return (path,)
    if word.sha256 in by_content:
        return by_content[word.sha256]
    edited = there is not None and there.facts is not None and near_hashes(there.facts.phash, word.phash)
    return (path,) if edited else ()


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
