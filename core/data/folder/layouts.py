"""The ways in which classes can lie in a folder, and which of them a folder follows, told by names alone."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.data.dataset import Part
from core.data.folder.label_table import LabelTable, Tables
from core.data.folder.walk import File, Folder

PART_FOLDERS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Names of folders that hold a part, in small letters."""

_UNLABELLED = frozenset({"unlabelled", "unlabeled", "unsorted", "nolabel", "tolabel"})
"""Names of folders whose images have no label yet, in small letters and nothing but letters."""

_WELL_COVERED = 0.9
"""A table with a label for so many of the images is meant as one, whatever the folders are called."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the name of a file says. Without a class name the image is unlabelled; `problem` says why it is not used."""

    class_name: str
    part: Part | None = None
    group: str = ""
    left_out: bool = False
    problem: str = ""


class Layout(Protocol):
    """One way to read a folder. `kind` is "classes", "parts" or "table"; `title` names it, `sentence` says it."""

    @property
    def kind(self) -> str:
        """Return which kind of layout this is."""

    @property
    def key(self) -> str:
        """Return the key of the reading."""

    @property
    def title(self) -> str:
        """Return the name of the reading."""

    def place(self, file: File) -> Place | None:
        """Return what a file's name says, or None if the file belongs to nothing."""

    def sentence(self) -> str:
        """Say in a sentence how the folder was read."""

    def class_folders(self, folders: Iterable[Folder]) -> set[str]:
        """Return the names of the folders that would be classes if they held images."""


@dataclass(frozen=True)
class FolderLayout:
    """Each folder at one depth is a class: at 1 right below the root, at 2 in folders for training and testing.

    Folders below a class name groups. Where `with_unlabelled`, a folder of such a name is no class but holds images
    without a label, as do images that lie beside the class folders.
    """

    depth: int
    with_unlabelled: bool

    @property
    def kind(self) -> str:
        """Return which kind of layout this is."""
        return "classes" if self.depth == 1 else "parts"

    @property
    def key(self) -> str:
        """Return the key of the reading."""
        return self.kind if self.with_unlabelled else f"{self.kind}-all"

    @property
    def title(self) -> str:
        """Return the name of the reading."""
        where = "Each folder is a class" if self.depth == 1 else "Class folders inside train, val and test folders"
        return where if self.with_unlabelled else f"{where}, also the one for unlabelled images"

    def place(self, file: File) -> Place | None:
        """Return what the folders above a file say."""
        names = file.names
        if (self.with_unlabelled or self.depth > 1) and len(names) > 1 and is_unlabelled(names[0]):
            return Place("")
        part = PART_FOLDERS.get(names[0].lower()) if self.depth > 1 else None
        if self.depth > 1 and part is None:
            return None
        # a class folder that cannot be opened still is a class, so that it is missed
        if len(names) > self.depth or (len(names) == self.depth and file.problem):
            name = normal(names[self.depth - 1])
            group = "/".join(names[self.depth : -1])
            return Place("", part) if self.with_unlabelled and is_unlabelled(name) else Place(name, part, group)
        return Place("") if self.depth == 1 else None

    def sentence(self) -> str:
        """Say where the classes lie."""
        if not self.with_unlabelled:
            return f"{self.title}."
        if self.depth == 1:
            return "Each folder is a class."
        return "Folders for training and testing hold the class folders."

    def class_folders(self, folders: Iterable[Folder]) -> set[str]:
        """Return the names of all folders at the depth of classes."""
        deep = (folder.names for folder in folders if len(folder.names) == self.depth)
        named = {normal(names[-1]) for names in deep if self.depth == 1 or names[0].lower() in PART_FOLDERS}
        return {name for name in named if not (self.with_unlabelled and is_unlabelled(name))}


@dataclass(frozen=True)
class InnerLayout:
    """The folders inside the folders right below the root are the classes; the upper folder names the group.

    `names` are those that every upper folder holds.
    """

    names: tuple[str, ...]
    kind: str = "classes"
    key: str = "inner"
    title: str = "The folders inside them are the classes"

    def place(self, file: File) -> Place | None:
        """Return what the folders above a file say."""
        names = file.names
        if len(names) < 3 or is_unlabelled(names[0]) or is_unlabelled(names[1]):
            return Place("")
        return Place(normal(names[1]), None, names[0])

    def sentence(self) -> str:
        """Say where the classes lie."""
        return "The folders inside the upper folders are the classes."

    def class_folders(self, folders: Iterable[Folder]) -> set[str]:
        """Return the names of the folders one step below the upper ones."""
        return {
            normal(folder.names[1])
            for folder in folders
            if len(folder.names) == 2 and not any(map(is_unlabelled, folder.names))
        }


@dataclass(frozen=True)
class TableLayout:
    """A table gives the class of each image; what it does not name is unlabelled."""

    table: LabelTable
    kind: str = "table"

    @property
    def key(self) -> str:
        """Return the key of the reading."""
        return f"table:{self.table.name}"

    @property
    def title(self) -> str:
        """Return the name of the reading."""
        return f"The table “{self.table.name}” gives the classes"

    def place(self, file: File) -> Place | None:
        """Return what the table says of a file."""
        row = self.table.row(file.names)
        return Place("") if row is None else Place(normal(row.label), row.part, row.group, row.left_out, row.problem)

    def sentence(self) -> str:
        """Say where the classes come from."""
        columns = " and ".join(f"“{name}”" for name in self.table.by_columns)
        by_columns = f", by its columns {columns}" if columns else ""
        return f"The table “{self.table.name}” gives the class of each image{by_columns}."

    def class_folders(self, folders: Iterable[Folder]) -> set[str]:
        """Return nothing: folders mean nothing here."""
        return set()


def layouts(folders: Sequence[Folder], tables: Tables) -> list[Layout]:
    """Return the ways in which this folder can be read, the most likely first."""
    files = [file for folder in folders for file in folder.files]
    tops = {folder.names[0] for folder in folders if len(folder.names) == 1 and not is_unlabelled(folder.names[0])}
    parts = _are_parts(files, tops)
    either = len({top.lower() in PART_FOLDERS for top in tops}) > 1
    depths = ((2, 1) if parts else (1, 2))[: 2 if either else 1]
    unlabelled = {len(folder.names) for folder in folders if folder.names and is_unlabelled(folder.names[-1])}
    ways: list[Layout] = [FolderLayout(depth, True) for depth in depths]
    ways += [FolderLayout(depth, False) for depth in depths if depth in unlabelled]
    inner = _same_inside(files) if depths[0] == 1 else ()
    ways += [InnerLayout(inner)] if inner else []
    fullest = sorted(tables.usable, key=lambda table: -table.n_labelled)
    likely = [TableLayout(table) for table in fullest if table.n_labelled >= _WELL_COVERED * len(files)]
    return [*likely, *ways, *(TableLayout(table) for table in fullest[len(likely) :])]


def normal(name: str) -> str:
    """Return a name in Unicode's composed form: one system writes "é" as one letter, another as two."""
    return unicodedata.normalize("NFC", name)


def is_unlabelled(folder_name: str) -> bool:
    """Return whether a folder of this name holds images without labels."""
    return "".join(char for char in folder_name.casefold() if char.isalpha()) in _UNLABELLED


def _same_inside(files: Iterable[File]) -> tuple[str, ...]:
    """Return the names of the folders that hold the images in every upper folder, if they are the same in all."""
    inside: dict[str, set[str]] = defaultdict(set)
    for file in files:
        if len(file.names) > 1 and not is_unlabelled(file.names[0]):
            # an image that lies right in the upper folder counts as a folder without a name
            inside[file.names[0]].add(normal(file.names[1]) if len(file.names) > 2 else "")
    first, *others = inside.values() or [set()]
    same = bool(others) and len(first) > 1 and "" not in first and all(names == first for names in others)
    return tuple(sorted(first)) if same else ()


def _are_parts(files: Sequence[File], tops: set[str]) -> bool:
    """Tell folders for parts from classes that happen to have such a name (a train is also a vehicle).

    They are parts if nothing lies beside them but unlabelled images, or if there is one for training and another one
    and their images lie deeper, in class folders.
    """
    parts = {PART_FOLDERS[top.lower()] for top in tops if top.lower() in PART_FOLDERS}
    if parts and all(top.lower() in PART_FOLDERS for top in tops):
        return True
    depths = [len(file.names) for file in files if file.names[0].lower() in PART_FOLDERS]
    deeper = sum(depth > 2 for depth in depths)
    return "train" in parts and len(parts) > 1 and deeper > len(depths) / 2
