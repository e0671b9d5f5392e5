"""Outlines and veins of four kinds of leaf, as numbers: the base of the blade at (0, 0), its tip about (0, 1)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Shape (n, 2): x to the right and y towards the tip, in lengths of the blade."""


@dataclass(frozen=True)
class Leaf:
    """A blade's closed outline, its veins (the strongest first) and its stalk as lines."""

    outline: Points
    veins: tuple[Points, ...]
    stalk: Points


def oak(random: np.random.Generator) -> Leaf:
    """Widest above the middle, with round lobes on both sides."""
    along = np.linspace(0, 1, 160)
    lobes, depth, width = random.uniform(3.4, 5.2), random.uniform(0.24, 0.4), random.uniform(0.27, 0.36)

    def half_width(phase: float) -> NDArray[np.float64]:
        body = np.sin(np.pi * along**1.35) ** 0.7
        return width * body * (1 + depth * np.cos(2 * np.pi * lobes * along**1.1 + phase)) * (0.25 + 0.75 * along**0.35)

    phases = random.uniform(2.6, 3.6) + random.uniform(-0.5, 0.5, 2)
    return Leaf(
        _sides(along, half_width(phases[0]), half_width(phases[1])),
        _pinnate(round(lobes) + 1, reach=0.72 * width, rise=0.17),
        _stalk(random, 0.14),
    )


def maple(random: np.random.Generator) -> Leaf:
    """Five pointed lobes that spread from one point like fingers, with a few large teeth."""
    spread, sinus = random.uniform(0.82, 1.0), random.uniform(0.36, 0.5)
    angles = np.array([-2.05, -0.98, 0.0, 0.98, 2.05]) * spread + random.normal(0, 0.05, 5)
    lengths = np.array([0.5, 0.86, 1.0, 0.86, 0.5]) * random.uniform(0.9, 1.08, 5)
    corners = [(-2.9, 0.12)]
    for index, (angle, length) in enumerate(zip(angles, lengths, strict=True)):
        wide = 0.36 * spread
        for turn, part in (
            (-0.62, 0.66),
            (-0.42, 0.62),
            (-0.24, 0.82),
            (0, 1.0),
            (0.24, 0.82),
            (0.42, 0.62),
            (0.62, 0.66),
        ):
            corners.append((angle + turn * wide * 1.15, length * part * random.uniform(0.95, 1.05)))
        if index < 4:
            corners.append(((angle + angles[index + 1]) / 2, sinus * min(length, lengths[index + 1]) * 1.15))
    corners.append((2.9, 0.12))
    centre = np.array([0.0, 0.3])
    scale = 0.7
    tips = [
        _polar(np.array([angle]), np.array([0.86 * length]))[0] * scale
        for angle, length in zip(angles, lengths, strict=True)
    ]
    outline = _polar(*np.array(corners).T) * scale + centre
    veins = tuple(np.linspace(centre, centre + tips[index], 8) for index in (2, 1, 3, 0, 4))
    return Leaf(outline, veins, np.concatenate([[centre], _stalk(random, 0.32)]))


def willow(random: np.random.Generator) -> Leaf:
    """Long and narrow like a lance, with a finely toothed edge."""
    along = np.linspace(0, 1, 200)
    width, teeth = random.uniform(0.085, 0.13), random.uniform(22, 32)
    edge = 1 + 0.07 * (teeth * along % 1)
    half_width = width * np.sin(np.pi * along**0.8) ** 0.9 * edge
    return Leaf(_sides(along, half_width, half_width), _pinnate(9, reach=0.75 * width, rise=0.06), _stalk(random, 0.09))


def ginkgo(random: np.random.Generator) -> Leaf:
    """A fan with a wavy rim and a notch in its middle, its veins spread from the stalk."""
    half_angle, notch = random.uniform(0.85, 1.2), random.uniform(0.12, 0.42)
    turn = np.linspace(-1, 1, 160)
    waves = 0.025 * np.sin(turn * random.uniform(9, 16) + random.uniform(0, 6)) + 0.012 * np.sin(turn * 37)
    rim = 0.95 + waves - notch * np.exp(-((turn / random.uniform(0.05, 0.12)) ** 2)) - 0.09 * turn**2
    fan = _polar(turn * half_angle, rim)
    inward = np.linspace(1, 0, 24)[1:, None]
    bow = np.array([0.0, 0.10]) * np.sin(np.pi * inward)
    outline = np.concatenate([fan, fan[-1] * inward + bow, (fan[0] * inward + bow)[::-1]])
    rays = np.linspace(-0.9, 0.9, 13) * half_angle
    veins = tuple(np.linspace((0, 0), _polar(np.array([ray]), np.array([0.84]))[0], 8) for ray in rays)
    return Leaf(outline, veins, _stalk(random, 0.42))


KINDS: dict[str, Callable[[np.random.Generator], Leaf]] = {
    "ginkgo": ginkgo,
    "maple": maple,
    "oak": oak,
    "willow": willow,
}
"""The classes of the sample images."""


def _polar(angle: NDArray[np.float64], radius: NDArray[np.float64]) -> Points:
    """Return points at an angle from the direction of the tip, in radians, clockwise."""
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)


def _sides(along: NDArray[np.float64], right: NDArray[np.float64], left: NDArray[np.float64]) -> Points:
    return np.concatenate([np.stack([right, along], 1), np.stack([-left, along], 1)[::-1]])


def _pinnate(pairs: int, reach: float, rise: float) -> tuple[Points, ...]:
    """Return a middle vein and pairs of side veins that rise from it."""
    middle = np.stack([np.zeros(24), np.linspace(0, 0.97, 24)], 1)
    starts = np.linspace(0.12, 0.8, pairs)
    out = [reach * np.sin(np.pi * start**1.1) ** 0.6 for start in starts]
    sides = [
        np.linspace((0.0, start), (sign * x, start + rise), 8)
        for start, x in zip(starts, out, strict=True)
        for sign in (-1, 1)
    ]
    return (middle, *sides)


def _stalk(random: np.random.Generator, length: float) -> Points:
    down = np.linspace(0, length, 10)
    return np.stack([random.uniform(-0.9, 0.9) * down**2, -down], 1)
