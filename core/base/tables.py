"""Rows for a spreadsheet, written as CSV."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.base.errors import UserError
from core.base.files import write_bytes


def require_free(path: Path) -> None:
    """Raise UserError if the file exists: nothing is replaced silently."""
    if path.exists():
        raise UserError(f"“{path}” exists already.", "Choose another name; nothing is replaced.")


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write rows as CSV in UTF-8 with a byte order mark, as spreadsheets expect it.

    Raises UserError if the file exists, since nothing is replaced silently, or cannot be written.
    """
    require_free(path)
    write_rows(path, rows)


def write_rows(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Do the same in place of what may be there: a person was asked before."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    try:
        write_bytes(path, text.getvalue().encode("utf-8-sig", "backslashreplace"))
    except OSError as error:
        raise UserError(f"“{path}” cannot be written: {error.strerror}.", "Choose another place.") from None
