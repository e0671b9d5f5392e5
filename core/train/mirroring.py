"""Whether a network is also asked for the mirror image, and the mean of both answers taken."""

from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from core.base.errors import UserError
from core.base.events import Stop
from core.base.files import write_bytes
from core.train.batches import Batches
from core.train.plan import RunPlan
from core.train.steps import computing_in
from core.train.tally import Tally

MIRROR_FILE = "mirror.json"
LEAST_GAIN = 0.01  # of the validation loss: asking twice takes twice as long


@dataclass(frozen=True)
class Mirroring:
    """The decision, and the two validation losses (nats) on which it rests, where it was left to them."""

    used: bool
    loss: float | None = None
    mirrored_loss: float | None = None

    def save(self, folder: Path) -> None:
        """Write the decision beside the network that it belongs to."""
        write_bytes(folder / MIRROR_FILE, _MIRRORING.dump_json(self, indent=1))


_MIRRORING = TypeAdapter(Mirroring)


def load_mirroring(folder: Path) -> Mirroring:
    """Read the decision of a run; older runs have none and do not mirror. Raises UserError if it is damaged."""
    file = folder / MIRROR_FILE
    if not file.exists():
        return Mirroring(used=False)
    try:
        return _MIRRORING.validate_json(file.read_bytes())
    except ValidationError:
        raise UserError(f"“{file}” is damaged.", "Train again, or choose another run.") from None


def with_mirror(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logarithm of the mean probability (N, C) for images and their mirror images (Krizhevsky 2012)."""
    both = torch.stack([network(images), network(images.flip(-1))]).float()
    return both.softmax(dim=2).mean(dim=0).log()


def decide(plan: RunPlan, network: nn.Module, validation: Batches, stop: Stop) -> Mirroring:
    """Return whether the mirror image is asked as well: as it was planned, or as the validation images say.

    When stopped before they have said it, it is not.
    """
    if plan.mirror != "if it pays":
        return Mirroring(used=plan.mirror == "always")
    network.eval()
    alone, both = Tally(), Tally()
    device = next(network.parameters()).device
    with torch.inference_mode(), computing_in(plan.precision or "float32", device):
        for inputs, labels in validation.in_order(plan.evaluation_batch):
            if stop():
                return Mirroring(used=False)
            alone.add(network(inputs).float(), labels)
            both.add(with_mirror(network, inputs), labels)
    pays = both.mean_loss < alone.mean_loss * (1 - LEAST_GAIN) and both.accuracy >= alone.accuracy
    return Mirroring(pays, alone.mean_loss, both.mean_loss)
