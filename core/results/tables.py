"""Predictions as rows for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.base.errors import UserError
from core.base.files import write_bytes
from core.results.predict import Predicted


def prediction_rows(predictions: Iterable[Predicted], classes: Sequence[str]) -> list[list[str]]:
    """Return a header and a row for each file: name, class, certainty (0 to 1), problem, then every class."""
    rows = [["file", "class", "certainty", "problem", *classes]]
    for said in predictions:
        if said.probabilities:
            best = max(range(len(classes)), key=said.probabilities.__getitem__)
            numbers = [f"{probability:.6f}" for probability in said.probabilities]
            rows.append([str(said.path), classes[best], numbers[best], "", *numbers])
        else:
            rows.append([str(said.path), "", "", said.problem, *("" for _ in classes)])
    return rows


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
