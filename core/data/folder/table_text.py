"""The cells of a table as people and spreadsheets write it: any separator and encoding, comments, stray quotes."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.images import printable

LIMIT_BYTES = 100 * 2**20
_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n])"?[^\r\n]*(?:\r\n?|\n)', re.IGNORECASE)
"""What spreadsheets on Windows write as the first line."""


@dataclass(frozen=True)
class Cells:
    """The rows that are not empty. `trouble` is a sentence on what is wrong with the file, or empty."""

    rows: Sequence[Sequence[str]] = ()
    trouble: str = ""


def read_cells(file: Path, names_image: Callable[[str], bool]) -> Cells:
    """Read a table; `names_image` says whether a cell names an image: it tells rows that a quotation mark swallowed."""
    shown = f"“{printable(file.name)}”"
    try:
        if not file.is_file():
            return Cells()
        if file.stat().st_size > LIMIT_BYTES:
            return Cells(trouble=f"{shown} was not read: it is larger than {LIMIT_BYTES >> 20} MB.")
        text = _decoded(file.read_bytes())
    except OSError:
        return Cells(trouble=f"{shown} cannot be opened, so it was not read.")
    if "\0" in text:
        return Cells(trouble=f"{shown} is not text, so it was not read: save it again as CSV.")
    separator, text = _separator(text)
    rows, stray = _parsed(text, separator, names_image)
    trouble = f"{shown} has a quotation mark without its partner near line {stray}: take it out." if stray else ""
    return Cells([row for row in rows if any(row)], trouble)


def _decoded(content: bytes) -> str:
    """Return the text of a table: UTF-8 or UTF-16 by its mark, or else as old spreadsheets on Windows wrote it."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _separator(text: str) -> tuple[str, str]:
    """Return what separates the cells, and the text without a line that only says so."""
    told = _SEPARATOR_LINE.match(text)
    if told:
        return told[1], text[told.end() :]
    lines = (line[0] for line in re.finditer(r"[^\r\n]+", text))
    first = next((line for line in lines if not line.startswith("#")), "")
    return max(_SEPARATORS, key=first.count), text


def _parsed(text: str, separator: str, names_image: Callable[[str], bool]) -> tuple[list[list[str]], int]:
    """Return the rows, and the line in which a quotation mark has no partner (0: none); from there on a line is a row.

    A mark that is never closed would swallow all rows down to the next one, and the labels in them.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    end = 0
    try:
        for row in reader:
            if any(names_image(cell) for inner in _inner_lines(row) for cell in inner.split(separator)):
                return rows + _line_by_line(text, separator, end), end + 1
            rows.append(row)
            end = reader.line_num
    except csv.Error:
        return rows + _line_by_line(text, separator, end), end + 1
    return rows, 0


def _inner_lines(row: Sequence[str]) -> list[str]:
    return [line for cell in row if "\n" in cell or "\r" in cell for line in cell.splitlines()[1:] if line.strip()]


def _line_by_line(text: str, separator: str, start: int) -> list[list[str]]:
    lines = list(io.StringIO(text, newline=""))[start:]
    try:
        return [row for line in lines for row in csv.reader([line], delimiter=separator)]
    except csv.Error:  # a cell of more than a hundred thousand letters
        return []
