"""Which image files a folder holds, and the class and part of each, told by names alone: nothing is decoded."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Literal

from core.base.errors import UserError
from core.base.events import Stop
from core.data.dataset import Part
from core.data.facts import Facts
from core.data.images import FOREIGN_SUFFIXES, SUFFIXES, is_text, printable

Layout = Literal["classes", "parts"]
PART_FOLDERS: dict[str, Part] = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""Names of folders that hold a part, in small letters."""

_CLASS_DEPTH: dict[Layout, int] = {"classes": 1, "parts": 2}
"""How many names lead from the root to a class folder."""

_LISTED_SUFFIXES = SUFFIXES | FOREIGN_SUFFIXES
_SYSTEM_FOLDERS = frozenset({"__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir"})
_EXPECTED = (
    "Graft expects one folder for each class, with the images of that class inside: JPEG, PNG, WebP, BMP, GIF or TIFF."
)


@dataclass(frozen=True, slots=True)
class FoundImage:
    """One image file. `path` is relative to the root, with "/"; `part` is None if the folder brings no parts.

    `class_name` is empty for an unlabelled image. `group` names what belongs together (a subfolder, a column of the
    table) and is empty where nothing was said. Hash, size and facts stand once the file was decoded; `problem` then
    says why it cannot be read, or is empty. `left_out` images are used for nothing.
    """

    path: str
    class_name: str
    part: Part | None
    size_bytes: int
    sha256: str = ""
    width_px: int = 0
    height_px: int = 0
    problem: str = ""
    group: str = ""
    left_out: bool = False
    modified_ns: int = 0
    facts: Facts | None = None


@dataclass(frozen=True)
class Reading:
    """One way in which the classes could lie in a folder. `title` names it ("Each folder is a class")."""

    key: str
    title: str


@dataclass(frozen=True)
class Scan:
    """What a folder holds; images in the order of their paths, classes in the order of their names.

    `outside` are images and folders with images that belong to no class, `empty` class folders without any image,
    `missing` what a table names and the folder lacks. `readings` are the ways to read this folder, the present one
    first; `recognised` says in a sentence how it was read.
    """

    root: Path
    layout: Layout
    classes: tuple[str, ...]
    images: tuple[FoundImage, ...]
    outside: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    recognised: str = ""
    missing: tuple[str, ...] = ()

    @property
    def brings_parts(self) -> bool:
        """Whether the folder says which images are for training and which for testing."""
        return any(image.part for image in self.images)

    @property
    def readable(self) -> tuple[FoundImage, ...]:
        """The images without a problem."""
        return tuple(image for image in self.images if not image.problem)

    @property
    def usable(self) -> tuple[FoundImage, ...]:
        """The images to learn from: readable, labelled and not left out."""
        return tuple(image for image in self.images if image.class_name and not (image.problem or image.left_out))

    @property
    def unreadable(self) -> tuple[FoundImage, ...]:
        """The images with a problem."""
        return tuple(image for image in self.images if image.problem)


@dataclass(frozen=True, slots=True)
class _File:
    """An image file, or a folder that cannot be opened, by the names on the way to it from the root."""

    names: tuple[str, ...]
    size_bytes: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Folder:
    names: tuple[str, ...]
    files: tuple[_File, ...]


def list_folder(root: Path, stop: Stop) -> Scan | None:
    """Return what `root` holds, nothing decoded yet; None if stopped.

    Every folder below a class folder belongs to that class. Raises UserError if the folder cannot be read or its
    images are not laid out in at least two classes.
    """
    folders = []
    for folder in _walk(root):
        if stop():
            return None
        folders.append(folder)
    files = [file for folder in folders for file in folder.files]
    layout = _layout(files, [folder.names for folder in folders])
    inside = [file for file in files if _class_of(file, layout)]
    outside = {_outermost(file.names, layout) for file in files if not _class_of(file, layout)}
    classes = tuple(sorted({_class_of(file, layout) for file in inside}))
    _check_classes(root, classes, files)
    images = sorted((_found(file, layout) for file in inside), key=attrgetter("path"))
    depth = _CLASS_DEPTH[layout]
    named = {folder.names[-1] for folder in folders if len(folder.names) == depth and _in_layout(folder.names, layout)}
    return Scan(root, layout, classes, tuple(images), _shown(outside), _shown(named.difference(classes)))


def image_files(path: Path) -> tuple[Path, ...]:
    """Return all image files in a folder and the folders in it, by name, or the one file that `path` is.

    Raises UserError if nothing is there, or no image.
    """
    if not path.is_dir() and path.exists():
        return (path,)
    files = sorted(path.joinpath(*file.names) for folder in _walk(path) for file in folder.files if not file.problem)
    if not files:
        raise UserError(f"There are no images in “{printable(str(path))}”.", "Choose another folder.")
    return tuple(files)


def _walk(root: Path) -> Iterator[_Folder]:
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
            yield _Folder(names, (_File(names, 0, "this folder cannot be opened"),))
            continue
        for entry in entries:
            if _is_folder(entry):
                (linked if entry.is_symlink() else waiting).append((*names, entry.name))
        yield _Folder(names, tuple(_File((*names, entry.name), _size(entry)) for entry in entries if _is_image(entry)))


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
    return os.path.splitext(entry.name)[1].lower() in _LISTED_SUFFIXES and not _is_folder(entry)  # noqa: PTH122 - speed


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0  # a link that leads nowhere: reading it will say so


def _root_error(root: Path, error: OSError) -> UserError:
    shown = printable(str(root))
    if isinstance(error, FileNotFoundError):
        return UserError(
            f"The folder “{shown}” is not there.", "Was it moved, or is its drive not connected? Choose it again."
        )
    if isinstance(error, NotADirectoryError):
        return UserError(f"“{shown}” is a file, not a folder.", _EXPECTED)
    if isinstance(error, PermissionError):
        return UserError(f"There is no permission to open the folder “{shown}”.", "Ask its owner, or copy the images.")
    return UserError(f"The folder “{shown}” cannot be read: {error.strerror}.", "Check its drive, and choose it again.")


def _layout(files: Iterable[_File], folders: Iterable[tuple[str, ...]]) -> Layout:
    """Tell folders for parts from classes that happen to have such a name (a train is also a vehicle).

    They are parts if nothing lies beside them, or if there is one for training and another one and their images lie
    deeper, in class folders.
    """
    tops = {names[0] for names in folders if len(names) == 1}
    parts = {PART_FOLDERS[top.lower()] for top in tops if top.lower() in PART_FOLDERS}
    if parts and all(top.lower() in PART_FOLDERS for top in tops):
        return "parts"
    depths = [len(file.names) for file in files if file.names[0].lower() in PART_FOLDERS]
    deeper = sum(depth > 2 for depth in depths)
    return "parts" if "train" in parts and len(parts) > 1 and deeper > len(depths) / 2 else "classes"


def _in_layout(names: tuple[str, ...], layout: Layout) -> bool:
    return layout == "classes" or names[0].lower() in PART_FOLDERS


def _class_of(file: _File, layout: Layout) -> str:
    """Return the class of a file, or nothing if it lies outside of the classes.

    A class folder that cannot be opened still is a class, so that it is missed.
    """
    depth = _CLASS_DEPTH[layout]
    below = len(file.names) > depth or (len(file.names) == depth and bool(file.problem))
    return file.names[depth - 1] if below and _in_layout(file.names, layout) else ""


def _outermost(names: tuple[str, ...], layout: Layout) -> str:
    """Return which file or folder to name for a file outside of the classes."""
    return "/".join(names) if _in_layout(names, layout) else names[0]


def _found(file: _File, layout: Layout) -> FoundImage:
    path = "/".join(file.names)
    problem = file.problem if is_text(path) else "its name holds bytes that are no text; rename it"
    part = PART_FOLDERS[file.names[0].lower()] if layout == "parts" else None
    shown = path if is_text(path) else printable(path)
    return FoundImage(shown, _class_of(file, layout), part, file.size_bytes, problem=problem)


def _check_classes(root: Path, classes: tuple[str, ...], files: list[_File]) -> None:
    shown = printable(str(root))
    if not files:
        raise UserError(f"There are no images in “{shown}”.", _EXPECTED)
    if not classes:
        raise UserError(f"The images in “{shown}” do not lie in class folders.", _EXPECTED)
    for name in (str(root), *classes):
        if not is_text(name):
            raise UserError(f"The name of the folder “{printable(name)}” holds bytes that are no text.", "Rename it.")
    if len(classes) == 1:
        raise UserError(
            f"All images in “{shown}” lie in one class folder, “{printable(classes[0])}”.",
            "Graft learns to tell classes apart, so it needs at least two. If yours lie deeper, choose that folder.",
        )


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(printable(name) for name in names))
