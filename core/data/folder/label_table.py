"""Tables of file, label[, group][, split] as CSV or TSV, and what a person should check of how they were read."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.dataset import Part
from core.data.folder.columns import Columns, choose_columns, looks_like_file, parts_of, without_comments
from core.data.folder.table_files import Match, TableFiles
from core.data.folder.table_text import read_cells
from core.data.folder.walk import Folder
from core.data.images import printable

_NO_LABEL = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "none", "null"})
"""Words for an empty cell, in small letters, as programs write them."""

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one file; `problem` is half a sentence if it contradicts itself."""

    file: str
    label: str
    group: str = ""
    part: Part | None = None
    left_out: bool = False
    problem: str = ""


@dataclass(frozen=True)
class LabelTable:
    """A table and what it says, by the path of each file as it lies below the root, with "/".

    `missing` are files that it names and that are not there. `by_columns` are the names of the columns for file and
    label where others could have been meant. `doubts` are sentences on what to check where the table is used.
    """

    name: str
    rows: Mapping[str, Row]
    missing: tuple[str, ...]
    by_columns: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def n_labelled(self) -> int:
        """How many images it gives a label."""
        return sum(bool(row.label) for row in self.rows.values())

    def row(self, names: Sequence[str]) -> Row | None:
        """Return what it says of a file, or None."""
        return self.rows.get("/".join(names))


@dataclass(frozen=True)
class Tables:
    """The tables that give labels to at least two images. `doubts` are sentences on others that look like some."""

    usable: tuple[LabelTable, ...] = ()
    doubts: tuple[str, ...] = ()


def read_tables(root: Path, folders: Iterable[Folder]) -> Tables:
    """Read the tables right below `root`."""
    folders = list(folders)
    names = [name for folder in folders if not folder.names for name in sorted(folder.tables)]
    if not names:
        return Tables()
    files = TableFiles(root, ("/".join(file.names) for folder in folders for file in folder.files))
    read = [_read(root / name, files) for name in names]
    usable = tuple(table for table in read if isinstance(table, LabelTable))
    return Tables(usable, tuple(doubt for doubt in read if isinstance(doubt, str) and doubt))


def _read(file: Path, files: TableFiles) -> LabelTable | str:
    """Return a table of labels, or a sentence on why it is none; the sentence is empty if it is something else."""
    cells = read_cells(file, files.names_image)
    rows = without_comments(cells.rows)
    if not rows:
        return cells.trouble
    columns = choose_columns(rows, files)
    body = rows[1:] if columns.names else rows
    if doubt := _lacking(file.name, columns, body, files):
        return doubt
    if "label" not in columns.at:
        return ""
    parts, unclear = parts_of(_cell(row, columns.at.get("split")) for row in body)
    said = _one_form(list(_rows(body, columns, parts)))
    ambiguous = tuple(row.file for row in said if files.is_ambiguous(row.file))
    unsure = set(ambiguous)
    found, missing = _matched([row for row in said if row.file not in unsure], files)
    doubts = (cells.trouble, _ambiguous(file.name, ambiguous), _unclear_parts(file.name, columns, unclear))
    chosen = (columns.names[columns.at["file"]], columns.names[columns.at["label"]]) if columns.several else ()
    table = LabelTable(file.name, found, missing, chosen, tuple(filter(None, doubts)))
    return table if table.n_labelled > 1 else _ambiguous(file.name, ambiguous) or _in_vain(table)


def _lacking(name: str, columns: Columns, body: Sequence[Sequence[str]], files: TableFiles) -> str:
    """Say which column is not called as expected in a table that names images."""
    shown = f"“{printable(name)}”"
    if columns.unnamed is not None:
        column = columns.names[columns.unnamed]
        if files.names_image(column):
            return f"{shown} names images, but has no line of names: let it begin with a line “file,label”."
        return f"{shown} names images in its column “{column}”, so it was not read: rename that column to “file”."
    if "file" in columns.at and "label" not in columns.at:
        named = {match.path for row in body if (match := files.find(_cell(row, columns.at["file"])))}
        if len(named) > 1:
            without = f"{shown} names images, but no column is called label or class, so it was not used."
            return f"{without} If one holds the classes, rename it to “label”."
    return ""


def _ambiguous(name: str, files: Sequence[str]) -> str:
    if not files:
        return ""
    which = f"“{printable(name)}” names “{printable(files[0])}”, but several images are called that"
    more = f", and so with {len(files) - 1} more" if len(files) > 1 else ""
    return f"{which}{more}: write the folder before the name."


def _unclear_parts(name: str, columns: Columns, unclear: Sequence[str]) -> str:
    if not unclear:
        return ""
    rest = len(unclear) - _NAMED
    words = ", ".join(f"“{printable(word)}”" for word in unclear[:_NAMED]) + (f" and {rest} more" * (rest > 0))
    column = columns.names[columns.at["split"]] if columns.names else "split"
    where = f"“{printable(name)}” says {words} in its column “{column}”, which names no part"
    return f"{where}: write train, val or test, or else Graft deals those images itself."


def _in_vain(table: LabelTable) -> str:
    if not table.rows and any(map(looks_like_file, table.missing)):  # else a list of classes, perhaps
        shown = f"“{printable(table.name)}”"
        return f"{shown} gives labels, but none of its files is in this folder, such as “{table.missing[0]}”."
    return ""


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _rows(body: Iterable[Sequence[str]], columns: Columns, parts: Mapping[str, Part]) -> Iterator[Row]:
    for row in body:
        said = {meaning: _cell(row, at) for meaning, at in columns.at.items()}
        if not said["file"]:
            continue
        label = said["label"] if said["label"].casefold() not in _NO_LABEL else ""
        left_out = said.get("left_out", "").casefold() in ("yes", "1", "1.0", "true")
        yield Row(said["file"], label, said.get("group", ""), parts.get(said.get("split", "")), left_out)


def _one_form(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows with "1" in place of "1.0" where both stand: a program wrote a number in two ways."""
    labels = {row.label for row in rows}
    forms = {label: re.sub(r"^(-?\d+)\.0+$", r"\1", label) for label in labels}
    whole = {label: form for label, form in forms.items() if form != label and form in labels}
    return [replace(row, label=whole[row.label]) if row.label in whole else row for row in rows]


def _matched(rows: Iterable[Row], files: TableFiles) -> tuple[dict[str, Row], tuple[str, ...]]:
    """Return what is said of each image, and the files that are not there.

    Where a row from a folder of another name claims the same image as one that fits better, it means another file.
    """
    claims: dict[str, list[tuple[Match, Row]]] = defaultdict(list)
    missing = []
    for row in rows:
        match = files.find(row.file)
        if match is not None:
            claims[match.path].append((match, row))
        elif not row.file.startswith("#"):
            missing.append(printable(row.file))
    found = {}
    for path, claimed in claims.items():
        own = [row for match, row in claimed if not match.foreign]
        missing += [printable(row.file) for match, row in claimed if match.foreign and own]
        found[path] = _merged(path, own or [row for _, row in claimed])
    return found, tuple(missing)


def _merged(path: str, rows: Sequence[Row]) -> Row:
    """Make one of all rows on one file; what they do not agree on is a problem."""
    labels = tuple(dict.fromkeys(row.label for row in rows if row.label))
    groups = tuple(dict.fromkeys(row.group for row in rows if row.group))
    parts = tuple(dict.fromkeys(row.part for row in rows if row.part))
    problem = _contradiction(labels, "the table gives it {} labels, {}")
    problem = problem or _contradiction(parts, "the table puts it into {} parts, {}", "{}")
    problem = problem or _contradiction(groups, "the table puts it into {} groups, {}")
    part = parts[-1] if parts else None
    return Row(path, labels[-1] if labels else "", "".join(groups[-1:]), part, any(r.left_out for r in rows), problem)


def _contradiction(said: Sequence[str], sentence: str, mark: str = "“{}”") -> str:
    if len(said) < 2:
        return ""
    *first, last = (mark.format(printable(word)) for word in said)
    return sentence.format("two" if len(said) == 2 else len(said), f"{', '.join(first)} and {last}")
