"""Which image files a folder holds, and the class, part and group of each, told by names alone: nothing is decoded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from core.base.errors import UserError
from core.base.events import Stop, never
from core.data.dataset import Part
from core.data.facts import Facts
from core.data.folder.doubts import doubts_about, tables_further_down
from core.data.folder.label_table import read_tables
from core.data.folder.layouts import Layout, Place, TableLayout, layouts, normal
from core.data.folder.walk import EXPECTED, File, Folder, walk
from core.data.images import is_text, printable


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
    first; `recognised` says in a sentence how it was read, `doubts` in sentences what a person should check about that.
    """

    root: Path
    layout: str
    classes: tuple[str, ...]
    images: tuple[FoundImage, ...]
    outside: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    recognised: str = ""
    missing: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def brings_parts(self) -> bool:
        """Whether the folder says which images are for training and which for testing."""
        return any(map(attrgetter("part"), self.images))

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


def list_folder(root: Path, stop: Stop = never, reading: str = "", added: Sequence[str] = ()) -> Scan | None:
    """Return what `root` holds, nothing decoded yet; None if stopped.

    `reading` is the key of the layout to follow, if the folder allows it; `added` are files and folders from elsewhere.
    Raises UserError if the folder cannot be read or its images are not laid out in at least two classes.
    """
    folders: list[Folder] = []
    for folder in walk(root):
        if stop():
            return None
        folders.append(folder)
    files = [file for folder in folders for file in folder.files]
    tables = read_tables(root, folders)
    ways = [(layout, _placed(files, layout)) for layout in layouts(folders, tables)]
    fitting = [(layout, placed) for layout, placed in ways if len(_classes(placed)) > 1]
    fitting.sort(key=lambda way: way[0].key != reading)  # the one that is wished comes first
    if not fitting:
        raise _no_classes(root, files, ways, tables.doubts or tables_further_down(folders))
    layout, placed = fitting[0]
    classes = _classes(placed)
    found = [_found(file, place) for file, place in placed if place is not None]
    found += _from_elsewhere(root, added, classes)
    _check_names(root, classes)
    outside = {_outermost(file, layout) for file, place in placed if place is None}
    return Scan(
        root,
        layout.kind,
        tuple(sorted({*classes, *(image.class_name for image in found if image.class_name and not image.left_out)})),
        tuple(sorted(found, key=attrgetter("path"))),
        _shown(outside),
        _shown(layout.class_folders(folders) - set(classes)),
        tuple(Reading(way.key, way.title) for way, _ in fitting),
        layout.sentence(),
        layout.table.missing if isinstance(layout, TableLayout) else (),
        doubts_about([way for way, _ in fitting], tables, folders, wished=layout.key == reading),
    )


_TWO_CLASSES = "Graft learns to tell classes apart, so it needs at least two. If yours lie deeper, choose that folder."
_Placed = Sequence[tuple[File, Place | None]]


def _placed(files: Iterable[File], layout: Layout) -> _Placed:
    return [(file, layout.place(file)) for file in files]


def _classes(placed: _Placed) -> tuple[str, ...]:
    used = (place for _, place in placed if place is not None and not place.left_out)
    return tuple(sorted({place.class_name for place in used if place.class_name}))


def _found(file: File, place: Place) -> FoundImage:
    path = "/".join(file.names)
    problem = file.problem or place.problem
    if not is_text(path):
        path, problem = printable(path), "its name holds bytes that are no text; rename it"
    return FoundImage(
        path,
        place.class_name,
        place.part,
        file.size_bytes,
        problem=problem,
        group=place.group,
        left_out=place.left_out,
        modified_ns=file.modified_ns,
    )


def _from_elsewhere(root: Path, added: Iterable[str], classes: Sequence[str]) -> Iterator[FoundImage]:
    """Yield the images of files and folders outside of the root; their paths are absolute.

    A folder that has the name of a class, or class folders in it, gives their label; all others are unlabelled. What is
    not there any more is passed over: its images count as removed.
    """
    seen = set()
    for start in map(Path, added):
        if start.is_relative_to(root) or not start.exists():
            continue
        for folder in walk(start) if start.is_dir() else _single(start):
            for file in folder.files:
                path = start.joinpath(*file.names).as_posix()
                if path not in seen:
                    seen.add(path)
                    names = (start.name, *file.names)
                    class_name = next((normal(name) for name in names[:2] if normal(name) in classes), "")
                    yield _found(File((path,), file.size_bytes, file.modified_ns, file.problem), Place(class_name))


def _single(file: Path) -> Iterator[Folder]:
    status = file.stat()
    yield Folder((), (File((), status.st_size, status.st_mtime_ns),))


def _outermost(file: File, layout: Layout) -> str:
    """Return which file or folder to name for a file outside of the classes."""
    inside = layout.place(File((file.names[0], "class", "image"))) is not None
    return "/".join(file.names) if inside else file.names[0]


def _no_classes(
    root: Path, files: Sequence[File], ways: Iterable[tuple[Layout, _Placed]], doubts: Sequence[str]
) -> UserError:
    shown = printable(str(root))
    if not files:
        return UserError(f"There are no images in “{shown}”.", EXPECTED)
    classes = _classes(next(placed for _, placed in ways))
    if not classes:
        return UserError(f"The images in “{shown}” do not lie in class folders.", " ".join(doubts) or EXPECTED)
    return UserError(
        f"All images in “{shown}” belong to one class, “{printable(classes[0])}”.",
        " ".join((*doubts, _TWO_CLASSES)),
    )


def _check_names(root: Path, classes: Iterable[str]) -> None:
    for name in (str(root), *classes):
        if not is_text(name):
            raise UserError(f"The name of the folder “{printable(name)}” holds bytes that are no text.", "Rename it.")


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(printable(name) for name in names))
