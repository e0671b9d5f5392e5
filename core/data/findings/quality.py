"""What to know about the pictures: blurred, dark, bright, nearly empty, of odd size, or unlike all others.

The limits are cleanvision's (its scores of darkness, brightness, blur, information, size and shape). On top of them, an
image must stand out from its own folder: scans that are dark as a whole are not listed as a whole.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from core.data.facts import Facts
from core.data.findings.finding import Evidence, Finding, Severity, left_out, listed, paths, plural, quoted
from core.data.folder.listing import FoundImage

LONG = 0.35
"""cleanvision's limit: shorter by longer side."""

_OUTLIER = 3.5
"""Robust standard deviations from the median (Iglewicz and Hoaglin, 1993)."""
_MAD_TO_SD = 1.4826

_QUARTILE_RANGES = 3.0
_TIMES_AS_LARGE = 2.0
"""cleanvision's rule for sizes, and more than it: where nearly all images have one size, its range is very narrow."""

_RARE, _COMMON = 0.01, 0.95
_RANGE_OFF = 0.5


@dataclass(frozen=True)
class _Measure:
    """One measure of a picture, its limit, and whether what lies above it (1) or below it (-1) is meant."""

    of: Callable[[Facts], float]
    limit: float
    sign: int


_EMPTY = _Measure(lambda facts: facts.entropy, 3.0, -1)
_DARK = _Measure(lambda facts: facts.dark, 0.32, -1)
_BRIGHT = _Measure(lambda facts: facts.bright, 0.95, 1)
_BLURRED = _Measure(lambda facts: facts.sharpness, 0.29, -1)


def nearly_empty(evidence: Evidence) -> Finding | None:
    """Pictures that show next to nothing, such as a placeholder for one that was not found."""
    images = _beyond(_EMPTY, evidence)
    title = plural(len(images), "picture is nearly empty", "pictures are nearly empty")
    return _pictures("nearly-empty", "warn", title, "Placeholders for what was not found?", images)


def blurred(evidence: Evidence) -> Finding | None:
    """Pictures without sharp edges."""
    return _pictures("blurred", "info", "blurred", "", _beyond(_BLURRED, evidence))


def dark(evidence: Evidence) -> Finding | None:
    """Pictures that are dark all over."""
    return _pictures("dark", "info", "very dark", "", _beyond(_DARK, evidence))


def bright(evidence: Evidence) -> Finding | None:
    """Pictures that are bright all over."""
    return _pictures("bright", "info", "very bright", "", _beyond(_BRIGHT, evidence))


def odd_one_out(evidence: Evidence) -> Finding | None:
    """Files that came another way than nearly all others: of a rare format, or without the camera that those name."""
    formats = Counter(facts.format for _, facts in evidence.measured)
    n = len(evidence.measured)
    named = sum(bool(facts.camera) for _, facts in evidence.measured)
    odd, why = [], []
    for image, facts in evidence.measured:
        rare = formats[facts.format] <= _RARE * n
        if rare or (not facts.camera and named >= _COMMON * n):
            odd.append(image)
            why.append(f"{quoted(image.path)} {f'is a {facts.format} file' if rare else 'names no camera'}")
    title = plural(len(odd), "file unlike nearly all others", "files unlike nearly all others")
    advice = f"{listed(why)}. Did {plural(len(odd), 'it', 'they')} come from elsewhere?"
    return _pictures("odd-one-out", "info", title, advice, odd)


def odd_size(evidence: Evidence) -> Finding | None:
    """Images much larger, smaller or longer than the others."""
    images = [image for image in evidence.readable if image.width_px and image.height_px]
    if not images:
        return None
    sides = [math.sqrt(image.width_px * image.height_px) for image in images]
    shapes = [min(image.width_px, image.height_px) / max(image.width_px, image.height_px) for image in images]
    odd = sorted({*_odd_sides(sides), *_outliers(shapes, LONG, -1)})
    if not odd:
        return None
    usual = images[sorted(range(len(images)), key=sides.__getitem__)[len(images) // 2]]
    advice = (
        f"About {usual.width_px} × {usual.height_px} pixels are usual here. Small images look blurred to the model, "
        "long ones lose much when they are cut square."
    )
    return Finding("odd-size", "info", len(odd), "of unusual size or shape", advice, paths([images[k] for k in odd]))


def value_range(evidence: Evidence) -> Finding | None:
    """Images of more than 8 bits that were scaled otherwise than most, so that equal values become other greys."""
    scaled = [(image, facts.low, facts.high) for image, facts in evidence.measured]
    known = [(image, low, high) for image, low, high in scaled if low is not None and high is not None]
    if not known:
        return None
    usual_low, usual_high = median(low for _, low, _ in known), median(high for _, _, high in known)
    limit = _RANGE_OFF * (usual_high - usual_low)
    off = [image for image, low, high in known if max(abs(low - usual_low), abs(high - usual_high)) > limit]
    if not off:
        return None
    advice = (
        f"Each image is shown from its own darkest to its own brightest value, most from about {usual_low:g} to "
        f"{usual_high:g}. In these, an equal value becomes quite another grey. Record all with the same settings, if "
        "the values matter."
    )
    title = plural(len(off), "image has another range of values", "images have another range of values")
    return Finding("value-range", "info", len(off), title, advice, paths(off))


def _pictures(key: str, severity: Severity, title: str, advice: str, images: Sequence[FoundImage]) -> Finding | None:
    """Return a finding on pictures that can be left out at one click, or nothing if there are none."""
    if not images:
        return None
    them = plural(len(images), "it", "them")
    whole = f"{advice} Look at {them}, and keep what the model will meet in use.".strip()
    out = left_out(paths(images))
    return Finding(key, severity, len(images), title, whole, paths(images), f"Leave {them} out", out)


def _beyond(measure: _Measure, evidence: Evidence) -> list[FoundImage]:
    """Return the images beyond a limit that are outliers in their folder; what is nearly empty is only called that."""
    values = [measure.of(facts) for _, facts in evidence.measured]
    images = [evidence.measured[index][0] for index in _outliers(values, measure.limit, measure.sign)]
    if measure is _EMPTY:
        return images
    empty = set(paths(_beyond(_EMPTY, evidence)))
    return [image for image in images if image.path not in empty]


def _outliers(values: Sequence[float], limit: float, sign: int) -> list[int]:
    """Return which values lie beyond the limit, and far from the median of all."""
    if not values:
        return []
    every = np.asarray(values)
    middle = np.median(every)
    spread = _MAD_TO_SD * np.median(np.abs(every - middle))
    far = (sign * (every - limit) > 0) & (sign * (every - middle) > _OUTLIER * spread)
    return [int(index) for index in np.flatnonzero(far)]


def _odd_sides(sides: Sequence[float]) -> list[int]:
    every = np.asarray(sides)
    first, middle, third = np.percentile(every, [25, 50, 75])
    reach = _QUARTILE_RANGES * (third - first)
    outside = (every < first - reach) | (every > third + reach)
    times = np.maximum(every / middle, middle / every) >= _TIMES_AS_LARGE
    return [int(index) for index in np.flatnonzero(outside & times)]
