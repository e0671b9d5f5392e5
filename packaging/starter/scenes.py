"""Scenes: a textured ground, a thing behind, the main object and sometimes one in front, with light and noise.
Everything is batched tensor work on the pool's device; the class to learn is the formula of the main object."""

import math
from dataclasses import dataclass

import torch
from pool import Pool
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

_BEHIND = 0.5
_IN_FRONT = 0.25
_GREY = 0.25


@dataclass(frozen=True)
class Place:
    """Where a stamp lies: centre x, y in -1..1, scale as a share of the frame, turn in radians, mirror of 1 or -1."""

    x: Tensor
    y: Tensor
    scale: Tensor
    turn: Tensor
    mirror: Tensor


class Painter:
    """Paints batches of scenes from a pool. `strength` 0..1 says how freely colour, contrast and pose vary."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        self.device = pool.stamps.device
        self.gen = torch.Generator(self.device).manual_seed(seed)

    @torch.no_grad()
    def paint(self, count: int, side: int, strength: float) -> tuple[Tensor, Tensor]:
        """Return images (count, 3, side, side), about 0..1, and the class of each (count,)."""
        light = 0.2 + strength * self._uniform(count, low=-0.15, high=0.65)
        image = self._textured(side, self._colours(light, strength))
        image = self._add_extra(image, light, strength, _BEHIND * strength)
        shape = self._integers(len(self.pool.stamps), count)
        place = self._place(count, strength, low=0.55, high=1.25)
        image = self._stamp(image, shape, self._contrasting(light, strength), place)
        image = self._add_extra(image, light, strength, _IN_FRONT * strength, high=0.4)
        return self._photograph(image, strength), shape

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
        """Return colours (n, 2, 3) lighter or darker than the ground by at least 0.15: never invisible."""
        count = len(ground)
        step = self._uniform(count, low=0.5 - 0.35 * strength, high=0.65)
        up = (ground < 0.35) | ((ground < 0.6) & (self._uniform(count) < 0.5))
        return self._colours(torch.where(up, ground + step, ground - step).clamp(0.05, 0.95), strength)

    def _colours(self, light: Tensor, strength: float) -> Tensor:
        """Two colours of about this lightness; greyish ones are more frequent, as in photographs."""
        count = len(light)
        hue = self._uniform(count, 2, 3, low=-1) * self._uniform(count, 1, 1) ** 1.5
        hue = hue * (self._uniform(count, 1, 1) > _GREY) * 0.6 * strength
        spread = self._uniform(count, low=0.03, high=0.1 + 0.2 * strength)
        sign = torch.where(self._uniform(count) < 0.5, 1.0, -1.0)
        pair = torch.stack([light - spread * sign, light + spread * sign], 1)
        return (pair[..., None] + hue - hue.mean(-1, keepdim=True)).clamp(0, 1)

    def _textured(self, side: int, colours: Tensor) -> Tensor:
        """Return (n, 3, side, side): any texture, from the first colour to the second."""
        count = len(colours)
        texture, sample = (self._integers(high, count) for high in self.pool.textures.shape[:2])
        source = self.pool.textures[texture, sample].float() / 255
        zoom = self._uniform(count, low=0.25, high=0.75)
        shift = self._uniform(2, count, low=-0.4, high=0.4)
        turn = self._uniform(count, low=-0.5, high=0.5)
        grid = _grid(side, Place(shift[0], shift[1], 1 / zoom, turn, torch.ones_like(turn)))
        grey = grid_sample(source, grid, padding_mode="reflection", align_corners=False)
        return torch.lerp(colours[:, 0, :, None, None], colours[:, 1, :, None, None], grey)

    def _stamp(self, image: Tensor, shape: Tensor, colours: Tensor, place: Place) -> Tensor:
        drawing = self._integers(self.pool.stamps.shape[1], len(shape))
        source = self.pool.stamps[shape, drawing].float() / 255
        sampled = grid_sample(source, _grid(image.shape[-1], place), align_corners=False)
        cover, shade = sampled[:, :1], sampled[:, 1:]
        return torch.lerp(image, self._textured(image.shape[-1], colours) * (0.3 + shade), cover)

    def _add_extra(self, image: Tensor, ground: Tensor, strength: float, chance: float, high: float = 0.9) -> Tensor:
        """Put an object that is not asked about on those images that the chance picks."""
        chosen = (self._uniform(len(image)) < chance).nonzero()[:, 0]
        count = len(chosen)
        if count == 0:
            return image
        place = self._place(count, strength, low=0.2, high=high)
        place = Place(place.x * 2, place.y * 2, place.scale, place.turn, place.mirror)
        colours = self._contrasting(ground[chosen], strength)
        shape = self._integers(len(self.pool.stamps), count)
        return image.index_copy(0, chosen, self._stamp(image[chosen], shape, colours, place))

    def _photograph(self, image: Tensor, strength: float) -> Tensor:
        """A slope of light, then blur for a third of the images, then noise."""
        count, side = len(image), image.shape[-1]
        line = torch.linspace(-1, 1, side, device=self.device)
        slope = self._uniform(2, count, 1, 1, 1, low=-0.25, high=0.25) * strength
        image = image * (1 + slope[0] * line + slope[1] * line[:, None])
        soft = self._uniform(count, 1, 1, 1) < 0.3 * strength
        image = torch.where(soft, avg_pool2d(image, 3, 1, 1, count_include_pad=False), image)
        noise = torch.randn(image.shape, generator=self.gen, device=self.device)
        return image + noise * self._uniform(count, 1, 1, 1, high=0.06) * strength


def _grid(side: int, place: Place) -> Tensor:
    """Return where each pixel of the frame lies on the stamp: (n, side, side, 2), the inverse of turn, scale, shift."""
    cos, sin = place.turn.cos() / place.scale, place.turn.sin() / place.scale
    rows = torch.stack([cos * place.mirror, sin * place.mirror, -sin, cos], -1).view(-1, 2, 2)
    shift = -(rows @ torch.stack([place.x, place.y], -1)[..., None])
    return affine_grid(torch.cat([rows, shift], -1), [len(rows), 1, side, side], False)
