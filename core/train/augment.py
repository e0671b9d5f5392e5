"""Random variation of whole batches on the device: each image its own crop, flip, turn, light and colour."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from core.base.config import Augmentation
from core.train.operations import OPERATIONS, affine, recolour, turn

_TRIES = 10  # for a crop of the wished area and shape that lies within the image


@dataclass(frozen=True)
class Variation:
    """How far images may vary. `smallest` is the share of the area that a crop keeps at least (1.0: none is cut).

    `operations` is the strength (0 to 1) of one more change that is drawn for each image; 0: there is none.
    """

    smallest: float
    stretch: float
    degrees: float
    brightness: float
    contrast: float
    saturation: float
    flip: bool = True
    operations: float = 0.0


@dataclass(frozen=True)
class Drawn:
    """What was drawn for N images, each (N,) and on the CPU. Boxes are in shares of the square, factors around 1."""

    left: Tensor
    top: Tensor
    width: Tensor
    height: Tensor
    flipped: Tensor
    degrees: Tensor
    brightness: Tensor
    saturation: Tensor
    contrast: Tensor
    operation: Tensor
    amount: Tensor


VARIATIONS: dict[Augmentation, Variation | None] = {
    "none": None,
    "light": Variation(smallest=0.6, stretch=1.15, degrees=0, brightness=0.15, contrast=0.15, saturation=0.15),
    "strong": Variation(smallest=0.35, stretch=1.33, degrees=15, brightness=0.3, contrast=0.3, saturation=0.3),
    "widest": Variation(smallest=0.35, stretch=1.33, degrees=0, brightness=0, contrast=0, saturation=0, operations=1.0),
}


def variation_of(augmentation: Augmentation, flips: bool) -> Variation | None:
    """Return how far images vary, without mirroring them where left and right differ."""
    variation = VARIATIONS[augmentation]
    return replace(variation, flip=variation.flip and flips) if variation else None


def vary(squares: Tensor, size_px: int, variation: Variation, random: torch.Generator) -> Tensor:
    """Return varied images of shape (N, 3, size_px, size_px) from squares (N, 3, R, R) with values from 0 to 1.

    `random` lies on the CPU, so that a seed gives the same parameters on every device.
    """
    return carry_out(squares, size_px, draw(len(squares), variation, random))


def draw(n: int, variation: Variation, random: torch.Generator) -> Drawn:
    """Draw what is done to each of `n` images, all of it independently."""

    def around_one(amount: float) -> Tensor:
        return _uniform((n,), 1 - amount, 1 + amount, random)

    left, top, width, height = _crops(n, variation, random)
    operation, amount = _operations(n, variation.operations, random)
    return Drawn(
        left=left,
        top=top,
        width=width,
        height=height,
        flipped=torch.rand(n, generator=random) < (0.5 if variation.flip else 0.0),
        degrees=_uniform((n,), -variation.degrees, variation.degrees, random),
        brightness=around_one(variation.brightness),
        saturation=around_one(variation.saturation),
        contrast=around_one(variation.contrast),
        operation=operation,
        amount=amount,
    )


def carry_out(squares: Tensor, size_px: int, drawn: Drawn) -> Tensor:
    """Return the images that `drawn` makes of the squares, all places in one go and without antialiasing."""
    grid = _grid(_places(drawn).to(squares.device), size_px)
    # crops lie within the square: without a turn nothing comes from outside, and this is the same in less time
    beyond = bool(drawn.degrees.any() or drawn.operation.any())
    padding = "reflection" if beyond else "border"
    shown = functional.grid_sample(squares, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    factors = (drawn.brightness, drawn.saturation, drawn.contrast)
    return _recoloured(recolour(shown, *(factor.to(shown.device) for factor in factors)), drawn)


def _uniform(shape: tuple[int, ...], low: float, high: float, random: torch.Generator) -> Tensor:
    return torch.empty(shape).uniform_(low, high, generator=random)


def _crops(n: int, variation: Variation, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return left, top, width and height of a crop for each image.

    Area and shape are drawn as in "Going deeper with convolutions" (Szegedy et al. 2014) and, as torchvision does it,
    again until the crop lies within the image; the whole image is taken where none of the tries does.
    """
    area = _uniform((n, _TRIES), variation.smallest, 1, random)
    shape = _uniform((n, _TRIES), -math.log(variation.stretch), math.log(variation.stretch), random).exp()
    sides = torch.stack([(area * shape).sqrt(), (area / shape).sqrt()])
    fits = (sides <= 1).all(dim=0)
    first = fits.int().argmax(dim=1)
    width, height = (torch.where(fits.any(dim=1), side[torch.arange(n), first], 1.0) for side in sides)
    left, top = ((1 - side) * _uniform((n,), 0, 1, random) for side in (width, height))
    return left, top, width, height


def _operations(n: int, strength: float, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return for each image which operation is done, and its amount."""
    if not strength:
        return torch.zeros(n, dtype=torch.long), torch.zeros(n)
    operation = torch.randint(len(OPERATIONS), (n,), generator=random)
    sign = torch.randint(0, 2, (n,), generator=random) * 2 - 1
    signed = torch.tensor([one.signed for one in OPERATIONS])[operation]
    strongest = torch.tensor([float(one.strongest) for one in OPERATIONS])[operation]
    share = _uniform((n,), 0, strength, random)
    return operation, strongest * share * torch.where(signed, sign, 1)


def _places(drawn: Drawn) -> Tensor:
    """Return (N, 2, 3) maps from the output to the input square, both spanning -1 to 1: operation, flip, crop, turn."""
    still = torch.zeros_like(drawn.width)
    flip = torch.where(drawn.flipped, -1.0, 1.0)
    x, y = 2 * drawn.left + drawn.width - 1, 2 * drawn.top + drawn.height - 1
    cropped = affine(drawn.width * flip, still, still, drawn.height, still, still)
    maps = _after(_operated(drawn), _after(cropped, turn(drawn.degrees)))
    return maps + torch.stack([x, y], dim=1).unsqueeze(2) * torch.tensor([0.0, 0.0, 1.0])


def _grid(maps: Tensor, size_px: int) -> Tensor:
    """Return where each pixel comes from, (N, size_px, size_px, 2), as `affine_grid` does in much more time.

    In memory all x come before all y, a plane each: that is ten times as fast as pairs.
    """
    across, down, offset = maps.unsqueeze(3).unbind(2)  # each (N, 2, 1)
    centres = (torch.arange(size_px, device=maps.device) * 2 + 1) / size_px - 1
    return ((down * centres + offset).unsqueeze(3) + (across * centres).unsqueeze(2)).permute(0, 2, 3, 1)


def _operated(drawn: Drawn) -> Tensor:
    maps = torch.eye(2, 3).repeat(len(drawn.operation), 1, 1)
    for number, operation in enumerate(OPERATIONS):
        where = drawn.operation == number
        if operation.matrix and bool(where.any()):
            maps[where] = operation.matrix(drawn.amount[where])
    return maps


def _after(first: Tensor, second: Tensor) -> Tensor:
    """Return the maps (N, 2, 3) that do one thing to a point and then another."""
    linear = second[:, :, :2]
    moved = linear @ first
    return torch.cat([moved[:, :, :2], moved[:, :, 2:] + second[:, :, 2:]], dim=2)


def _recoloured(images: Tensor, drawn: Drawn) -> Tensor:
    for number, operation in enumerate(OPERATIONS):
        where = (drawn.operation == number).nonzero().flatten()
        if operation.recolour and len(where):
            amount, where = drawn.amount[where].to(images.device), where.to(images.device)
            images = images.index_copy(0, where, operation.recolour(images[where], amount))
    return images
