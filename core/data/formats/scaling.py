"""More than 8 bits a channel to 8: which value becomes black, and which white.

The range is taken from each file alone, so that thumbnails, training and prediction agree whatever other images there
are. It reaches from the darkest to the brightest pixel, less one pixel in 10,000 at either end: cameras store 12 or 14
bits in 16, and microscopes use a small part of those, so the range of the format would leave such images black; and a
single dead or hot pixel (or a burnt-in mark) must not decide over all others.

Colour of 16 bits that uses the highest bit, within that range, is a photograph out of a raw converter or a scanner: it
keeps the whole range of the format, so that it looks as its 8-bit copy does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.formats.memory import MEMORY
from core.data.formats.pixels import MEMORY_LIMIT_MB, Undecodable

CUT_SHARE = 1e-4
_VALUES_AT_ONCE = 2**18
_NOTHING_KNOWN = "none of its pixels holds a number"


@dataclass(frozen=True, slots=True)
class Scaled:
    """Grey levels of the same shape as the values, and the values that became 0 and 255."""

    levels: NDArray[np.uint8]
    low: float
    high: float
    whole: bool = False
    """The range is the one of the format, so that a colour profile still speaks of these levels."""


def check_values(pixels: int, samples: int, itemsize: int) -> None:
    """Raise Undecodable if so many values are too much, else wait until there is room for them: they are held twice
    while they are read or their range is sought, and then there are grey levels and the image of them."""
    needed = pixels * (samples * (2 * itemsize + 1) + 8)
    needed_mb = needed // 2**20
    if needed_mb > MEMORY_LIMIT_MB:
        raise Undecodable(
            f"it would take {needed_mb} MB to decode, and Graft gives at most {MEMORY_LIMIT_MB} to one image"
        )
    MEMORY.claim(needed)


def scale(values: NDArray[Any], low: float, high: float, *, unknown: float | None = None) -> NDArray[np.uint8]:
    """Return `low` as 0, `high` as 255, linearly between and cut beyond; what is no number or `unknown` becomes 0."""
    levels = np.empty(values.shape, np.uint8)
    half = high / 2 - low / 2  # the whole difference of two huge floats would be infinite
    first = 0
    for rows in _strips(values):
        with np.errstate(invalid="ignore"):  # some codes of "no number" warn as they are converted
            part = rows.astype(np.float64)
        known = np.isfinite(part) if unknown is None else np.isfinite(part) & (rows != unknown)
        share = (np.where(known, part, low) / 2 - low / 2) / half if half > 0 else np.zeros_like(part)
        levels[first : first + len(rows)] = np.rint(np.where(known, np.clip(share, 0, 1), 0) * 255)
        first += len(rows)
    return levels


def stretch(values: NDArray[Any], *, unknown: float | None = None) -> Scaled:
    """Scale grey (H, W) or colour (H, W, C) values by the range that the module describes, one for all channels.

    Values equal to `unknown`, and those that are no numbers, do not count and become black.
    """
    few = values.dtype.kind in "ui" and values.dtype.itemsize <= 2
    low, high = (_range_of_few if few else _range)(values, unknown)
    full = float(np.iinfo(values.dtype).max) if values.dtype.kind == "u" else 0.0
    if values.ndim == 3 and full and high > full / 2:
        return Scaled(scale(values, 0, full), 0.0, full, whole=True)
    return Scaled(scale(values, low, high, unknown=unknown), low, high)


def _strips(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield some rows at a time, so that what is computed of them stays small."""
    rows = max(1, _VALUES_AT_ONCE // max(1, values[:1].size))
    return (values[first : first + rows] for first in range(0, len(values), rows))


def _range_of_few(values: NDArray[Any], unknown: float | None) -> tuple[float, float]:
    """Return the range of values of at most 16 bits: each of them is counted, and nothing is copied."""
    least = int(np.iinfo(values.dtype).min)
    counts = np.zeros(2 ** (8 * values.dtype.itemsize), np.int64)
    for rows in _strips(values):
        counts += np.bincount(rows.ravel().astype(np.int64) - least, minlength=len(counts))
    if unknown is not None and float(unknown).is_integer() and 0 <= int(unknown) - least < len(counts):
        counts[int(unknown) - least] = 0
    present = np.flatnonzero(counts)
    if not present.size:
        raise Undecodable(_NOTHING_KNOWN)
    up_to = np.cumsum(counts)
    cut = int(up_to[-1] * CUT_SHARE)
    low, high = (int(np.searchsorted(up_to, place, side="right")) for place in (cut, up_to[-1] - 1 - cut))
    if high <= low:
        low, high = int(present[0]), int(present[-1])
    return float(low + least), float(high + least)


def _range(values: NDArray[Any], unknown: float | None) -> tuple[float, float]:
    known = values[np.isfinite(values)] if values.dtype.kind == "f" else values.flatten()
    if unknown is not None:
        known = known[known != unknown]
    if not known.size:
        raise Undecodable(_NOTHING_KNOWN)
    cut = int(known.size * CUT_SHARE)
    known.partition((cut, known.size - 1 - cut))  # a copy of ours
    low, high = float(known[cut]), float(known[known.size - 1 - cut])
    return (low, high) if high > low else (float(known.min()), float(known.max()))
