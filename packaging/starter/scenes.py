"""Scenes: a textured ground, things behind, the main object and things in front, with light, blur and noise.
Everything is batched tensor work on the pool's device; what was drawn is told beside the images, to be asked for."""

import math
from dataclasses import dataclass

import torch
from pool import Pool
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

_BEHIND = (0.6, 0.3)  # how likely each further object is, at full strength
_IN_FRONT = 0.3
_GREY = 0.25
NUMBERS = 24


@dataclass(frozen=True)
class Scenes:
    """Images (n, 3, side, side), about 0..1; the formulas of object, its texture and the ground's (n,); `numbers`
    (n, NUMBERS): colours, contrasts, grain of object and ground, place and size, other objects, softness, noise."""

    images: Tensor
    shape: Tensor
    texture: Tensor
    ground: Tensor
    numbers: Tensor


@dataclass(frozen=True)
class Place:
    """Where a stamp lies: centre x, y in -1..1, scale as a share of the frame, turn in radians, mirror of 1 or -1."""

    x: Tensor
    y: Tensor
    scale: Tensor
    turn: Tensor
    mirror: Tensor


@dataclass(frozen=True)
class Surface:
    """A texture's formula and drawing (n,), how it lies, and the three colours (n, 3, 3) of its greys."""

    texture: Tensor
    sample: Tensor
    place: Place
    palette: Tensor

    def numbers(self, slopes: Tensor) -> Tensor:
        """Return the mean colour, the contrast, how fine it is and in which direction it runs: (n, 9).

        Only what can be seen is asked: not which end of the greys is the bright one, but how far the ends are apart.
        """
        contrast = (self.palette[:, 2] - self.palette[:, 0]).abs()
        rows = _rows(self.place)
        seen = rows.mT @ slopes[self.texture, self.sample] @ rows
        across, down, both = seen[:, 0, 0], seen[:, 1, 1], seen[:, 0, 1]
        steep = (across + down).clamp_min(1e-6)
        grain = torch.stack([steep.log(), (across - down) / steep, 2 * both / steep], 1)
        return torch.cat([self.palette.mean(1), contrast, grain], 1)


class Painter:
    """Paints batches of scenes from a pool. `strength` 0..1 says how freely colour, contrast and pose vary."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        self.device = pool.stamps.device
        self.slopes = torch.stack([_slopes(samples) for samples in pool.textures])
        self.gen = torch.Generator(self.device).manual_seed(seed)

    @torch.no_grad()
    def paint(self, count: int, side: int, strength: float) -> Scenes:
        """Return a batch of scenes."""
        light = 0.2 + strength * self._uniform(count, low=-0.15, high=0.65)
        ground = self._surface(light, strength)
        image, others = self._textured(side, ground), torch.zeros(count, device=self.device)
        for chance in _BEHIND:
            image = self._add_extra(image, others, light, strength, chance * strength)
        shape = self._integers(len(self.pool.stamps), count)
        place = self._place(count, strength, low=0.9 - 0.45 * strength, high=0.9 + 0.6 * strength)
        cover = self._surface(self._contrasting(light, strength), strength)
        image = self._stamp(image, shape, cover, place)
        image = self._add_extra(image, others, light, strength, _IN_FRONT * strength, high=0.4)
        image, taken = self._photograph(image, strength)
        rest = torch.stack([place.x, place.y, place.scale, others, *taken], 1)
        numbers = torch.cat([cover.numbers(self.slopes), ground.numbers(self.slopes), rest], 1)
        return Scenes(image, shape, cover.texture, ground.texture, numbers)

    def _uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.gen, device=self.device)

    def _integers(self, high: int, count: int) -> Tensor:
        return torch.randint(0, high, (count,), generator=self.gen, device=self.device)

    def _place(self, count: int, strength: float, *, low: float, high: float) -> Place:
        turn = (self._uniform(count) * 2 - 1) * math.pi * (0.05 + 0.2 * strength)
        mirror = torch.where(self._uniform(count) < 0.5, 1.0, -1.0)
        reach = 0.1 + 0.3 * strength
        x, y = (self._uniform(count, low=-reach, high=reach) for _ in range(2))
        return Place(x, y, self._uniform(count, low=low, high=high), turn, mirror)

    def _contrasting(self, ground: Tensor, strength: float) -> Tensor:
        """Return a lightness (n,) above or below the ground's by at least 0.15: never invisible."""
        step = self._uniform(len(ground), low=0.5 - 0.35 * strength, high=0.65)
        up = (ground < 0.35) | ((ground < 0.6) & (self._uniform(len(ground)) < 0.5))
        return torch.where(up, ground + step, ground - step).clamp(0.05, 0.95)

    def _surface(self, light: Tensor, strength: float) -> Surface:
        """Any texture in colours of about this lightness; greyish ones are more frequent, as in photographs."""
        count = len(light)
        hue = self._uniform(count, 1, 3, low=-1) + 0.7 * self._uniform(count, 3, 3, low=-1)
        hue = hue * self._uniform(count, 1, 1) ** 1.5
        hue = hue * (self._uniform(count, 1, 1) > _GREY) * 0.6 * strength
        spread = self._uniform(count, low=0.06, high=0.15 + 0.3 * strength)
        sign = torch.where(self._uniform(count) < 0.5, 1.0, -1.0)
        middle = self._uniform(count, low=-0.5, high=0.5)
        lights = light[:, None] + spread[:, None] * torch.stack([-sign, middle, sign], 1)
        palette = (lights[..., None] + hue - hue.mean(-1, keepdim=True)).clamp(0, 1)
        shift = self._uniform(2, count, low=-0.4, high=0.4)
        zoom, turn = self._uniform(count, low=0.25, high=0.75), self._uniform(count, low=-0.5, high=0.5)
        place = Place(shift[0], shift[1], 1 / zoom, turn, torch.ones_like(turn))
        formulas, samples = self.pool.textures.shape[:2]
        return Surface(self._integers(formulas, count), self._integers(samples, count), place, palette)

    def _textured(self, side: int, surface: Surface) -> Tensor:
        """Return (n, 3, side, side): the texture in its place and colours."""
        source = self.pool.textures[surface.texture, surface.sample].float() / 255
        grid = _grid(side, surface.place)
        grey = 2 * grid_sample(source, grid, padding_mode="reflection", align_corners=False)
        dark, middle, bright = surface.palette[..., None, None].unbind(1)
        return dark + (middle - dark) * grey.clamp(max=1) + (bright - middle) * (grey - 1).clamp(min=0)

    def _stamp(self, image: Tensor, shape: Tensor, surface: Surface, place: Place) -> Tensor:
        drawing = self._integers(self.pool.stamps.shape[1], len(shape))
        source = self.pool.stamps[shape, drawing].float() / 255
        sampled = grid_sample(source, _grid(image.shape[-1], place), align_corners=False)
        cover, shade = sampled[:, :1], sampled[:, 1:]
        return torch.lerp(image, self._textured(image.shape[-1], surface) * (0.3 + shade), cover)

    def _add_extra(
        self, image: Tensor, others: Tensor, ground: Tensor, strength: float, chance: float, high: float = 0.9
    ) -> Tensor:
        """Put a further object on those images that the chance picks, and count it in `others`."""
        chosen = (self._uniform(len(image)) < chance).nonzero()[:, 0]
        count = len(chosen)
        if count == 0:
            return image
        others[chosen] += 1
        place = self._place(count, strength, low=0.2, high=high)
        place = Place(place.x * 2, place.y * 2, place.scale, place.turn, place.mirror)
        surface = self._surface(self._contrasting(ground[chosen], strength), strength)
        shape = self._integers(len(self.pool.stamps), count)
        return image.index_copy(0, chosen, self._stamp(image[chosen], shape, surface, place))

    def _photograph(self, image: Tensor, strength: float) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """A slope of light, then blur for a third of the images, then noise; also return how soft and noisy (n,)."""
        count, side = len(image), image.shape[-1]
        line = torch.linspace(-1, 1, side, device=self.device)
        slope = self._uniform(2, count, 1, 1, 1, low=-0.25, high=0.25) * strength
        image = image * (1 + slope[0] * line + slope[1] * line[:, None])
        soft = (self._uniform(count) < 0.3 * strength).float()
        image = torch.lerp(image, avg_pool2d(image, 3, 1, 1, count_include_pad=False), soft[:, None, None, None])
        noise = self._uniform(count, high=0.06) * strength
        grain = torch.randn(image.shape, generator=self.gen, device=self.device)
        return image + grain * noise[:, None, None, None], (soft, noise)


def _rows(place: Place) -> Tensor:
    """Return what turns and scales a pixel of the frame to the stamp: (n, 2, 2)."""
    cos, sin = place.turn.cos() / place.scale, place.turn.sin() / place.scale
    return torch.stack([cos * place.mirror, sin * place.mirror, -sin, cos], -1).view(-1, 2, 2)


def _grid(side: int, place: Place) -> Tensor:
    """Return where each pixel of the frame lies on the stamp: (n, side, side, 2), the inverse of turn, scale, shift."""
    rows = _rows(place)
    shift = -(rows @ torch.stack([place.x, place.y], -1)[..., None])
    return affine_grid(torch.cat([rows, shift], -1), [len(rows), 1, side, side], False)


def _slopes(drawings: Tensor) -> Tensor:
    """Return how steep drawings (n, 1, side, side) are along x, along y and both at once: (n, 2, 2)."""
    grey = drawings[:, 0].float() / 255
    down, across = torch.gradient(grey, spacing=2 / grey.shape[-1], dim=(1, 2))
    ways = torch.stack([across.flatten(1), down.flatten(1)], 1)
    return ways @ ways.mT / ways.shape[-1]
