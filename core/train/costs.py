"""What a run will cost on this computer: a few images are read and computed before it begins, for about a second."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from core.base.folders import Folders
from core.data.store.pixels import Pixels
from core.models.backbones import Backbone
from core.models.device import Precision, precisions
from core.models.inference import Frozen
from core.models.network import Network, build
from core.models.speed import Speed, SpeedNotes, Trial, best
from core.train.augment import variation_of
from core.train.batches import varied
from core.train.fitting import ScaledHead
from core.train.plan import PlannedPhase, RunPlan
from core.train.steps import Stepper, set_learning

FEW = 8
"""Images per trial on a processor, where the speed hardly depends on it; a graphics card gets the whole batch."""

_STEPS = 1000  # so that the rates stay where they are while steps are timed


@dataclass(frozen=True)
class Costs:
    """Seconds per image: of the frozen network, and of the steps of each phase."""

    features: Speed
    phases: tuple[Speed, ...]


def costs(plan: RunPlan, folders: Folders) -> Costs:
    """Return what an image costs in each part of the run, measured now or in an earlier run on this computer."""
    trials = _Trials(plan)
    notes = SpeedNotes(folders.cache / "speeds.json")
    with torch.random.fork_rng(devices=[]):  # dropout draws, and what comes after must not depend on it
        features = notes.get(trials.named(f"features, batch {plan.evaluation_batch}"), trials.features)
        steps = [notes.get(trials.named(_words(plan, phase)), partial(trials.steps, phase)) for phase in plan.phases]
    return Costs(features, tuple(steps))


def needs_measuring(plan: RunPlan) -> bool:
    """Say whether the run itself would not find out soon enough: where layers learn, or a precision must be chosen."""
    return any(not phase.from_features for phase in plan.phases) or len(precisions(plan.device.kind)) > 1


def chosen(plan: RunPlan, measured: Costs) -> RunPlan:
    """Return the plan with the precisions that were found the best, where it names none."""
    return replace(
        plan,
        precision=plan.precision or measured.phases[-1].precision,
        features_precision=plan.features_precision or measured.features.precision,
    )


def _words(plan: RunPlan, phase: PlannedPhase) -> str:
    if phase.from_features:
        return f"head, batch {phase.batch_size}"
    return f"{phase.trained_groups} groups, batch {phase.batch_size}, {plan.augmentation}, {phase.mixing}"


class _Trials:
    """Pieces of work like those of the run, on a network of the same shape and on random pixels."""

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._device = torch.device(plan.device.kind)
        self._made: Network | None = None

    def named(self, work: str) -> str:
        """Return the name of a piece of work, with all that its speed depends on."""
        plan, threads = self._plan, torch.get_num_threads()
        where = f"{plan.device.name}, {threads} threads, torch {torch.__version__}"
        return f"{where}: {plan.architecture}, {plan.framing.size_px} px, {work}"

    def features(self) -> Speed:
        """Return the speed of the frozen network."""
        n = self._n(self._plan.evaluation_batch)
        images = varied(self._pixels(n), *self._seen, None, self._device, torch.Generator())
        trials: dict[Precision, Trial] = {
            precision: partial(_compute, Frozen(self._network(), getattr(torch, precision)), images)
            for precision in precisions(self._plan.device.kind)
        }
        return best(trials, n)

    def steps(self, phase: PlannedPhase) -> Speed:
        """Return the speed of learning in a phase, the variation of the images included."""
        if phase.from_features:
            return best({"float32": self._head_step(phase)}, phase.batch_size)
        n = self._n(phase.batch_size)
        trials: dict[Precision, Trial] = {
            precision: self._step(replace(self._plan, precision=precision), phase, n)
            for precision in precisions(self._plan.device.kind)
        }
        return best(trials, n)

    def _step(self, plan: RunPlan, phase: PlannedPhase, n: int) -> Trial:
        network = self._network()
        network.freeze(phase.trained_groups)
        set_learning(network, phase)
        stepper, random = Stepper(plan, phase, network, network, _STEPS), torch.Generator()
        pixels, labels = self._pixels(n), torch.zeros(n, dtype=torch.long, device=self._device)
        variation = variation_of(plan.augmentation, plan.flips)

        def trial() -> None:
            shown = varied(pixels, *self._seen, variation, self._device, random)
            logits, _ = stepper.step(shown, labels, random)
            logits.sum().item()  # waits for a graphics card

        return trial

    def _head_step(self, phase: PlannedPhase) -> Trial:
        network, random, n = self._network(), torch.Generator(), phase.batch_size
        features = torch.randn(n, network.head.in_features, device=self._device)
        labels = torch.zeros(n, dtype=torch.long, device=self._device)
        stepper = Stepper(self._plan, phase, network, ScaledHead(network.head, features), _STEPS)
        return lambda: float(stepper.step(features, labels, random)[0].sum())

    def _n(self, batch_size: int) -> int:
        return min(FEW, batch_size) if self._device.type == "cpu" else batch_size

    @property
    def _seen(self) -> tuple[int, Backbone]:
        return self._plan.framing.size_px, self._plan.network

    def _network(self) -> Network:
        if self._made is None:
            made = build(self._plan.network, len(self._plan.dataset.classes), None, 0, self._plan.framing.size_px)
            self._made = made.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self._made

    def _pixels(self, n: int) -> Pixels:
        side = self._plan.framing.resize_px
        return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), np.uint8)


def _compute(frozen: Frozen, images: torch.Tensor) -> float:
    return float(frozen(images).sum())  # waits for a graphics card
