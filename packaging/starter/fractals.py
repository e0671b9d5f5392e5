"""Fractal drawings: attractors of random iterated function systems (Kataoka et al. 2020, "Pre-training without Natural
Images"; sampled by singular values as in Anderson and Farrell 2022, "Improving Fractal Pre-training")."""

import math

import torch
from torch import Tensor

_MAPS = 4
_CHAINS = 192
_ROUNDS = 56
_WARM_UP = 16


def draw_fractals(classes: int, variants: int, side: int, gen: torch.Generator) -> Tensor:
    """Return uint8 drawings (classes, variants, 2, side, side): cover and shade, both from the density of points."""
    systems = _choose_systems(classes, gen)
    systems = systems[:, None].expand(-1, variants, -1, -1, -1).flatten(0, 1)
    density = _render(systems * (1 + 0.08 * torch.randn(systems.shape, generator=gen)), side, gen)
    cover = (density * 4).clamp(0, 1).sqrt()
    shade = 0.35 + 0.65 * density.clamp(0, 1).sqrt()
    return (torch.stack([cover, shade], 1) * 255).byte().view(classes, variants, 2, side, side)


def _choose_systems(classes: int, gen: torch.Generator) -> Tensor:
    """Keep systems whose attractor is neither a few dots nor a full square: those look alike whatever the formula."""
    candidates = _random_systems(classes * 4, gen)
    filled = (_render(candidates, 32, gen) > 0.02).float().mean((1, 2))
    best = (filled - 0.35).abs().argsort()[:classes]
    return candidates[best]


def _random_systems(count: int, gen: torch.Generator) -> Tensor:
    """Return (count, maps, 2, 3) contractions U diag(s) V with random shifts."""
    turn = torch.rand(2, count, _MAPS, generator=gen) * (2 * math.pi)
    stretch = 0.25 + 0.55 * torch.rand(count, _MAPS, 2, generator=gen)
    mirror = torch.randint(0, 2, (count, _MAPS, 2), generator=gen) * 2.0 - 1
    linear = _rotation(turn[0]) @ torch.diag_embed(stretch * mirror) @ _rotation(turn[1])
    shift = torch.rand(count, _MAPS, 2, 1, generator=gen) * 2 - 1
    return torch.cat([linear, shift], -1)


def _rotation(angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def _render(systems: Tensor, side: int, gen: torch.Generator) -> Tensor:
    """Play the chaos game on all systems at once; return densities (n, side, side), about 0 to 1."""
    count = len(systems)
    row = torch.arange(count)[:, None]
    point = torch.zeros(count, _CHAINS, 2)
    visited = []
    for turn in range(_ROUNDS):
        chosen = systems[row, torch.randint(0, _MAPS, (count, _CHAINS), generator=gen)]
        point = (chosen[..., :2] @ point[..., None]).squeeze(-1) + chosen[..., 2]
        if turn >= _WARM_UP:
            visited.append(point)
    return _histogram(torch.cat(visited, 1), side)


def _histogram(points: Tensor, side: int) -> Tensor:
    centre = points.mean(1, keepdim=True)
    reach = 2.4 * points.std(1, keepdim=True).amax(-1, keepdim=True).clamp_min(1e-3)
    cell = (((points - centre) / reach + 1) * (side / 2)).long().clamp(0, side - 1)
    flat = cell[..., 1] * side + cell[..., 0]
    counts = torch.zeros(len(points), side * side).scatter_add_(1, flat, torch.ones(flat.shape))
    image = torch.nn.functional.avg_pool2d(counts.view(-1, 1, side, side), 3, 1, 1)[:, 0]
    return image / 8
