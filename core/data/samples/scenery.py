"""A leaf on some ground, photographed by chance: pose, light, colour, blur and clutter do not depend on its kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from core.data.samples.leaves import Leaf, Points

SIDE_PX = 160
_FINE = 3
"""Shapes are drawn this many times larger and then reduced, for smooth edges."""

_Pixels = NDArray[np.floating[Any]]
"""Shape (160, 160) for shares from 0 to 1, (160, 160, 3) for colours from 0 to 255."""
_Colour = NDArray[np.floating[Any]]

_LEAF_COLOURS = np.array(
    [
        (104, 158, 62), (58, 112, 52), (134, 142, 58), (226, 192, 64), (222, 146, 44),
        (204, 92, 40), (172, 48, 44), (128, 58, 66), (138, 98, 60), (168, 186, 92),
    ],
    dtype=np.float32,
)  # fmt: skip
_GROUND_COLOURS = np.array(
    [
        (84, 64, 48), (122, 118, 112), (206, 188, 152), (74, 92, 54), (232, 230, 222), (84, 108, 138),
        (150, 110, 74), (176, 104, 78), (60, 62, 68), (196, 200, 206), (158, 170, 120), (214, 170, 120),
    ],
    dtype=np.float32,
)  # fmt: skip


def photograph(leaf: Leaf, random: np.random.Generator) -> Image.Image:
    """Return an RGB image of 160 × 160 pixels with the leaf on it."""
    ground_colour = _jittered(_GROUND_COLOURS, random)
    pose = _pose(leaf, random)
    ground = _clutter(_ground(ground_colour, random), ground_colour, random)
    blade = _fractions(_polygon(pose(leaf.outline)))
    stalk = _fractions(_lines([pose(leaf.stalk)], [0.016 * pose.size_px]))
    colours = _leaf_colours(ground_colour, random)
    image = _shadow(ground, np.maximum(blade, stalk), random)
    image = _blend(image, colours[0] * 0.62 + 20, stalk)
    image = _blend(image, _blade_pixels(leaf, pose, colours, blade, random), blade)
    return _camera(image, random)


@dataclass(frozen=True)
class _Pose:
    """Turns a leaf's own coordinates into pixels: bent along its length, tilted, turned, scaled and moved."""

    matrix: NDArray[np.float64]
    bend: float
    shift: NDArray[np.float64]
    size_px: float

    def __call__(self, points: Points) -> Points:
        y = points[:, 1] - 0.45
        bent = np.stack([points[:, 0] + self.bend * y**2, y], 1)
        return bent @ self.matrix.T + self.shift


def _pose(leaf: Leaf, random: np.random.Generator) -> _Pose:
    turn = random.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    tilt = np.array([[1.0, random.uniform(-0.22, 0.22)], [0.0, 1.0]]) @ np.diag([random.uniform(0.8, 1.05), -1.0])
    area = _area(leaf.outline)
    # Slender leaves are drawn longer, so that how much of the image is leaf tells little of its kind.
    length = np.clip(np.sqrt(random.uniform(0.13, 0.24) / area), 0.6, 1.16) * SIDE_PX
    middle = SIDE_PX / 2 + random.uniform(-0.1, 0.1, 2) * SIDE_PX
    return _Pose(rotation @ tilt * length, random.uniform(-0.5, 0.5), middle, float(length))


def _area(outline: Points) -> float:
    x, y = outline.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _noise(random: np.random.Generator, coarsest: int, stretch: int = 1) -> _Pixels:
    """Return smooth noise of several sizes, about -1 to 1, shape (160, 160)."""
    total = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    cells, weight = coarsest, 1.0
    while cells < SIDE_PX:
        coarse = Image.fromarray(random.uniform(-1, 1, (cells, max(2, cells // stretch))).astype(np.float32))
        total += weight * np.asarray(coarse.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC))
        cells, weight = cells * 2, weight * 0.62
    return total


def _ground(colour: _Colour, random: np.random.Generator) -> _Pixels:
    stretch = int(random.choice([1, 1, 1, 6]))  # the last looks like wood
    rough = _noise(random, int(random.choice([3, 6, 12])), stretch)[..., None]
    tint = _noise(random, 3)[..., None] * random.uniform(-14, 14, 3).astype(np.float32)
    return colour + rough * random.uniform(6, 24) + tint


def _clutter(ground: _Pixels, colour: _Colour, random: np.random.Generator) -> _Pixels:
    """Lay pebbles, blades of grass and twigs on the ground."""
    pieces = [(_pebble(random), _stone_colour(colour, random)) for _ in range(random.integers(0, 9))]
    pieces += [(_twig(random), _straw_colour(random)) for _ in range(random.integers(0, 6))]
    if not pieces:
        return ground
    covered = np.max([_fractions(shape) for shape, _ in pieces], axis=0)
    image = Image.fromarray(np.clip(_shadow(ground, covered, random, 2.0), 0, 255).astype(np.uint8))
    for shape, paint in pieces:
        red, green, blue = (int(value) for value in np.clip(paint, 0, 255))
        image.paste((red, green, blue), mask=shape)
    return np.asarray(image, dtype=np.float32)


def _pebble(random: np.random.Generator) -> Image.Image:
    turn = np.linspace(0, 2 * np.pi, 24)
    uneven = 1 + 0.18 * np.sin(turn * 2 + random.uniform(0, 6)) + 0.1 * np.sin(turn * 3)
    circle = np.stack([np.cos(turn), np.sin(turn) * random.uniform(0.5, 1)], 1)
    return _polygon(random.uniform(0, SIDE_PX, 2) + circle * uneven[:, None] * random.uniform(2, 9))


def _twig(random: np.random.Generator) -> Image.Image:
    turn, along = random.uniform(0, 2 * np.pi), np.linspace(0, 1, 12)[:, None]
    straight = along * random.uniform(30, 130) * np.array([np.cos(turn), np.sin(turn)])
    bow = along**2 * random.uniform(-18, 18) * np.array([-np.sin(turn), np.cos(turn)])
    return _lines([random.uniform(0, SIDE_PX, 2) + straight + bow], [random.uniform(0.8, 3.2)])


def _stone_colour(ground: _Colour, random: np.random.Generator) -> _Colour:
    return ground * random.uniform(0.6, 1.3) + random.uniform(-12, 12, 3)


def _straw_colour(random: np.random.Generator) -> _Colour:
    return _jittered(_LEAF_COLOURS if random.random() < 0.6 else _GROUND_COLOURS, random) * random.uniform(0.6, 1)


def _leaf_colours(ground: _Colour, random: np.random.Generator) -> tuple[_Colour, _Colour]:
    """Return the colours of a leaf's middle and rim, the first unlike the ground."""
    while True:
        middle = _jittered(_LEAF_COLOURS, random)
        if np.linalg.norm(middle - ground) > 75:
            break
    rim = _jittered(_LEAF_COLOURS, random)
    return middle, middle + (rim - middle) * random.uniform(0, 0.75)


def _blade_pixels(
    leaf: Leaf, pose: _Pose, colours: tuple[_Colour, _Colour], blade: _Pixels, random: np.random.Generator
) -> _Pixels:
    inner = _blurred(blade, 9.0)
    mix = np.clip(0.25 + inner * 0.95 + _noise(random, 5) * 0.22, 0, 1)[..., None]
    pixels = colours[1] + (colours[0] - colours[1]) * mix
    spots = np.clip(_noise(random, 14) - random.uniform(0.9, 1.6), 0, 1)[..., None]
    pixels = pixels * (1 - 0.5 * spots) * (1 + 0.05 * _noise(random, 20)[..., None])
    # Veins are lighter or darker, with the other side of their relief next to them.
    widths = [(0.009 if index else 0.017) * pose.size_px for index in range(len(leaf.veins))]
    veins = _fractions(_lines(map(pose, leaf.veins), widths))
    lift = float(random.choice([-1, 1])) * random.uniform(26, 46)
    relief = (veins - np.roll(veins, (1, 1), (0, 1)))[..., None]
    rim = np.clip(blade - _blurred(blade, 1.6), 0, 1)[..., None]
    shaded: _Pixels = (pixels + veins[..., None] * lift + relief * 22) * (1 - 0.28 * rim)
    return shaded


def _shadow(image: _Pixels, shape: _Pixels, random: np.random.Generator, far_px: float = 6.0) -> _Pixels:
    shift = tuple(int(step) for step in random.uniform(-far_px, far_px, 2))
    dark = _blurred(np.roll(shape, shift, (0, 1)), far_px * random.uniform(0.35, 0.8))
    return image * (1 - random.uniform(0.25, 0.55) * dark[..., None])


def _camera(image: _Pixels, random: np.random.Generator) -> Image.Image:
    """Give the light a direction and a tint, set exposure and contrast, blur a little and add sensor noise."""
    y, x = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    turn = random.uniform(0, 2 * np.pi)
    slope = random.uniform(0, 0.22) * (x * np.cos(turn) + y * np.sin(turn))
    light = (1 + slope - random.uniform(0, 0.12) * (x**2 + y**2)).astype(np.float32)[..., None]
    tint = (random.uniform(0.93, 1.07, 3) * random.uniform(0.8, 1.15)).astype(np.float32)
    contrast = (image * light * tint - 120) * random.uniform(0.88, 1.15) + 120
    noisy = contrast + random.uniform(1, 5) * random.standard_normal(image.shape, np.float32)
    photo = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    return photo.filter(ImageFilter.GaussianBlur(max(0.0, random.uniform(-0.6, 1.1))))


def _jittered(colours: _Pixels, random: np.random.Generator) -> _Colour:
    chosen = colours[random.integers(len(colours))] * random.uniform(0.82, 1.15)
    colour: _Colour = np.clip(chosen + random.normal(0, 9, 3), 8, 250).astype(np.float32)
    return colour


def _polygon(points: Points) -> Image.Image:
    shape = Image.new("L", (SIDE_PX * _FINE, SIDE_PX * _FINE))
    ImageDraw.Draw(shape).polygon(_fine(points), fill=255)
    return shape.reduce(_FINE)


def _lines(lines: Iterable[Points], widths_px: Iterable[float]) -> Image.Image:
    shape = Image.new("L", (SIDE_PX * _FINE, SIDE_PX * _FINE))
    draw = ImageDraw.Draw(shape)
    for points, width in zip(lines, widths_px, strict=True):
        draw.line(_fine(points), fill=255, width=max(2, round(width * _FINE)), joint="curve")
    return shape.reduce(_FINE)


def _fine(points: Points) -> list[tuple[float, float]]:
    return [(x * _FINE, y * _FINE) for x, y in points.tolist()]


def _fractions(shape: Image.Image) -> _Pixels:
    return np.asarray(shape, dtype=np.float32) / 255


def _blurred(shape: _Pixels, radius_px: float) -> _Pixels:
    soft = Image.fromarray((shape * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius_px))
    return _fractions(soft)


def _blend(image: _Pixels, over: _Pixels, shape: _Pixels) -> _Pixels:
    blended: _Pixels = image + (over - image) * shape[..., None]
    return blended
