"""Where batches come from: stored features, squares of pixels that are varied, or what frozen layers make of those."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.models.backbones import Backbone
from core.models.inference import Frozen
from core.models.inputs import as_seen, normalise, to_unit
from core.train.activations import Activations, rounded
from core.train.augment import Variation, vary
from core.train.squares import Squares


class Batches(Protocol):
    """Inputs and labels of one part of the images."""

    def __len__(self) -> int: ...

    def shuffled(self, batch_size: int, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch for training, in random order and varied; a last batch of one image is left out."""
        ...

    def in_order(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every image once, as it is."""
        ...


def _slices(n: int, batch_size: int) -> Iterator[slice]:
    for start in range(0, n, batch_size):
        yield slice(start, start + batch_size)


def _orders(n: int, batch_size: int, random: torch.Generator) -> Iterator[Tensor]:
    """Yield shuffled indices in batches. One image alone has no variance, which BatchNorm cannot learn from."""
    order = torch.randperm(n, generator=random)
    for where in _slices(n, batch_size):
        if len(order[where]) > 1:
            yield order[where]


@dataclass(frozen=True)
class FeatureBatches:
    """Features (N, D) and labels (N,), both on the device where training happens."""

    features: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def shuffled(self, batch_size: int, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch in random order."""
        for chosen in _orders(len(self), batch_size, random):
            yield self.features[chosen], self.labels[chosen]

    def in_order(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every image once."""
        for where in _slices(len(self), batch_size):
            yield self.features[where], self.labels[where]


@dataclass(frozen=True)
class PixelBatches:
    """Squares (N, R, R, 3) of uint8, wherever they are kept, labels (N,); made ready on `device`."""

    squares: Squares
    labels: Tensor
    backbone: Backbone
    size_px: int
    variation: Variation | None
    device: torch.device

    def __len__(self) -> int:
        return len(self.labels)

    def shuffled(self, batch_size: int, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch in random order, each image varied anew."""
        for chosen in _orders(len(self), batch_size, random):
            pixels = self.squares[chosen.numpy()]
            shown = varied(pixels, self.size_px, self.backbone, self.variation, self.device, random)
            yield shown, self.labels[chosen].to(self.device)

    def in_order(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every image once, its centre as the network sees it when it predicts."""
        for where in _slices(len(self), batch_size):
            yield (
                as_seen(self.squares[where].pixels(), self.size_px, self.backbone, self.device),
                self.labels[where].to(self.device),
            )


@dataclass(frozen=True)
class ActivationBatches:
    """What the frozen part of a network makes of images: as it is kept, or computed anew where it is not.

    Only what the network sees of images that are not varied is kept.
    """

    images: PixelBatches
    frozen: Frozen
    kept: Activations | None

    def __len__(self) -> int:
        return len(self.images)

    def shuffled(self, batch_size: int, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch in random order; each image varied anew, if they are not kept."""
        if self.kept is None:
            yield from self._computed(self.images.shuffled(batch_size, random))
            return
        for chosen in _orders(len(self), batch_size, random):
            yield self._had(self.kept, chosen), self.images.labels[chosen].to(self.images.device)

    def in_order(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every image once, as it is."""
        if self.kept is None:
            yield from self._computed(self.images.in_order(batch_size))
            return
        every = torch.arange(len(self))
        for where in _slices(len(self), batch_size):
            yield self._had(self.kept, every[where]), self.images.labels[where].to(self.images.device)

    def _had(self, kept: Activations, chosen: Tensor) -> Tensor:
        try:
            return kept[chosen]
        except OSError:
            images = self.images
            shown = as_seen(images.squares[chosen.numpy()], images.size_px, images.backbone, images.device)
            return rounded(self.frozen(shown))

    def _computed(self, batches: Iterator[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
        for shown, labels in batches:
            yield rounded(self.frozen(shown)), labels


def varied(
    pixels: NDArray[np.uint8],
    size_px: int,
    backbone: Backbone,
    variation: Variation | None,
    device: torch.device,
    random: torch.Generator,
) -> Tensor:
    """Return what a network sees while it learns, (N, 3, size_px, size_px), of squares (N, R, R, 3)."""
    if variation is None:
        return as_seen(pixels, size_px, backbone, device)
    return normalise(vary(to_unit(pixels, device), size_px, variation, random), backbone)
