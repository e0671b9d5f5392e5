"""One step of learning: the loss, the precision it is computed in, the rates, and what each weight does with them."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.device import Precision
from core.models.division import After
from core.models.network import Network
from core.train.averaging import Average
from core.train.convolutions import quick_convolutions
from core.train.mixing import mix
from core.train.plan import PlannedPhase, RunPlan
from core.train.replicas import Replicas

WARM_UP = 0.1  # share of a phase's steps in which the rate rises from near zero
FIRST_SCALE = 1024.0
LITTLE = 3e7  # multiply-adds in a step of a head, up to which one thread is faster than two


def optimiser(network: Network, phase: PlannedPhase, weight_decay: float) -> torch.optim.AdamW:
    """Return AdamW with one rate per layer group, falling towards the stem; norms and biases do not decay."""
    groups: list[dict[str, object]] = []
    for distance, parameters in enumerate(reversed(network.group_parameters())):
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        rate = phase.rate * phase.decay_per_group**distance
        for decays in (True, False):
            chosen = [parameter for parameter in learning if (parameter.ndim > 1) is decays]
            if chosen:
                decay = weight_decay if decays else 0.0
                groups.append({"params": chosen, "lr": rate, "peak": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, fused=True)


def schedule(steps: int) -> Callable[[int], float]:
    """Return the factor of the peak rate at a step: linear warm-up, then half a cosine to zero (Loshchilov 2016)."""
    warm = max(1, round(steps * WARM_UP))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))

    return factor


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which a network computes; 16 bits are used where they do no harm (Micikevicius 2017)."""
    return torch.autocast(device.type, getattr(torch, precision), enabled=precision != "float32")


@contextmanager
def _learning_in(precision: Precision, device: torch.device) -> Iterator[None]:
    with computing_in(precision, device), quick_convolutions(device):
        yield


@contextmanager
def threads_for(phase: PlannedPhase, head: nn.Linear) -> Iterator[None]:
    """Compute in one thread while only a small head learns: waking another takes longer than what it would do."""
    threads = torch.get_num_threads()
    if phase.from_features and phase.batch_size * head.weight.numel() < LITTLE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def set_learning(model: nn.Module, phase: PlannedPhase) -> None:
    """Set training mode, for BatchNorm only where the phase lets its statistics follow the images."""
    model.train()
    if phase.norms_frozen:
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()


def divides(plan: RunPlan, phase: PlannedPhase) -> bool:
    """Say whether cores take a part of each batch of the phase, where it is large enough.

    Not on processors with AVX-512, whose cores are as quick together on a whole batch.
    """
    if plan.device.kind != "cpu" or phase.from_features:
        return False
    return torch.backends.cpu.get_cpu_capability() != "AVX512"


class Stepper:
    """Makes the steps of one phase. `model` maps a batch to logits: the whole network, or its head on features."""

    def __init__(self, plan: RunPlan, phase: PlannedPhase, network: Network, model: nn.Module, steps: int) -> None:
        self._plan, self._phase, self._network, self._model = plan, phase, network, model
        self._replicas: Replicas | None = None
        self._device = network.head.weight.device
        self.precision: Precision = "float32" if phase.from_features else plan.precision or "float32"
        self._optimiser = optimiser(network, phase, plan.weight_decay)
        # gradients of float16 are lost where they are small, unless the loss is made larger first; torch begins with
        # 65536, at which the first steps of a short run are left out one after the other
        self._scaler = torch.amp.GradScaler(
            self._device.type, init_scale=FIRST_SCALE, enabled=self.precision == "float16"
        )
        self._factor, self._done = schedule(steps), 0
        self._class_weights = torch.tensor(plan.class_weights, device=self._device) if plan.class_weights else None
        self.average = Average(model, phase.averaging) if phase.averaging else None

    def step(
        self, inputs: Tensor, labels: Tensor, random: torch.Generator, rate: float | None = None
    ) -> tuple[Tensor, Tensor]:
        """Make one step, at the scheduled rate or a given one; return logits and the targets they should have had."""
        inputs, targets = mix(inputs, labels, self._phase.mixing, len(self._plan.dataset.classes), random)
        self._optimiser.zero_grad(set_to_none=True)  # before memory is needed for the way there
        with _learning_in(self.precision, self._device):
            logits = self._computed(inputs).float()
        self._scaler.scale(self._loss(logits, targets)).backward()  # type: ignore[no-untyped-call]
        self._set_rates(self._factor(self._done) if rate is None else rate / self._phase.rate)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        if self.average:
            self.average.update()
        return logits.detach(), targets

    def _computed(self, inputs: Tensor) -> Tensor:
        """Return the logits; where a batch is divided, its parts are computed side by side as far as the head."""
        model = self._model
        if not divides(self._plan, self._phase) or not isinstance(model, Network | After):
            logits: Tensor = model(inputs)
            return logits
        if self._replicas is None:  # not before the first step: how each layer behaves while it learns is copied
            self._replicas = Replicas(model.trunk, partial(_learning_in, self.precision, self._device))
        return self._network.head(self._replicas(inputs))  # type: ignore[no-any-return]

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss that is learned from: smoothed and weighted, unlike the one that is shown."""
        smoothing = self._plan.label_smoothing
        return functional.cross_entropy(logits, targets, self._class_weights, label_smoothing=smoothing)

    def _set_rates(self, factor: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        self._done += 1
