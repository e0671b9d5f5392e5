"""From squares of pixels to what a network sees: the same code for training, scoring and prediction."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.models.backbones import Backbone


def as_seen(squares: NDArray[np.uint8], size_px: int, backbone: Backbone, device: torch.device) -> Tensor:
    """Return the network's input (N, 3, size_px, size_px) for squares (N, R, R, 3): training, scoring, prediction."""
    start = (squares.shape[1] - size_px) // 2  # cut while they are bytes: what is cut off need not be computed
    return normalise(to_unit(squares[:, start : start + size_px, start : start + size_px], device), backbone)


def to_unit(squares: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Return (N, 3, R, R) with values from 0 to 1."""
    return torch.from_numpy(np.ascontiguousarray(squares)).to(device).permute(0, 3, 1, 2).float().div_(255)


def normalise(images: Tensor, backbone: Backbone) -> Tensor:
    """Return images with the mean and deviation that the backbone was trained with, channels last in memory."""
    row = images[:1, :, :1]  # for a layout like that of the images: five times as fast where the channels come last
    mean, std = (
        torch.empty_like(row).copy_(torch.tensor(values).view(1, 3, 1, 1)) for values in (backbone.mean, backbone.std)
    )
    return (images - mean).div_(std).contiguous(memory_format=torch.channels_last)
