"""Where layers stay frozen in a phase, learning begins behind them: what they make of the images is kept."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from core.base.events import Event, Stop, Warned
from core.models.backbones import Backbone
from core.models.division import Division, divide
from core.models.inference import Frozen
from core.models.network import Network
from core.models.side_by_side import side_by_side
from core.train.activations import VALUE_BYTES, Activations, room_bytes
from core.train.batches import ActivationBatches, PixelBatches
from core.train.pace import Pace
from core.train.pixel_pass import CACHE
from core.train.plan import PlannedPhase, RunPlan


def begins_behind(phase: PlannedPhase, backbone: Backbone) -> bool:
    """Say whether a phase on pixels leaves layers frozen that see the images as they are, and not mixed."""
    return not phase.from_features and phase.mixing == "none" and phase.trained_groups < len(backbone.groups)


def sees_again(plan: RunPlan) -> bool:
    """Say whether the training images are the same in each epoch."""
    return plan.augmentation == "none"


def division_of(phase: PlannedPhase, network: Network) -> Division | None:
    """Return where the phase divides the network, which is frozen as the phase has it; None if it sees images whole."""
    return divide(network) if begins_behind(phase, network.backbone) else None


def frozen_of(plan: RunPlan, division: Division) -> Frozen:
    """Return the frozen part of a network as it only computes."""
    return Frozen(division.before, getattr(torch, plan.features_precision or "float32"))


@dataclass(frozen=True)
class Held:
    """Bytes of activations that are held at once, in memory and on the disk."""

    memory: float = 0.0
    disk: float = 0.0


def will_hold(plan: RunPlan, network: Network) -> Held:
    """Return what the run will hold at most, if the disk has room; `network` may be on the meta device."""
    n_again, size_px = len(plan.dataset.part("train")) if sees_again(plan) else 0, plan.framing.size_px
    where = next(network.trunk.parameters()).device
    most = Held()
    for phase in plan.phases:
        network.freeze(phase.trained_groups)
        division = division_of(phase, network)
        if division:
            pair = division.before(torch.empty(2, 3, size_px, size_px, device=where))
            row_bytes = pair.numel() / 2 * VALUE_BYTES
            now = _placed(row_bytes * n for n in (len(plan.dataset.part("val")), n_again))
            most = Held(max(most.memory, now.memory), max(most.disk, now.disk))
    return most


def _placed(parts: Iterable[float]) -> Held:
    """Return where parts of so many bytes go, one after the other, as Activations will decide it."""
    now = Held()
    for needed in parts:
        if needed <= room_bytes(now.memory):
            now = replace(now, memory=now.memory + needed)
        else:
            now = replace(now, disk=now.disk + needed)
    return now


class ActivationPass:
    """Computes the frozen part for the images of a phase and holds the result until `close`."""

    def __init__(self, plan: RunPlan, division: Division, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self._frozen = frozen_of(plan, division)
        self._held: list[Activations] = []

    def run(
        self, training: PixelBatches, validation: PixelBatches, pace: Pace, stop: Stop
    ) -> Generator[Event, None, tuple[ActivationBatches, ActivationBatches]]:
        """Yield progress; return both parts as they are behind the frozen layers.

        Validation images are the same in each epoch and always kept; training images only where they are not varied.
        """
        held_out = yield from self._kept(validation, pace, stop)
        seen_again = (yield from self._kept(training, pace, stop)) if sees_again(self._plan) else None
        return (
            ActivationBatches(training, self._frozen, seen_again),
            ActivationBatches(validation, self._frozen, held_out),
        )

    def close(self) -> None:
        """Let go of all that was kept."""
        for held in self._held:
            held.close()

    def _kept(self, images: PixelBatches, pace: Pace, stop: Stop) -> Generator[Event, None, Activations | None]:
        activations = Activations(len(images), self._folder)
        self._held.append(activations)
        batch = self._plan.evaluation_batch

        def compute(seen: tuple[Tensor, Tensor]) -> Tensor:
            shown, _ = seen
            # always whole batches, as in FeaturePass: the size of a batch may change the last bit
            full = shown[torch.arange(batch, device=shown.device) % len(shown)]
            values: Tensor = self._frozen(full)
            return values[: len(shown)]

        for values in side_by_side(compute, images.in_order(batch), images.device):
            if stop() or activations.problem:
                break
            activations.add(values)
            if progress := pace.advance(len(values)):
                yield progress
        if activations.problem:
            yield Warned(f"{activations.problem} It is computed again in each epoch, which is slower.", about=CACHE)
        return None if activations.problem else activations
