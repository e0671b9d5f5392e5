"""What was corrected, for other programs: a table of labels, or a copy of the images in class folders."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePath

from core.base.errors import UserError
from core.base.events import Progress, Stop, never
from core.base.tables import write_rows
from core.data.folder.layouts import is_unlabelled
from core.data.images import printable
from core.data.survey import Survey

COLUMNS = ("file", "label", "group", "split", "left_out", "label_in_folder")
"""The columns of the table; a folder that holds it as a .csv file is read by it."""

UNLABELLED = "unlabelled"
"""The name of the folder for images without a label."""

_FORBIDDEN = '/\\:*?"<>|'


@dataclass(frozen=True)
class Copied:
    """The copy stands: the end."""

    folder: Path
    n_images: int


def label_rows(survey: Survey) -> list[tuple[str, ...]]:
    """Return the COLUMNS, then a row for each image that can be read."""
    parts = {image.path: image.part for image in survey.dataset.images} if survey.dataset else {}
    rows: list[tuple[str, ...]] = [COLUMNS]
    for found, image in zip(survey.found.images, survey.scan.images, strict=True):
        if not image.problem:
            left_out = "yes" if image.left_out else ""
            part = parts.get(image.path, "")
            rows.append((image.path, image.class_name, image.group, part, left_out, found.class_name))
    return rows


def write_labels(survey: Survey, file: Path) -> None:
    """Write the table, in place of what may be there: a person was asked before.

    Raises UserError if it would lie among the images, or cannot be written.
    """
    _require_outside(file, survey)
    write_rows(file, label_rows(survey))


def write_copy(survey: Survey, folder: Path, stop: Stop = never) -> Iterator[Progress | Copied]:
    """Copy every image that is used into `folder/CLASS`, or `folder/PART/CLASS` where the folder brings parts.

    Subfolders of a class are kept; unlabelled images go into a folder of that name, images that were left out or cannot
    be read are not copied. A stop leaves what was copied so far. Raises UserError if the folder is not empty, lies
    among the images, or cannot be written.
    """
    _require_outside(folder, survey)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"“{printable(str(folder))}” is not empty.", "Choose a new folder: Graft replaces nothing.")
    both = zip(survey.found.images, survey.scan.images, strict=True)
    wanted = [(found, image) for found, image in both if not (image.problem or image.left_out)]
    parts = {image.path: image.part for image in survey.dataset.images} if survey.dataset else {}
    names = _folder_names(sorted({image.class_name for _, image in wanted if image.class_name}))
    for done, (found, image) in enumerate(wanted, start=1):
        if stop():
            return
        part = (parts.get(image.path, image.part) if survey.found.brings_parts else None) or ""
        subfolder = "" if survey.found.layout == "table" else found.group
        place = (part, names[image.class_name], subfolder, PurePath(image.path).name)
        try:
            _copy(survey.scan.root / image.path, _free(folder.joinpath(*place)))
        except OSError as error:
            message = f"“{printable(image.path)}” cannot be copied: {error.strerror}."
            raise UserError(message, "Free some space, or choose another place.") from None
        yield Progress("Copying images", done, len(wanted), done / len(wanted))
    yield Copied(folder, len(wanted))


def _folder_names(classes: Iterable[str]) -> dict[str, str]:
    """Return a folder for each class, no two the same: what a table or a person said may hold anything."""
    names = {"": UNLABELLED}
    for class_name in classes:
        plain = "".join("_" if char in _FORBIDDEN or not char.isprintable() else char for char in class_name).strip()
        visible = f"_{plain.lstrip('.')}" if plain.startswith(".") or not plain else plain
        name = f"class {visible}" if is_unlabelled(visible) else visible
        taken = {other.casefold() for other in names.values()}
        numbered = (f"{name} {number}" for number in count(2))
        names[class_name] = (
            name if name.casefold() not in taken else next(n for n in numbered if n.casefold() not in taken)
        )
    return names


def _free(file: Path) -> Path:
    """Return the file, or with a number if there is one of that name already."""
    number, free = 1, file
    while free.exists():
        number += 1
        free = file.with_stem(f"{file.stem} {number}")
    return free


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _require_outside(place: Path, survey: Survey) -> None:
    if place.absolute().resolve().is_relative_to(survey.scan.root.resolve()):
        message = f"“{printable(str(place))}” lies among the images."
        raise UserError(message, "Choose another place: Graft does not write in the folder of your images.")
