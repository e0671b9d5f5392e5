"""The facts of a picture: cleanvision's measures of quality, imagehash's perceptual hash, and a few colours.

All is measured on copies of 64 pixels a side: that is what imagehash looks at, and about the size on which cleanvision
defines its measure of blur. Brightness and colours are measured where both sides are at most that, so thin lines on
white paper count as grey, not as over-bright.

The formulas of both are written out here, and tests hold them against the libraries: their own functions take several
times as long, with the interpreter locked, so that the threads of a scan would wait for each other. Several pictures
are measured in one go: right after a decoding, which fills the caches, each step takes two to three times as long.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.facts import Facts
from core.data.formats.pixels import Decoded, Metadata

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


@dataclass(frozen=True, slots=True)
class Sample:
    """What is kept of a decoded image until it is measured: copies of a few kilobytes, and what its file says."""

    grey: bytes
    colours: Image.Image
    aspect: float
    format: str
    mode: str
    low: float | None
    high: float | None
    metadata: Metadata


def sample(decoded: Decoded) -> Sample:
    """Return what is to be measured of an image, decoded at its full size or a fraction of it."""
    image = decoded.image
    # BICUBIC is faster than LANCZOS, which imagehash takes, and bears copies of another size as well.
    grey = image.convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
    longer, shorter = max(image.size), min(image.size)
    return Sample(
        grey.tobytes(),
        image.reduce(math.ceil(longer / SIDE_PX)),
        shorter / longer,
        decoded.format,
        decoded.mode,
        decoded.low,
        decoded.high,
        decoded.metadata(),
    )


def facts_of(samples: Sequence[Sample]) -> list[Facts]:
    """Return what the images and their metadata say, in their order."""
    if not samples:
        return []
    grey = np.frombuffer(b"".join(one.grey for one in samples), np.uint8).reshape(-1, SIDE_PX, SIDE_PX)
    sharpness = _sharpness(grey, np.array([one.aspect for one in samples]))
    return list(map(_facts, samples, _hashes(grey), sharpness))


def _facts(one: Sample, phash: str, sharpness: float) -> Facts:
    pixels = np.asarray(one.colours)
    dark, bright = _brightness(pixels)
    colour, border = _colours(pixels)
    return Facts(
        format=one.format,
        mode=one.mode,
        phash=phash,
        dark=dark,
        bright=bright,
        sharpness=sharpness,
        entropy=one.colours.entropy(),
        colour=colour,
        border=border,
        low=one.low,
        high=one.high,
        captured=one.metadata.captured,
        camera=one.metadata.camera,
        personal=one.metadata.personal,
    )


def _hashes(grey: NDArray[np.uint8]) -> list[str]:
    """Return imagehash's `phash` of each as hex digits, or nothing for a picture without contrast."""
    waves = (_COSINES @ grey @ _COSINES.T).reshape(len(grey), -1)
    ordered, half = np.sort(waves, axis=1), waves.shape[1] // 2
    median = (ordered[:, half - 1] + ordered[:, half]) / 2
    bits = np.packbits(waves > median[:, None], axis=1)
    contrast = np.ptp(grey.reshape(len(grey), -1), axis=1)
    return [one.tobytes().hex() if enough else "" for one, enough in zip(bits, contrast >= _NO_CONTRAST, strict=True)]


def _brightness(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Return cleanvision's brightness that 99 % and that 5 % of the pixels do not exceed: what is dark, over-bright."""
    squared = np.square(pixels.reshape(-1, 3), dtype=np.float32) @ _BRIGHTNESS
    ranks = [round((squared.size - 1) * share) for share in (0.05, 0.99)]
    squared.partition(ranks)
    bright, dark = squared[ranks]
    return math.sqrt(dark), math.sqrt(bright)


def _sharpness(grey: NDArray[np.uint8], aspect: NDArray[np.float64]) -> list[float]:
    """Return cleanvision's score of blur: 0 for a picture without edges, 1 for a sharp one.

    `aspect` is by how much fewer pixels cleanvision's copy, which is no square, would have.
    """
    return [
        min(1.0, edges + (spread if spread > _LEAST_SPREAD else 0.0))
        for edges, spread in zip(_score(_edges(grey)), _score(_counts(grey) * aspect[:, None]), strict=True)
    ]


def _edges(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what Pillow's FIND_EDGES does: 8 times a pixel less its neighbours; the outermost stay as they are."""
    rows = grey[:, :-2].astype(np.int16) + grey[:, 1:-1] + grey[:, 2:]
    around = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    found = grey.copy()
    found[:, 1:-1, 1:-1] = np.clip(9 * grey[:, 1:-1, 1:-1].astype(np.int16) - around, 0, 255)
    return found.reshape(len(grey), -1)


def _counts(grey: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how often each shade is there: (N, 256)."""
    return np.array([np.bincount(one, minlength=256) for one in grey.reshape(len(grey), -1)])


def _score(values: NDArray[Any]) -> list[float]:
    return [1 - math.exp(-_deviation(row) * _BLUR_FACTOR) for row in values.astype(np.float64)]


def _deviation(values: NDArray[np.float64]) -> float:
    mean = float(values.sum()) / values.size
    return math.sqrt(max(0.0, float(values @ values) / values.size - mean * mean))


def _colours(pixels: NDArray[np.uint8]) -> tuple[Colour, Colour]:
    """Return the mean RGB, 0 to 1, of the whole and of its outermost frame, one pixel wide."""
    inner = pixels[1:-1, 1:-1]
    whole_sum, inner_sum = _sum(pixels), _sum(inner)
    count, inner_count = pixels.shape[0] * pixels.shape[1], inner.shape[0] * inner.shape[1]
    return _mean(whole_sum, count), _mean(whole_sum - inner_sum, count - inner_count)


def _sum(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    rows = pixels.sum(axis=0, dtype=np.uint16)  # of at most SIDE_PX values
    return np.asarray(rows.sum(axis=0, dtype=np.int64))


def _mean(total: NDArray[np.int64], count: int) -> Colour:
    red, green, blue = (value / (255 * count) for value in total.tolist())
    return red, green, blue
