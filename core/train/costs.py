"""What a run will cost on this computer: a few images are read and computed before it begins, for about a second."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn

from core.base.folders import Folders
from core.data.store.pixels import Pixels
from core.models.backbones import Backbone
from core.models.device import Precision, precisions
from core.models.inference import Frozen
from core.models.network import Network, build
from core.models.side_by_side import cores_of, side_by_side
from core.models.speed import CLEARLY, Speed, SpeedNotes, Trial, best
from core.train.activation_pass import begins_behind, division_of, frozen_of, sees_again
from core.train.activations import rounded
from core.train.augment import variation_of
from core.train.batches import varied
from core.train.fitting import ScaledHead
from core.train.plan import Choice, PlannedPhase, RunPlan
from core.train.replicas import PARTS, SMALLEST_WITH_STATISTICS
from core.train.steps import Stepper, divides, set_learning, threads_for

FEW, TO_LEARN = 8, PARTS * SMALLEST_WITH_STATISTICS
"""Images per trial on a processor: for each core where nothing is learned, and for all that learn, in parts or not. A
graphics card gets the whole batch."""

PRECISION = "precision"
"""The name of the choice that says in what the network computes."""

_STEPS = 1000  # so that the rates stay where they are while steps are timed


@dataclass(frozen=True)
class Costs:
    """Seconds per image: of the frozen network, of the steps of each phase, and of its frozen layers if they are
    computed for themselves (else 0)."""

    features: Speed
    phases: tuple[Speed, ...]
    before: tuple[float, ...]


def costs(plan: RunPlan, folders: Folders, network: Network | None = None) -> Costs:
    """Return what an image costs in each part of the run, measured now or in an earlier run on this computer.

    `network` is that of the run, if it is there already, and stays as it is.
    """
    trials = _Trials(plan, network)
    notes = SpeedNotes(folders.cache / "speeds.json")
    with torch.random.fork_rng(devices=[]):  # dropout draws, and what comes after must not depend on it
        features = notes.get(trials.named(f"features, a core each, batch {plan.evaluation_batch}"), trials.features)
        trials.plan = replace(plan, features_precision=plan.features_precision or features.precision)
        plan = trials.plan
        steps = [notes.get(trials.named(_words(plan, phase)), partial(trials.steps, phase)) for phase in plan.phases]
        named = [trials.named(_frozen_words(plan, phase)) for phase in plan.phases]
        before = [
            notes.get(name, partial(trials.before, phase)).seconds if begins_behind(phase, plan.network) else 0.0
            for name, phase in zip(named, plan.phases, strict=True)
        ]
    return Costs(features, tuple(steps), tuple(before))


def needs_measuring(plan: RunPlan) -> bool:
    """Say whether the run itself would not find out soon enough: where layers learn, or a precision must be chosen."""
    return any(not phase.from_features for phase in plan.phases) or len(precisions(plan.device.kind)) > 1


def chosen(plan: RunPlan, measured: Costs | None) -> RunPlan:
    """Return the plan with the precisions that were found the best, where it names none, and say so in it.

    Where nothing was measured there is but one.
    """
    if plan.precision and plan.features_precision:
        return plan
    only = Speed("float32", 0.0)
    features, learning = (measured.features, measured.phases[-1]) if measured else (only, only)
    # the head learns in float32: if nothing else does, what counts is in what the network computes
    told = features if all(phase.from_features for phase in plan.phases) else learning
    value: str = told.precision
    reason = _reason(told)
    frozen = any(phase.from_features or begins_behind(phase, plan.network) for phase in plan.phases)
    if frozen and features.precision != told.precision:
        value = f"frozen layers {features.precision}, learning {learning.precision}"
        reason = f"{_reason(features, 'Frozen layers, measured')} {_reason(learning, 'Learning, measured')}"
    choice = Choice(PRECISION, "Computed in", value, reason, given=False)
    return replace(
        plan,
        precision=plan.precision or learning.precision,
        features_precision=plan.features_precision or features.precision,
        choices=(*plan.choices, choice),
    )


def _reason(speed: Speed, what: str = "Measured") -> str:
    if not speed.gain:
        return "The only precision that is used on this device."
    if speed.precision == "float32" and speed.gain > CLEARLY:
        return f"{what} here: there is too little to compute for 16 bits to be worth it."
    if speed.precision == "float32":
        return f"{what} here: 16 bits are {speed.gain:.1f} times as fast, which is too little to be worth it."
    return f"{what} here: {speed.gain:.1f} times as fast as float32."


def _words(plan: RunPlan, phase: PlannedPhase) -> str:
    if phase.from_features:
        return f"head, batch {phase.batch_size}"
    behind = f"behind frozen layers in {plan.features_precision}, " if begins_behind(phase, plan.network) else ""
    norms = "norms kept" if phase.norms_frozen else "norms learned"  # which says how a batch is divided
    batch = f"{'parts of a' if divides(plan, phase) else 'whole'} batch of {phase.batch_size}"
    return f"{behind}{phase.trained_groups} groups, {batch}, {norms}, {plan.augmentation}, {phase.mixing}"


def _frozen_words(plan: RunPlan, phase: PlannedPhase) -> str:
    batch = f"a core each, batch {plan.evaluation_batch}"
    return f"layers before {phase.trained_groups} groups, {batch}, {plan.features_precision}"


class _Trials:
    """Pieces of work like those of the run, on its network or one of the same shape, and on random pixels."""

    def __init__(self, plan: RunPlan, network: Network | None) -> None:
        self.plan = plan
        self._device = torch.device(plan.device.kind)
        self._given = network
        self._own: Network | None = None

    def named(self, work: str) -> str:
        """Return the name of a piece of work, with all that its speed depends on."""
        plan, threads = self.plan, torch.get_num_threads()
        units = torch.backends.cpu.get_cpu_capability()  # a cache folder may lie where several computers see it
        where = f"{plan.device.name}, {units}, {threads} threads, torch {torch.__version__}"
        return f"{where}: {plan.architecture}, {plan.framing.size_px} px, {work}"

    def features(self) -> Speed:
        """Return the speed of the frozen network."""
        frozen = {
            precision: Frozen(self._given or self._network(), getattr(torch, precision))
            for precision in precisions(self.plan.device.kind)
        }
        return self._computing(frozen)

    def steps(self, phase: PlannedPhase) -> Speed:
        """Return the speed of learning in a phase, the variation of the images included."""
        if phase.from_features:
            return best({"float32": self._head_step(phase)}, phase.batch_size)
        n = min(TO_LEARN, phase.batch_size) if self._device.type == "cpu" else phase.batch_size
        trials: dict[Precision, Trial] = {
            precision: self._step(replace(self.plan, precision=precision), phase, n)
            for precision in precisions(self.plan.device.kind)
        }
        return best(trials, n)

    def _step(self, plan: RunPlan, phase: PlannedPhase, n: int) -> Trial:
        network, random = self._network(), torch.Generator()
        network.freeze(phase.trained_groups)
        division = division_of(phase, network)
        model = division.after if division else network
        frozen = frozen_of(plan, division) if division else None
        set_learning(model, phase)
        stepper = Stepper(plan, phase, network, model, _STEPS)
        pixels, labels = self._pixels(n), torch.zeros(n, dtype=torch.long, device=self._device)
        variation = variation_of(plan.augmentation, plan.flips)

        def shown() -> torch.Tensor:
            images = varied(pixels, *self._seen, variation, self._device, random)
            return rounded(frozen(images)) if frozen else images

        kept = shown() if frozen and sees_again(plan) else None

        def trial() -> None:
            logits, _ = stepper.step(shown() if kept is None else kept, labels, random)
            logits.sum().item()  # waits for a graphics card

        return trial

    def before(self, phase: PlannedPhase) -> Speed:
        """Return the speed of the layers that are frozen in a phase."""
        network = self._network()
        precision: Precision = self.plan.features_precision or "float32"
        network.freeze(phase.trained_groups)
        division = division_of(phase, network)
        if division is None:
            return Speed(precision, 0.0)
        return self._computing({precision: frozen_of(self.plan, division)})

    def _computing(self, frozen: Mapping[Precision, Frozen]) -> Speed:
        n, cores = self._images_for(frozen.values()), cores_of(self._device)
        images = varied(self._pixels(n), *self._seen, None, self._device, torch.Generator())

        def at_once(tasks: Sequence[Callable[[], None]]) -> None:
            """Keep the cores as busy as in the run: precisions side by side, each on as many of them."""
            copies = max(1, cores // len(tasks))
            list(side_by_side(lambda task: task(), [*tasks] * copies, self._device))

        trials = {precision: partial(_waited_for, one, images) for precision, one in frozen.items()}
        return best(trials, n * cores, at_once)

    def _images_for(self, frozen: Iterable[Frozen]) -> int:
        """Return how many images tell what a whole batch costs. Where there are convolutions of one pixel it takes all:
        torch computes those of a few images differently from those of many."""
        pointwise = any(
            isinstance(layer, nn.Conv2d) and (layer.kernel_size, layer.stride) == ((1, 1), (1, 1))
            for network in frozen
            for layer in network.modules()
        )
        few = self._device.type == "cpu" and not pointwise
        return min(FEW, self.plan.evaluation_batch) if few else self.plan.evaluation_batch

    def _head_step(self, phase: PlannedPhase) -> Trial:
        network, random, n = self._network(), torch.Generator(), phase.batch_size
        features = torch.randn(n, network.head.in_features, device=self._device)
        labels = torch.zeros(n, dtype=torch.long, device=self._device)
        stepper = Stepper(self.plan, phase, network, ScaledHead(network.head, features), _STEPS)

        def trial() -> None:
            with threads_for(phase, network.head):
                logits, _ = stepper.step(features, labels, random)
                logits.sum().item()  # waits for a graphics card

        return trial

    @property
    def _seen(self) -> tuple[int, Backbone]:
        return self.plan.framing.size_px, self.plan.network

    def _network(self) -> Network:
        """Return a network that trials may change."""
        if self._own is None:
            self._own = copy.deepcopy(self._given) if self._given else self._built()
        return self._own

    def _built(self) -> Network:
        made = build(self.plan.network, len(self.plan.dataset.classes), None, 0, self.plan.framing.size_px)
        return made.to(self._device, memory_format=torch.channels_last)  # type: ignore[no-any-return, call-overload]

    def _pixels(self, n: int) -> Pixels:
        side = self.plan.framing.resize_px
        return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), np.uint8)


def _waited_for(frozen: Frozen, images: torch.Tensor) -> None:
    frozen(images).sum().item()  # waits for a graphics card
