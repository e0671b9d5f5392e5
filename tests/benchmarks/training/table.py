"""Markdown tables, and what several measurements of one thing come to."""

import math
import statistics
from collections.abc import Iterable, Sequence

# Student's t for 95 % on both sides, by degrees of freedom; beyond these it is within 5 % of 1.96 · 1.13.
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)


def markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with its first column to the left and numbers to the right."""
    lines = ["| " + " | ".join(heading) + " |", "|---" + "|---:" * (len(heading) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def interval(values: Sequence[float]) -> float:
    """Return half the width of the 95 % interval of the mean, by Student's t; infinite for one value."""
    if len(values) < 2:
        return math.inf
    factor = _T[min(len(values) - 2, len(_T) - 1)]
    return factor * statistics.stdev(values) / math.sqrt(len(values))


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a table; a dash for what was not measured."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
