"""Random variation of whole batches on the device: each image its own crop, flip, turn, light and colour."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Variation:
    """How far images may vary. `smallest` is the share of the area that a crop keeps at least (1.0: none is cut)."""

    smallest: float
    stretch: float
    degrees: float
    brightness: float
    contrast: float
    saturation: float
    flip: bool = True


VARIATIONS: dict[Literal["none", "light", "strong"], Variation | None] = {
    "none": None,
    "light": Variation(smallest=0.6, stretch=1.15, degrees=0, brightness=0.15, contrast=0.15, saturation=0.15),
    "strong": Variation(smallest=0.35, stretch=1.33, degrees=15, brightness=0.3, contrast=0.3, saturation=0.3),
}


def vary(squares: Tensor, size_px: int, variation: Variation, random: torch.Generator) -> Tensor:
    """Return varied images of shape (N, 3, size_px, size_px) from squares (N, 3, R, R) with values from 0 to 1.

    `random` lies on the CPU, so that a seed gives the same parameters on every device.
    """
    size = [len(squares), 3, size_px, size_px]
    grid = functional.affine_grid(_transforms(len(squares), variation, random), size, align_corners=False)
    shown = functional.grid_sample(
        squares, grid.to(squares.device), mode="bilinear", padding_mode="reflection", align_corners=False
    )
    return _recolour(shown, variation, random)


def _uniform(n: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return torch.empty(n).uniform_(low, high, generator=random)


def _transforms(n: int, variation: Variation, random: torch.Generator) -> Tensor:
    """Return (n, 2, 3) maps from the output to the input square, both spanning -1 to 1: scale, turn, flip, shift.

    Area and aspect of the crop are drawn as in "Going deeper with convolutions" (Szegedy et al. 2014).
    """
    side = _uniform(n, variation.smallest, 1, random).sqrt()
    log_stretch = math.log(variation.stretch) / 2
    stretch = _uniform(n, -log_stretch, log_stretch, random).exp()
    width, height = (side * stretch).clamp(max=1), (side / stretch).clamp(max=1)
    shift_x = (1 - width) * _uniform(n, -1, 1, random)
    shift_y = (1 - height) * _uniform(n, -1, 1, random)
    angle = _uniform(n, -variation.degrees, variation.degrees, random).deg2rad()
    flip = 1 - 2 * torch.randint(0, 2, (n,), generator=random) if variation.flip else torch.ones(n)
    rows = (
        torch.stack([angle.cos() * width * flip, -angle.sin() * height, shift_x], dim=1),
        torch.stack([angle.sin() * width * flip, angle.cos() * height, shift_y], dim=1),
    )
    return torch.stack(rows, dim=1)


def _recolour(images: Tensor, variation: Variation, random: torch.Generator) -> Tensor:
    def factor(amount: float) -> Tensor:
        return _uniform(len(images), 1 - amount, 1 + amount, random).to(images.device).view(-1, 1, 1, 1)

    bright = images * factor(variation.brightness)
    grey = bright.mean(dim=1, keepdim=True)
    coloured = grey + (bright - grey) * factor(variation.saturation)
    middle = coloured.mean(dim=(1, 2, 3), keepdim=True)
    return (middle + (coloured - middle) * factor(variation.contrast)).clamp(0, 1)
