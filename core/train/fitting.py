"""One phase of training: the layers that learn, their rates, the epochs, and the best one so far."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from core.base.errors import UserError
from core.base.events import EpochDone, Event, Step, Stop, Warned
from core.models.network import Network
from core.models.side_by_side import batch_for, side_by_side
from core.train.batches import Batches
from core.train.pace import Pace
from core.train.plan import LARGEST_FEATURE_BATCH, PlannedPhase, RunPlan
from core.train.ranges import FIND_RATE, best_rate, try_rates
from core.train.steps import Stepper, computing_in, set_learning
from core.train.tally import Tally


@dataclass
class Best:
    """The best epoch, and the network as it was then.

    That is the latest whose validation loss is not above the lowest by more than its standard error (the rule of
    Breiman et al. 1984): between such epochs few images cannot tell, and the later ones learned at lower rates.
    """

    epoch: int = 0
    loss: float = math.inf
    lowest: float = math.inf
    slack: float = 0.0
    state: dict[str, Tensor] = field(default_factory=dict)

    def takes(self, loss: float, standard_error: float) -> bool:
        """Say whether an epoch with this validation loss is the best so far."""
        if loss < self.lowest:
            self.lowest, self.slack = loss, standard_error
        return loss <= self.lowest + self.slack

    def keep(self, epoch: int, loss: float, changed: Mapping[str, Tensor]) -> None:
        """Remember this epoch by the tensors of the network's state_dict that have changed."""
        self.epoch, self.loss = epoch, loss
        self.state |= {name: value.detach().clone() for name, value in changed.items()}

    def restore(self, network: Network) -> None:
        """Make the network what it was in the best epoch."""
        whole = network.state_dict()  # carries a version, without which MNASNet refuses to load
        whole.update(self.state)
        network.load_state_dict(whole)


class Fitting:
    """Trains one phase. `model` maps a batch of `training` to logits: the whole network, or its head on features."""

    def __init__(
        self,
        plan: RunPlan,
        phase: PlannedPhase,
        network: Network,
        model: nn.Module,
        training: Batches,
        validation: Batches,
        best: Best,
    ) -> None:
        self._plan, self._phase, self._network, self._model = plan, phase, network, model
        self._training, self._validation, self._best = training, validation, best
        self._device = network.head.weight.device
        self._random = torch.Generator().manual_seed(plan.config.seed + phase.first_epoch)
        self._steps_per_epoch = max(1, math.ceil(len(training) / phase.batch_size))
        self._stepper = self._new_stepper()

    def run(self, pace: Pace, stop: Stop, keep: Callable[[int, float], None]) -> Iterator[Event]:
        """Yield steps and epochs until the phase is over, was asked to stop, or no longer gets better.

        `keep` is called with epoch and validation loss for each epoch that is the best of the run so far.
        """
        if self._plan.finds_rate and not self._phase.from_features:
            yield from self._find_rate(pace, stop)
        pace.enter(self._phase.title)
        lowest, since = math.inf, 0
        for epoch in range(self._phase.first_epoch, self._phase.first_epoch + self._phase.epochs):
            begun = pace.seconds
            seen = Tally()
            yield from self._epoch(epoch, seen, pace, stop)
            if stop():
                return
            with self._stepper.average.in_place() if self._stepper.average else nullcontext():
                held_out = self._evaluate()
                _require_finite(held_out.mean_loss)
                is_best = self._best.takes(held_out.mean_loss, held_out.standard_error)
                if is_best:
                    keep(epoch, held_out.mean_loss)
            yield EpochDone(
                epoch=epoch,
                phase=self._phase.title,
                train_loss=seen.mean_loss,
                train_accuracy=seen.accuracy,
                val_loss=held_out.mean_loss,
                val_accuracy=held_out.accuracy,
                is_best=is_best,
                seconds=pace.seconds - begun,
            )
            since = 0 if held_out.mean_loss < lowest else since + 1
            lowest = min(lowest, held_out.mean_loss)
            if since >= self._plan.patience:
                return

    def _new_stepper(self) -> Stepper:
        steps = self._steps_per_epoch * self._phase.epochs
        return Stepper(self._plan, self._phase, self._network, self._model, steps)

    def _find_rate(self, pace: Pace, stop: Stop) -> Iterator[Event]:
        """Look for a rate and take it; say what a person should know about it."""
        pace.enter(FIND_RATE)
        points = []
        for point in try_rates(self._plan, self._phase, self._network, self._model, self._training, stop):
            points.append(point)
            if progress := pace.advance(self._phase.batch_size):
                yield progress
        rate = best_rate(points)
        if rate is None:
            yield Warned(f"No learning rate was found at which the loss falls; {self._phase.rate:g} is kept.")
            return
        planned, self._phase = self._phase.rate, replace(self._phase, rate=rate)
        self._stepper = self._new_stepper()
        yield Warned(
            f"The learning rate that was found for “{self._phase.title}” is {rate:.2g} (planned: {planned:g})."
        )

    def _epoch(self, epoch: int, seen: Tally, pace: Pace, stop: Stop) -> Iterator[Event]:
        set_learning(self._model, self._phase)
        for number, (inputs, labels) in enumerate(self._training.shuffled(self._phase.batch_size, self._random), 1):
            if stop():
                return
            seen.add(*self._stepper.step(inputs, labels, self._random))
            progress = pace.advance(len(labels))
            # asking a graphics card for the loss makes it wait; a sum that is no number any more stays so until then
            if progress or self._device.type == "cpu":
                _require_finite(seen.mean_loss)
                yield Step(epoch - 1 + number / self._steps_per_epoch, seen.last_loss)
            if progress:
                yield progress

    def _evaluate(self) -> Tally:
        self._model.eval()
        held_out = Tally()
        largest = LARGEST_FEATURE_BATCH if self._phase.from_features else self._plan.evaluation_batch
        batches = self._validation.in_order(batch_for(len(self._validation), largest, self._device))
        for logits, labels in side_by_side(self._compute, batches, self._device):
            held_out.add(logits, labels)
        return held_out

    def _compute(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        inputs, labels = batch
        with torch.inference_mode(), computing_in(self._stepper.precision, self._device):
            return self._model(inputs).float(), labels


def _require_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise UserError(
            "Training ran out of bounds: the loss is no longer a number.",
            "Choose a lower learning rate and train again.",
        )


class ScaledHead(nn.Module):
    """The head seen from centred features of one scale, in which one learning rate suits every network.

    All features share the scale. One for each would let features that hardly vary weigh hundreds of times as much,
    and the loss would burst as soon as the layers below begin to learn. The head's own parameters are moved there;
    `folded` gives them for features as they are.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, head: nn.Linear, features: Tensor) -> None:
        super().__init__()
        self.head = head
        spread = features.std(dim=0, correction=0).mean()
        self.register_buffer("mean", features.mean(dim=0))
        self.register_buffer("scale", torch.where(spread > 1e-6, spread, torch.ones_like(spread)))
        with torch.no_grad():
            head.bias.add_(head.weight @ self.mean)
            head.weight.mul_(self.scale)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (N, classes) for features (N, D)."""
        return self.head((features - self.mean) / self.scale)  # type: ignore[no-any-return]

    def folded(self) -> dict[str, Tensor]:
        """Return the weight and bias of the head for features as they are."""
        weight = (self.head.weight / self.scale).detach()
        return {"weight": weight, "bias": (self.head.bias - weight @ self.mean).detach()}
