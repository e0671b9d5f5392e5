"""The learning-rate range test (Smith 2017): rising rates are tried for a moment, and one that teaches is taken."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import nn

from core.base.events import Stop
from core.models.network import Network
from core.train.batches import Batches
from core.train.plan import PlannedPhase, RunPlan
from core.train.steps import Stepper, set_learning

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 80
CALM = 0.9  # of the mean loss stays at each step: one batch says little
BURST = 3.0  # times the lowest loss: from here on higher rates only destroy
FIND_RATE = "looking for the learning rate"
BELOW = 0.1  # of the rate at which the loss was lowest: there it is about to rise


@dataclass(frozen=True, slots=True)
class RatePoint:
    """The loss (nats, a running mean) when the rate was so high."""

    rate: float
    loss: float


def try_rates(
    plan: RunPlan, phase: PlannedPhase, network: Network, model: nn.Module, training: Batches, stop: Stop
) -> Iterator[RatePoint]:
    """Yield the loss at rising rates until it bursts; the network is then as it was before."""
    before = copy.deepcopy(network.state_dict())
    random = torch.Generator().manual_seed(plan.config.seed)
    stepper = Stepper(plan, replace(phase, averaging=0.0), network, model, STEPS)
    set_learning(model, phase)
    mean, lowest = 0.0, math.inf
    try:
        for number, (inputs, labels) in enumerate(_endless(training, phase.batch_size, random)):
            rate = LOWEST * (HIGHEST / LOWEST) ** (number / (STEPS - 1))
            logits, targets = stepper.step(inputs, labels, random, rate)
            mean = CALM * mean + (1 - CALM) * float(nn.functional.cross_entropy(logits, targets))
            loss = mean / (1 - CALM ** (number + 1))
            if not loss < BURST * lowest or number + 1 == STEPS or stop():
                return
            lowest = min(lowest, loss)
            yield RatePoint(rate, loss)
    finally:
        network.load_state_dict(before)


def best_rate(points: list[RatePoint]) -> float | None:
    """Return a tenth of the rate at which the loss was lowest; None if it never fell."""
    lowest = min(points, key=lambda point: point.loss, default=None)
    if lowest is None or lowest is points[0]:
        return None
    return lowest.rate * BELOW


def _endless(
    training: Batches, batch_size: int, random: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    while len(training) > 1:
        yield from training.shuffled(batch_size, random)
