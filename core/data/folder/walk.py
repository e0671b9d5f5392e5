"""Every visible file of a folder and of the folders in it: names, sizes and times, nothing is opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from core.base.errors import UserError
from core.data.images import FOREIGN_SUFFIXES, SUFFIXES, holds_dicom, printable

EXPECTED = (
    "Graft expects one folder for each class, with the images of that class inside: JPEG, PNG, WebP, TIFF and others."
)
_LISTED_SUFFIXES = SUFFIXES | FOREIGN_SUFFIXES
_TABLE_SUFFIXES = frozenset({".csv", ".tsv"})
_SYSTEM_FOLDERS = frozenset({"__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir"})


@dataclass(frozen=True, slots=True)
class File:
    """An image file, or a folder that cannot be opened, by the names on the way to it from the root."""

    names: tuple[str, ...]
    size_bytes: int = 0
    modified_ns: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with the image files in it, and the names of its tables (CSV, TSV)."""

    names: tuple[str, ...]
    files: tuple[File, ...]
    tables: tuple[str, ...] = ()


def image_files(path: Path) -> tuple[Path, ...]:
    """Return all image files in a folder and the folders in it, by name, or the one file that `path` is.

    Raises UserError if nothing is there, or no image.
    """
    if not path.is_dir() and path.exists():
        return (path,)
    files = sorted(path.joinpath(*file.names) for folder in walk(path) for file in folder.files if not file.problem)
    if not files:
        raise UserError(f"There are no images in “{printable(str(path))}”.", "Choose another folder.")
    return tuple(files)


def walk(root: Path) -> Iterator[Folder]:
    """Visit every visible folder once, real ones before links, so that links which lead back do not go round for ever.

    The folders above the root count as visited: a link to one of them would take in the whole disk.
    """
    visited = {_identity(folder) for folder in Path(os.path.realpath(root)).parents if folder.exists()}
    waiting: list[tuple[str, ...]] = [()]
    linked: list[tuple[str, ...]] = []
    while waiting or linked:
        names = (waiting or linked).pop()
        try:
            identity = _identity(root.joinpath(*names))
            if identity in visited:
                continue
            visited.add(identity)
            entries = _visible_entries(root.joinpath(*names))
        except OSError as error:
            if not names:
                raise _root_error(root, error) from None
            yield Folder(names, (File(names, problem="this folder cannot be opened"),))
            continue
        for entry in entries:
            if _is_folder(entry):
                (linked if entry.is_symlink() else waiting).append((*names, entry.name))
        files = tuple(File((*names, entry.name), *_size_and_time(entry)) for entry in entries if _is_image(entry))
        yield Folder(names, files, tuple(entry.name for entry in entries if _is_table(entry)))


def _visible_entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".") and entry.name not in _SYSTEM_FOLDERS]
    return sorted(visible, key=attrgetter("name"), reverse=True)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads back to itself: reading it will say so


def _is_image(entry: os.DirEntry[str]) -> bool:
    """Tell by the suffix; scanners of hospitals give none, or end their names with a number."""
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - speed
    if suffix in _LISTED_SUFFIXES:
        return not _is_folder(entry)
    return not suffix.strip(".0123456789") and not _is_folder(entry) and holds_dicom(Path(entry.path))


def _is_table(entry: os.DirEntry[str]) -> bool:
    return os.path.splitext(entry.name)[1].lower() in _TABLE_SUFFIXES and not _is_folder(entry)  # noqa: PTH122 - speed


def _size_and_time(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        status = entry.stat()
    except OSError:
        return 0, 0  # a link that leads nowhere: reading it will say so
    return status.st_size, status.st_mtime_ns


def _root_error(root: Path, error: OSError) -> UserError:
    shown = printable(str(root))
    if isinstance(error, FileNotFoundError):
        return UserError(
            f"The folder “{shown}” is not there.", "Was it moved, or is its drive not connected? Choose it again."
        )
    if isinstance(error, NotADirectoryError):
        return UserError(f"“{shown}” is a file, not a folder.", EXPECTED)
    if isinstance(error, PermissionError):
        return UserError(f"There is no permission to open the folder “{shown}”.", "Ask its owner, or copy the images.")
    return UserError(f"The folder “{shown}” cannot be read: {error.strerror}.", "Check its drive, and choose it again.")
