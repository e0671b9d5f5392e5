"""The facts of a picture: cleanvision's measures of quality, imagehash's perceptual hash, and a few colours.

All is measured on copies of 64 pixels a side: that is what imagehash looks at, and about the size on which cleanvision
defines its measure of blur. Brightness and colours are measured where both sides are at most that, so thin lines on
white paper count as grey, not as over-bright.

The formulas of both are written out here, and tests hold them against the libraries: their own functions take several
times as long, with the interpreter locked, so that the threads of a scan would wait for each other.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.data.facts import Facts
from core.data.formats.pixels import Decoded

HASH_SIDE = 16
"""The perceptual hash has this many bits squared."""

SIDE_PX = 64
"""The side of the copies, four times HASH_SIDE; one pixel of them is about the 2 % that count as border."""

_COSINES = np.cos(np.pi / (2 * SIDE_PX) * np.outer(np.arange(HASH_SIDE), 2 * np.arange(SIDE_PX) + 1))
"""The slowest waves of a discrete cosine transform (type II), which are all that the hash looks at."""

_BRIGHTNESS = np.array([0.241, 0.691, 0.068], np.float32) / 255**2
"""Share of each squared colour in the squared brightness (cleanvision; http://alienryderflex.com/hsp.html)."""

_BLUR_FACTOR, _LEAST_SPREAD = 0.01, 0.18
"""cleanvision's `normalizing_factor` and `color_threshold` for blur."""

_NO_CONTRAST = 4
"""Of 255: what differs less than this is noise of compression, and its hash would be chance."""

Colour = tuple[float, float, float]


def facts_of(decoded: Decoded) -> Facts:
    """Return what a decoded image, of its full size or a fraction of it, and its metadata say."""
    image = decoded.image
    # BICUBIC is faster than LANCZOS, which imagehash takes, and bears copies of another size as well.
    grey = image.convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
    small = image.reduce(math.ceil(max(image.size) / SIDE_PX))
    pixels, greys = np.asarray(small), np.asarray(grey)
    dark, bright = _brightness(pixels)
    colour, border = _colours(pixels)
    metadata = decoded.metadata()
    return Facts(
        format=decoded.format,
        mode=decoded.mode,
        phash=_hash(greys),
        dark=dark,
        bright=bright,
        sharpness=_sharpness(grey, greys, min(image.size) / max(image.size)),
        entropy=small.entropy(),
        colour=colour,
        border=border,
        low=decoded.low,
        high=decoded.high,
        captured=metadata.captured,
        camera=metadata.camera,
        personal=metadata.personal,
    )


def _hash(greys: NDArray[np.uint8]) -> str:
    """Return imagehash's `phash` as hex digits, or nothing for a picture without contrast."""
    if int(greys.max()) - int(greys.min()) < _NO_CONTRAST:
        return ""
    waves = (_COSINES @ greys @ _COSINES.T).ravel()
    ordered = np.sort(waves)
    median = (ordered[waves.size // 2 - 1] + ordered[waves.size // 2]) / 2
    return np.packbits(waves > median).tobytes().hex()


def _brightness(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Return cleanvision's brightness that 99 % and that 5 % of the pixels do not exceed: what is dark, over-bright."""
    squared = np.square(pixels.reshape(-1, 3), dtype=np.float32) @ _BRIGHTNESS
    ranks = [round((squared.size - 1) * share) for share in (0.05, 0.99)]
    bright, dark = np.partition(squared, ranks)[ranks]
    return math.sqrt(dark), math.sqrt(bright)


def _sharpness(grey: Image.Image, greys: NDArray[np.uint8], aspect: float) -> float:
    """Return cleanvision's score of blur: 0 for a picture without edges, 1 for a sharp one.

    `aspect` is by how much fewer pixels cleanvision's copy, which is no square, would have.
    """
    counts = np.bincount(greys.ravel(), minlength=256) * aspect
    edges = 1 - math.exp(-_deviation(np.asarray(grey.filter(ImageFilter.FIND_EDGES)).ravel()) * _BLUR_FACTOR)
    spread = 1 - math.exp(-_deviation(counts) * _BLUR_FACTOR)
    return min(1.0, edges + (spread if spread > _LEAST_SPREAD else 0.0))


def _deviation(values: NDArray[Any]) -> float:
    floats = values.astype(np.float64)
    mean = float(floats.sum()) / floats.size
    return math.sqrt(max(0.0, float(floats @ floats) / floats.size - mean * mean))


def _colours(pixels: NDArray[np.uint8]) -> tuple[Colour, Colour]:
    """Return the mean RGB, 0 to 1, of the whole and of its outermost frame, one pixel wide."""
    inner = pixels[1:-1, 1:-1]
    whole_sum, inner_sum = _sum(pixels), _sum(inner)
    count, inner_count = pixels.shape[0] * pixels.shape[1], inner.shape[0] * inner.shape[1]
    return _mean(whole_sum, count), _mean(whole_sum - inner_sum, count - inner_count)


def _sum(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    rows = pixels.sum(axis=0, dtype=np.int64)
    return np.asarray(rows.sum(axis=0))


def _mean(total: NDArray[np.int64], count: int) -> Colour:
    red, green, blue = (float(value) / (255 * count) for value in total)
    return red, green, blue
