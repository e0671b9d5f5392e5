"""Closed contours whose radius is a sum of waves, filled or as nested lines (Takashima et al. 2023, "Visual Atoms")."""

import math

import torch
from torch import Tensor


def draw_contours(classes: int, variants: int, side: int, gen: torch.Generator) -> Tensor:
    """Return uint8 drawings (classes, variants, 2, side, side): cover and shade."""
    count = classes * variants
    radius, angle = _polar_grid(side)
    edge = _edge(angle, classes, variants, gen)
    depth = radius / edge  # 0 in the middle, 1 on the contour
    rings = _per_class(torch.randint(-4, 6, (classes,), generator=gen), variants)  # below 1: filled
    soft = side / 8.0
    inside = ((1 - depth) * soft).clamp(0, 1)
    lines = ((depth * math.pi * rings.clamp_min(1)).cos().abs() * 3 - 1.2).clamp(0, 1)
    cover = torch.where(rings > 0, inside * lines, inside)
    dome = _per_class(torch.rand(classes, generator=gen), variants)
    light = torch.rand(count, 1, 1, generator=gen) * 2 * math.pi
    shade = 0.45 + 0.55 * (1 - dome + dome * (1 - depth.clamp(0, 1) ** 2).sqrt())
    shade = shade * (0.8 + 0.2 * (angle - light).cos() * depth.clamp(0, 1))
    return (torch.stack([cover, shade], 1).clamp(0, 1) * 255).byte().view(classes, variants, 2, side, side)


def _polar_grid(side: int) -> tuple[Tensor, Tensor]:
    line = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.hypot(x, y)[None], torch.atan2(y, x)[None]


def _edge(angle: Tensor, classes: int, variants: int, gen: torch.Generator) -> Tensor:
    """Return the contour's radius (n, side, side) seen along each pixel's angle: two waves of the class, one free."""
    count = classes * variants
    total = torch.ones(1)
    for low, high, reach in ((2, 6, 0.35), (3, 16, 0.3)):
        waves = _per_class(torch.randint(low, high, (classes,), generator=gen), variants)
        size = _per_class(torch.rand(classes, generator=gen) * reach, variants)
        phase = _per_class(torch.rand(classes, generator=gen) * 2 * math.pi, variants)
        jitter = 1 + 0.15 * torch.randn(count, 1, 1, generator=gen)
        total = total + size * jitter * (waves * angle + phase).cos()
    wobble = 0.06 * torch.randn(count, 1, 1, generator=gen)
    total = total + wobble * (angle + torch.rand(count, 1, 1, generator=gen) * 2 * math.pi).cos()
    return (0.62 * total).clamp_min(0.08)


def _per_class(values: Tensor, variants: int) -> Tensor:
    return values.repeat_interleave(variants)[:, None, None]
