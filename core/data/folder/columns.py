"""Which column of a table holds what: by its name, and for files by which images its cells name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.data.dataset import Part
from core.data.folder.table_files import TableFiles
from core.data.images import FOREIGN_SUFFIXES, SUFFIXES, printable

_FILE = (
    *("file", "filename", "filepath", "path", "imagepath", "imgpath", "imagefile", "image", "img", "imagename"),
    *("imgname", "datei", "dateiname", "bild", "bildname", "imageid", "imgid", "isicid", "name", "id"),
)
_LABEL = (
    *("label", "class", "labels", "classname", "labelname", "klasse", "klassenname", "category", "kategorie"),
    *("species", "diagnosis", "dx", "breed", "target"),
)
_RISKY_LABEL = ("y", "type", "typ")
"""Often something else: taken only where nothing but they can be the label."""

_OTHERS = {
    "group": ("group", "patient", "patientid", "subject", "subjectid", "specimen", "case", "caseid"),
    "split": ("split", "part", "subset", "partition", "set"),
    "left_out": ("leftout",),
}
_IN_ORDER = ("file", "label", "group", "split")
"""What the columns of a table without a line of names hold."""

_PARTS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "tr", "trn", "learn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "development", "tuning", "validierung"), "val"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "heldout"), "test"),
}
_EVALUATION = ("eval", "evaluation")
_LOOKED_AT = 200
"""So many rows tell whether a column of an unknown name holds files."""


@dataclass(frozen=True)
class Columns:
    """Where in a row each thing stands. `names` are the names of the columns, empty if the table has no line of them.

    `several` says that another column could have been meant. Where none has the name of a file column, `unnamed` is
    the place of one whose cells name images.
    """

    at: Mapping[str, int] = field(default_factory=dict)
    names: Sequence[str] = ()
    several: bool = False
    unnamed: int | None = None


def choose_columns(rows: Sequence[Sequence[str]], files: TableFiles) -> Columns:
    """Tell by the first row, which may be an image already, and by the cells below it."""
    header, body = rows[0], rows[1:]
    keys = [_key(name) for name in header]
    shown = [printable(name.strip().lstrip("#").strip()) for name in header]
    possible = [at for at, key in enumerate(keys) if key in _FILE]
    if not possible:
        if files.find(header[0]):
            return Columns(dict(zip(_IN_ORDER, range(len(header)), strict=False)))
        return Columns(names=shown, unnamed=_naming_images(rows, files))
    at = {"file": max(possible, key=lambda each: (*_naming(body, each, files), -_FILE.index(keys[each])))}
    for meaning, known in _OTHERS.items():
        if fitting := [name for name in known if name in keys]:
            at[meaning] = keys.index(fitting[0])
    labels = _label_columns(keys, body, {*possible, *at.values()})
    if labels:
        at["label"] = labels[0]
    return Columns(at, shown, len(possible) > 1 or len(labels) > 1)


def without_comments(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Return the rows from the first on that is no comment; "#file" may begin a line of names."""
    for start, row in enumerate(rows):
        if not row[0].startswith("#") or any(_key(name) in _FILE for name in row):
            return rows[start:]
    return ()


def parts_of(words: Iterable[str]) -> tuple[dict[str, Part], tuple[str, ...]]:
    """Return the part that each word means, and the words that mean none: "train", "Test set", "hold-out"."""
    parts: dict[str, Part] = {}
    unclear = []
    for word in sorted(set(words) - {""}):
        plain = "".join(char for char in word.casefold() if char.isalpha() or char.isdecimal())
        part = _PARTS.get(plain) or _PARTS.get(plain.removesuffix("set").removesuffix("data"))
        if part is not None:
            parts[word] = part
        else:
            unclear.append(word)
    # beside a test part, evaluation means validation
    evaluation: Part = "val" if "test" in parts.values() else "test"
    parts |= {word: evaluation for word in unclear if word.casefold().strip() in _EVALUATION}
    return parts, tuple(word for word in unclear if word not in parts)


def looks_like_file(cell: str) -> bool:
    """Return whether a cell ends as the name of an image does."""
    return "." in cell and f".{cell.strip().rpartition('.')[2].lower()}" in SUFFIXES | FOREIGN_SUFFIXES


def _key(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _label_columns(keys: Sequence[str], body: Sequence[Sequence[str]], taken: set[int]) -> list[int]:
    """Return the columns that could hold the label, the strongest name first; one without any word comes last."""
    labels = [keys.index(name) for name in _LABEL if name in keys]
    if not labels:
        others = [at for at, key in enumerate(keys) if at not in taken and key]
        labels = others if len(others) == 1 and keys[others[0]] in _RISKY_LABEL else []
    return sorted(labels, key=lambda at: not any(at < len(row) and row[at].strip() for row in body))


def _naming(body: Sequence[Sequence[str]], at: int, files: TableFiles) -> tuple[int, int, int]:
    """Return how many images a column names in full, how many cells look like files, and how many fit by their stem."""
    cells = {row[at] for row in body if at < len(row)}
    found = [match for cell in cells if (match := files.find(cell))]
    full = {match.path for match in found if not match.by_stem}
    return len(full), sum(map(looks_like_file, cells)), len(found)


def _naming_images(rows: Sequence[Sequence[str]], files: TableFiles) -> int | None:
    some = rows[:_LOOKED_AT]
    counts = [sum(at < len(row) and files.names_image(row[at]) for row in some) for at in range(len(rows[0]))]
    return counts.index(max(counts)) if max(counts) > 1 else None
