"""Figures of jointed, tapering limbs lit from one side: what bends at its joints, as hands, animals and tools do."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_LIMBS = 9
_AT_ONCE = 20  # classes drawn together; more would need gigabytes


@dataclass(frozen=True)
class Build:
    """What a class is made of: tensors (classes, limbs). A limb starts somewhere along its parent, an earlier limb."""

    parent: Tensor
    along: Tensor
    angle: Tensor
    length: Tensor
    width: Tensor
    taper: Tensor
    tone: Tensor

    def part(self, start: int, variants: int) -> "Build":
        """Return some classes, each repeated for its variants."""
        chosen = slice(start, start + _AT_ONCE)
        return Build(*(value[chosen].repeat_interleave(variants, 0) for value in vars(self).values()))


def draw_limbs(classes: int, variants: int, side: int, gen: torch.Generator) -> Tensor:
    """Return uint8 drawings (classes, variants, 2, side, side): cover and shade. Variants differ in pose and light."""
    builds = _choose_builds(classes, gen)
    parts = [_render(builds.part(start, variants), side, gen) for start in range(0, classes, _AT_ONCE)]
    return (torch.cat(parts) * 255).byte().view(classes, variants, 2, side, side)


def _choose_builds(classes: int, gen: torch.Generator) -> Build:
    """Two of three classes are alike on both sides: each limb of even number repeats the one before, mirrored."""
    shape = (classes, _LIMBS)
    parent = (torch.rand(shape, generator=gen) * torch.arange(_LIMBS).clamp_max(5)).long()
    along, length, width, taper, tone = (torch.rand(shape, generator=gen) for _ in range(5))
    angle = (torch.rand(shape, generator=gen) * 2 - 1) * 2.6
    twins = (
        (torch.rand(classes, 1, generator=gen) < 0.67) & (torch.arange(_LIMBS) % 2 == 0) & (torch.arange(_LIMBS) > 0)
    )
    parent, along, length, width, taper, tone = (
        torch.where(twins, value.roll(1, 1), value) for value in (parent, along, length, width, taper, tone)
    )
    angle = torch.where(twins, -angle.roll(1, 1), angle)
    torso = torch.arange(_LIMBS) == 0
    return Build(
        parent=parent,
        along=0.2 + 0.8 * along,
        angle=angle * ~torso,
        length=torch.where(torso, 0.6 + 0.4 * length, 0.15 + 0.7 * length),
        width=torch.where(torso, 0.12 + 0.25 * width, 0.04 + 0.14 * width),
        taper=0.3 + 0.9 * taper,
        tone=0.55 + 0.45 * tone,
    )


def _render(build: Build, side: int, gen: torch.Generator) -> Tensor:
    """Return (n, 2, side, side): each pixel belongs to the limb that stands out most towards the viewer."""
    starts, ends, widths = _pose(build, gen)
    line = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    height = torch.zeros(len(starts), side, side)
    inside, tone = torch.full_like(height, -1), torch.ones_like(height)
    for limb in range(_LIMBS):
        ax, ay = starts[:, limb, :, None, None].unbind(1)
        bx, by = (ends - starts)[:, limb, :, None, None].unbind(1)
        along = (((x - ax) * bx + (y - ay) * by) / (bx**2 + by**2).clamp_min(1e-6)).clamp(0, 1)
        away = torch.hypot(x - ax - along * bx, y - ay - along * by)
        radius = widths[:, limb, None, None] * (1 + (build.taper[:, limb, None, None] - 1) * along)
        inside = torch.maximum(inside, radius - away)
        here = (radius**2 - away**2).clamp_min(0).sqrt()
        tone = torch.where(here > height, build.tone[:, limb, None, None], tone)
        height = torch.maximum(height, here)
    cover = (inside * side / 2 + 0.5).clamp(0, 1)
    return torch.stack([cover, _lit(height, gen) * tone], 1).clamp(0, 1)


def _pose(build: Build, gen: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return starts and ends (n, limbs, 2) and widths (n, limbs), turned at the joints and fitted into -0.9..0.9."""
    angle = build.angle + 0.25 * torch.randn(build.angle.shape, generator=gen)
    length = build.length * (1 + 0.12 * torch.randn(build.length.shape, generator=gen))
    row = torch.arange(len(angle))
    starts, ends, turned = (torch.zeros(*angle.shape, *rest) for rest in ((2,), (2,), ()))
    for limb in range(_LIMBS):
        parent = build.parent[:, limb]
        base, tip = starts[row, parent], ends[row, parent]
        turned[:, limb] = turned[row, parent] + angle[:, limb] - (math.pi / 2 if limb == 0 else 0)
        starts[:, limb] = torch.lerp(base, tip, build.along[:, limb, None])
        way = torch.stack([turned[:, limb].cos(), turned[:, limb].sin()], -1)
        ends[:, limb] = starts[:, limb] + length[:, limb, None] * way
    both = torch.cat([starts, ends], 1)
    low, high = both.amin(1, keepdim=True), both.amax(1, keepdim=True)
    reach = (high - low).amax(-1, keepdim=True) / 2 + build.width.amax(1)[:, None, None]
    starts, ends = (0.9 * (value - (low + high) / 2) / reach for value in (starts, ends))
    return starts, ends, 0.9 * build.width / reach[..., 0]


def _lit(height: Tensor, gen: torch.Generator) -> Tensor:
    """Return the brightness 0..1 of matt surfaces of this height under a lamp from a random side."""
    step = 2 / height.shape[-1]
    down, across = torch.gradient(height, spacing=step, dim=(1, 2))
    way = torch.rand(len(height), 1, 1, generator=gen) * 2 * math.pi
    facing = 1 - 0.8 * (across * way.cos() + down * way.sin())
    return 0.15 + 0.85 * (facing / (1 + down**2 + across**2).sqrt()).clamp(0, 1.3) / 1.3
