"""Whether a network is also asked for the mirror image, and the mean of both answers taken."""

from collections.abc import Generator

import torch
from torch import Tensor, nn

from core.base.events import Event, Stop
from core.models.side_by_side import batch_for, side_by_side
from core.train.batches import Batches
from core.train.mirrored import NOT_MIRRORED, Mirroring
from core.train.pace import Pace
from core.train.plan import RunPlan
from core.train.steps import computing_in
from core.train.tally import Tally

ASK_MIRROR = "asking for mirror images"
LEAST_GAIN = 0.01  # of the validation loss: asking twice takes twice as long


def with_mirror(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logarithm of the mean probability (N, C) for images and their mirror images (Krizhevsky 2012)."""
    return _mean(network(images), network(images.flip(-1)))


def _mean(logits: Tensor, mirrored: Tensor) -> Tensor:
    return torch.stack([logits, mirrored]).float().softmax(dim=2).mean(dim=0).log()


def decide(
    plan: RunPlan, network: nn.Module, validation: Batches, pace: Pace, stop: Stop
) -> Generator[Event, None, Mirroring]:
    """Return whether the mirror image is asked as well: as it was planned, or as the validation images say.

    Yields progress. When stopped before they have said it, it is not.
    """
    if plan.mirror != "if it pays":
        return Mirroring(used=plan.mirror == "always")
    pace.enter(ASK_MIRROR)
    network.eval()
    alone, both = Tally(), Tally()
    device = next(network.parameters()).device

    def compute(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        inputs, labels = batch
        with torch.inference_mode(), computing_in(plan.precision or "float32", device):
            logits = network(inputs)
            return logits.float(), _mean(logits, network(inputs.flip(-1))), labels

    at_once = batch_for(len(validation), plan.evaluation_batch, device)
    for logits, mean, labels in side_by_side(compute, validation.in_order(at_once), device):
        if stop():
            return NOT_MIRRORED
        alone.add(logits, labels)
        both.add(mean, labels)
        if progress := pace.advance(2 * len(labels)):
            yield progress
    pays = both.mean_loss < alone.mean_loss * (1 - LEAST_GAIN) and both.accuracy >= alone.accuracy
    return Mirroring(pays, alone.mean_loss, both.mean_loss)
