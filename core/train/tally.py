"""Loss and accuracy over batches, kept on the device: reading them makes a graphics card wait, adding does not."""

import math

import torch
from torch import Tensor
from torch.nn import functional


class Tally:
    """Sums over batches of different sizes. A loss that is no number stays so in the sum, however late it is read."""

    def __init__(self) -> None:
        self._n = 0
        self._loss: Tensor | None = None
        self._squares: Tensor | None = None
        self._right: Tensor | None = None
        self._last: Tensor | None = None

    @torch.no_grad()
    def add(self, logits: Tensor, targets: Tensor) -> None:
        """Count one batch: logits (N, C) and labels (N,), or shares of the classes (N, C) where images are mixed."""
        labels = targets if targets.ndim == 1 else targets.argmax(dim=1)
        losses = functional.cross_entropy(logits, targets, reduction="none")
        right = (logits.argmax(dim=1) == labels).sum()
        self._n += len(labels)
        self._last = losses.mean()
        self._loss = _sum(self._loss, losses.sum())
        self._squares = _sum(self._squares, losses.square().sum())
        self._right = _sum(self._right, right)

    @property
    def last_loss(self) -> float:
        """Return the mean cross-entropy of the last batch, in nats."""
        return math.nan if self._last is None else float(self._last)

    @property
    def mean_loss(self) -> float:
        """Return the mean loss per image."""
        return math.nan if self._loss is None else float(self._loss) / self._n

    @property
    def standard_error(self) -> float:
        """Return how far the mean loss may be off because there are only so many images."""
        if self._squares is None or self._n < 2:
            return 0.0
        variance = float(self._squares) / self._n - self.mean_loss**2
        return math.sqrt(max(0.0, variance) / (self._n - 1))

    @property
    def accuracy(self) -> float:
        """Return the share of images that were right."""
        return math.nan if self._right is None else int(self._right) / self._n


def _sum(before: Tensor | None, more: Tensor) -> Tensor:
    return more if before is None else before + more
