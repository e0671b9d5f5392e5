"""Images blended with one another, and their labels likewise: less is learned by heart."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.base.config import Mixing

MIXUP_ALPHA = 0.2  # most images stay nearly pure, as in the paper's ImageNet recipe
CUTMIX_ALPHA = 1.0
CUTMIX_SHARE = 0.5  # of the images; the others stay whole

_Blend = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]


def mix(images: Tensor, labels: Tensor, how: Mixing, n_classes: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return images (N, 3, H, W) and their shares of the classes (N, C); labels (N,) as they are if nothing is mixed.

    Each image has its own partner and its own share. `random` lies on the CPU.
    """
    if how == "none":
        return images, labels
    partner = torch.randperm(len(labels), generator=random).to(images.device)
    mixed, share = _BLENDS[how](images, images[partner], random)
    whole = functional.one_hot(labels, n_classes).float()
    share = share.to(images.device).view(-1, 1)
    return mixed, whole * share + whole[partner] * (1 - share)


def blend(images: Tensor, others: Tensor, share: Tensor) -> Tensor:
    """Return weighted means, `share` (N,) being the part of `images` (mixup, Zhang et al. 2018)."""
    weight = share.to(images.device).view(-1, 1, 1, 1)
    return images * weight + others * (1 - weight)


def paste(images: Tensor, others: Tensor, boxes: Tensor) -> Tensor:
    """Return images with the box (N, 4: left, top, right, bottom in px) from `others` (cutmix, Yun et al. 2019)."""
    left, top, right, bottom = (side.view(-1, 1, 1, 1) for side in boxes.to(images.device).unbind(dim=1))
    y = torch.arange(images.shape[-2], device=images.device).view(1, 1, -1, 1)
    x = torch.arange(images.shape[-1], device=images.device).view(1, 1, 1, -1)
    inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    return torch.where(inside, others, images)


def _beta(n: int, alpha: float, random: torch.Generator) -> Tensor:
    """Draw from Beta(alpha, alpha), for which torch takes no generator."""
    seed = int(torch.randint(2**31 - 1, (), generator=random))
    return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, n)).float()


def _mixup(images: Tensor, others: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    share = _beta(len(images), MIXUP_ALPHA, random)
    return blend(images, others, share), share


def _cutmix(images: Tensor, others: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    n, height, width = len(images), images.shape[-2], images.shape[-1]
    share = _beta(n, CUTMIX_ALPHA, random)
    share[torch.rand(n, generator=random) > CUTMIX_SHARE] = 1.0
    boxes = cut_boxes(share, torch.rand(n, 2, generator=random), (height, width))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return paste(images, others, boxes), 1 - area / (height * width)


def cut_boxes(share: Tensor, centres: Tensor, size: tuple[int, int]) -> Tensor:
    """Return boxes (N, 4) in px around `centres` (N, 2: x, y from 0 to 1) that leave `share` (N,) of the image."""
    height, width = size
    half = 0.5 * (1 - share).sqrt()
    x, y = (centres[:, 0] * width).floor(), (centres[:, 1] * height).floor()
    half_x, half_y = (half * width).floor(), (half * height).floor()
    sides = (x - half_x, y - half_y, x + half_x, y + half_y)
    limits = (width, height, width, height)
    return torch.stack([side.clamp(0, limit) for side, limit in zip(sides, limits, strict=True)], dim=1)


_BLENDS: dict[str, _Blend] = {"mixup": _mixup, "cutmix": _cutmix}
