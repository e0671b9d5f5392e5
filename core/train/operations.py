"""One strong change drawn for each image: TrivialAugment (Müller and Hutter 2021), in batches.

What each does to pixels is held by tests against torchvision's function for one image.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.v2 import functional as single

_GREY = (0.2989, 0.587, 0.114)  # how bright red, green and blue look


@dataclass(frozen=True)
class Operation:
    """One change, of the place of pixels or of their colour. `strongest` is its amount at full strength.

    `matrix` takes amounts (N,) to (N, 2, 3) maps from output to input; `recolour` takes images and amounts to images.
    """

    key: str
    strongest: float
    signed: bool
    matrix: Callable[[Tensor], Tensor] | None = None
    recolour: Callable[[Tensor, Tensor], Tensor] | None = None


def affine(xx: Tensor, xy: Tensor, yx: Tensor, yy: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return (N, 2, 3) maps of points between -1 and 1 from six tensors (N,)."""
    return torch.stack([torch.stack([xx, xy, x], dim=1), torch.stack([yx, yy, y], dim=1)], dim=1)


def turn(degrees: Tensor) -> Tensor:
    """Return the maps that turn images counter-clockwise."""
    angle, still = degrees.deg2rad(), torch.zeros_like(degrees)
    return affine(angle.cos(), -angle.sin(), angle.sin(), angle.cos(), still, still)


def brighten(images: Tensor, factors: Tensor) -> Tensor:
    """Return (N, 3, H, W) images from 0 to 1, each made `factors` (N,) times as bright."""
    return (images * _each(factors)).clamp(0, 1)


def saturate(images: Tensor, factors: Tensor) -> Tensor:
    """Return images with stronger (above 1) or weaker colours; 0 is grey."""
    return _away_from(_grey(images), images, factors)


def contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Return images with more or less contrast around their mean grey."""
    return _away_from(_grey(images).mean(dim=(1, 2, 3), keepdim=True), images, factors)


def recolour(images: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Return what brighten, saturate and contrast make one after the other; clipped to 0 to 1 at the end only.

    All three are affine in the colour of a pixel, so they are one matrix an image: a third of the time.
    """
    n, device = len(images), images.device
    grey = torch.tensor(_GREY, device=device)
    towards_grey = (1 - saturation).view(-1, 1, 1) * grey.expand(n, 3, 3)
    matrix = brightness.view(-1, 1, 1) * (saturation.view(-1, 1, 1) * torch.eye(3, device=device) + towards_grey)
    mean_grey = (matrix @ images.mean(dim=(2, 3)).unsqueeze(2)).squeeze(2) @ grey
    offset = ((1 - contrast) * mean_grey).view(-1, 1, 1)
    made = torch.baddbmm(offset, contrast.view(-1, 1, 1) * matrix, images.flatten(2))
    return made.clamp_(0, 1).view_as(images)


def sharpen(images: Tensor, factors: Tensor) -> Tensor:
    """Return images that are sharper, or (below 1) more blurred; the outermost pixels stay as they are."""
    kernel = torch.ones(3, 1, 3, 3, device=images.device) / 13
    kernel[:, :, 1, 1] = 5 / 13
    blurred = images.clone()
    blurred[..., 1:-1, 1:-1] = functional.conv2d(images, kernel, groups=3)
    return _away_from(blurred, images, factors)


def posterise(images: Tensor, bits: Tensor) -> Tensor:
    """Return images of so many bits a channel, whole ones."""
    step = _each(2 ** (8 - bits.round()))
    return ((images * 255).round() / step).floor() * step / 255


def solarise(images: Tensor, thresholds: Tensor) -> Tensor:
    """Return images whose bright pixels, from the threshold (0 to 1) on, are inverted."""
    return torch.where(images >= _each(thresholds), 1 - images, images)


def _each(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def _grey(images: Tensor) -> Tensor:
    red, green, blue = images.unbind(dim=1)
    return (red * _GREY[0] + green * _GREY[1] + blue * _GREY[2]).unsqueeze(1)


def _away_from(base: Tensor, images: Tensor, factors: Tensor) -> Tensor:
    return (base + (images - base) * _each(factors)).clamp(0, 1)


def _shift(x: Tensor, y: Tensor) -> Tensor:
    one, still = torch.ones_like(x), torch.zeros_like(x)
    return affine(one, still, still, one, -2 * x, -2 * y)


def _shear(x: Tensor, y: Tensor) -> Tensor:
    one, still = torch.ones_like(x), torch.zeros_like(x)
    return affine(one, x, y, one, still, still)


OPERATIONS: tuple[Operation, ...] = (
    Operation("nothing", 0, False),
    Operation("shear x", 0.99, True, matrix=lambda amount: _shear(amount, torch.zeros_like(amount))),
    Operation("shear y", 0.99, True, matrix=lambda amount: _shear(torch.zeros_like(amount), amount)),
    Operation("shift x", 32 / 224, True, matrix=lambda amount: _shift(amount, torch.zeros_like(amount))),
    Operation("shift y", 32 / 224, True, matrix=lambda amount: _shift(torch.zeros_like(amount), amount)),
    Operation("turn", 135, True, matrix=turn),
    Operation("brightness", 0.99, True, recolour=lambda images, amount: brighten(images, 1 + amount)),
    Operation("colour", 0.99, True, recolour=lambda images, amount: saturate(images, 1 + amount)),
    Operation("contrast", 0.99, True, recolour=lambda images, amount: contrast(images, 1 + amount)),
    Operation("sharpness", 0.99, True, recolour=lambda images, amount: sharpen(images, 1 + amount)),
    Operation("posterise", 6, False, recolour=lambda images, amount: posterise(images, 8 - amount)),
    Operation("solarise", 1, False, recolour=lambda images, amount: solarise(images, 1 - amount)),
    Operation("stretch", 0, False, recolour=lambda images, amount: single.autocontrast(images)),
    Operation("equalise", 0, False, recolour=lambda images, amount: single.equalize(images)),
)
