"""Tables of file, label[, group][, split] as CSV or TSV: spreadsheets write them with any separator and encoding."""

import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.data.dataset import Part
from core.data.folder.walk import Folder
from core.data.images import printable

LIMIT_BYTES = 100 * 2**20
_COLUMNS = {
    "file": frozenset(
        {"file", "filename", "file_name", "image", "image_file", "image_name", "image_path", "path", "id"}
    ),
    "label": frozenset({"label", "class", "class_name", "category", "target", "diagnosis", "species"}),
    "group": frozenset({"group", "patient", "patient_id", "subject", "subject_id", "specimen", "case", "case_id"}),
    "split": frozenset({"split", "part", "set", "subset", "partition"}),
    "left_out": frozenset({"left_out"}),
}
"""Names of columns, in small letters; the first that fits is taken."""

_IN_ORDER = ("file", "label", "group", "split")
_PARTS: dict[str, Part] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one file; `problem` is half a sentence if it contradicts itself."""

    file: str
    label: str
    group: str = ""
    part: Part | None = None
    problem: str = ""


@dataclass(frozen=True)
class LabelTable:
    """A table and what it says, by the path of each file as it lies below the root, with "/".

    `missing` are files that it names and that are not there.
    """

    name: str
    rows: Mapping[str, Row]
    missing: tuple[str, ...]

    @property
    def n_labelled(self) -> int:
        """How many images it gives a label."""
        return sum(bool(row.label) for row in self.rows.values())

    def row(self, names: Sequence[str]) -> Row | None:
        """Return what it says of a file, or None."""
        return self.rows.get("/".join(names))


def read_tables(root: Path, folders: Iterable[Folder]) -> Iterator[LabelTable]:
    """Yield the tables right below `root` that give labels to at least two images; others are no tables of labels."""
    folders = list(folders)
    names = [name for folder in folders if not folder.names for name in sorted(folder.tables)]
    if not names:
        return
    files = _Files("/".join(file.names) for folder in folders for file in folder.files)
    for name in names:
        rows = list(_rows(_cells(root / name), files))
        found, missing = _matched(rows, files, root)
        if sum(bool(row.label) for row in found.values()) > 1:
            yield LabelTable(name, found, missing)


class _Files:
    """Finds the file that a table means: by its path, or else by its name with or without its ending if one has it."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_path: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_path[_comparable(path)] = path
            pure = PurePosixPath(_comparable(path))
            for key in {pure.name, pure.stem}:
                self._by_name[key].append(path)

    def find(self, named: str) -> str | None:
        wanted = _comparable(named)
        if wanted in self._by_path:
            return self._by_path[wanted]
        same_name = self._by_name.get(PurePosixPath(wanted).name, [])
        return same_name[0] if len(same_name) == 1 else None


def _comparable(path: str) -> str:
    plain = unicodedata.normalize("NFC", path.strip().replace("\\", "/")).casefold()
    return plain.removeprefix("./")


def _cells(file: Path) -> list[list[str]]:
    """Return the cells of a table, none if it is not readable as text."""
    try:
        content = file.read_bytes() if file.is_file() and file.stat().st_size <= LIMIT_BYTES else b""
    except OSError:
        return []
    text = _decoded(content)
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
    except csv.Error:
        return []


def _decoded(content: bytes) -> str:
    """Return the text of a table: UTF-8 or UTF-16 by its mark, or else as old spreadsheets on Windows wrote it."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _rows(cells: Sequence[Sequence[str]], files: _Files) -> Iterator[Row]:
    if not cells:
        return
    columns = _columns(cells[0])
    body = cells[1:]
    if columns is None and files.find(cells[0][0]):  # no line of names: the first line is an image already
        columns, body = dict(zip(_IN_ORDER, range(len(cells[0])), strict=False)), cells
    if columns is None or "label" not in columns:
        return
    for row in body:
        said = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
        part = _PARTS.get(said.get("split", "").casefold())
        if said.get("file"):
            problem = "the table leaves it out" if said.get("left_out", "").casefold() in ("yes", "1", "true") else ""
            yield Row(said["file"], said.get("label", ""), said.get("group", ""), part, problem)


def _columns(header: Sequence[str]) -> dict[str, int] | None:
    """Return which column holds what, or None unless one names files."""
    names = [name.strip().casefold().replace(" ", "_") for name in header]
    columns = {
        meaning: next(at for at, name in enumerate(names) if name in known)
        for meaning, known in _COLUMNS.items()
        if known.intersection(names)
    }
    return columns if "file" in columns else None


def _matched(rows: Iterable[Row], files: _Files, root: Path) -> tuple[dict[str, Row], tuple[str, ...]]:
    found: dict[str, Row] = {}
    missing = []
    for row in rows:
        path = files.find(row.file.removeprefix(f"{root}/"))
        if path is None:
            missing.append(printable(row.file))
        elif path in found and found[path].label != row.label:
            labels = f"“{printable(found[path].label)}” and “{printable(row.label)}”"
            found[path] = Row(path, row.label, row.group, row.part, f"the table gives it two labels, {labels}")
        else:
            found[path] = row
    return found, tuple(missing)
