"""LiveRun: folds the events of a run into what curves and numbers need. No Qt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from core.base.events import EpochDone, Finished, PhaseStarted, Progress, Step, Warned

if TYPE_CHECKING:
    from core.train.plan import RunPlan

_WELL_ABOVE = 1.1
"""A validation loss this many times the best one does not follow training."""
MAX_POINTS = 400
"""The training curve never has more points than this; a screen shows no more."""
_SMOOTH_EPOCHS = 0.25
"""Time constant of the smoothing, in epochs: a single odd batch does not jump, a real change shows within the epoch."""

Word = Literal[
    "too early to say", "nothing learned yet", "nothing learned", "overfitting", "still learning", "wavering", "healthy"
]


@dataclass(frozen=True)
class PhaseSpan:
    """A phase as it is drawn: from the start of `first_epoch` to the end of `last_epoch` (both count from 1)."""

    title: str
    first_epoch: int
    last_epoch: int


@dataclass(frozen=True)
class Health:
    """How it is going: one word for the chip, and sentences that say why. `tone` is a tone of `widgets.Chip`."""

    word: Word
    tone: Literal["accent", "info", "warn", "plain"]
    text: str


@dataclass
class Curve:
    """Points with a bound: when full, neighbours are merged, so that a run of any length keeps its shape."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    _stride: int = 1
    _held: int = 0
    _sum_x: float = 0.0
    _sum_y: float = 0.0

    def add(self, x: float, y: float) -> None:
        """Add one point; it shows at once or with the next ones, as their mean."""
        self._sum_x += x
        self._sum_y += y
        self._held += 1
        if self._held < self._stride:
            return
        self.x.append(self._sum_x / self._held)
        self.y.append(self._sum_y / self._held)
        self._sum_x = self._sum_y = 0.0
        self._held = 0
        if len(self.x) >= MAX_POINTS:
            self._halve()

    def _halve(self) -> None:
        self.x = [(a + b) / 2 for a, b in zip(self.x[::2], self.x[1::2], strict=True)]
        self.y = [(a + b) / 2 for a, b in zip(self.y[::2], self.y[1::2], strict=True)]
        self._stride *= 2


class LiveRun:
    """What is known of a run so far: its plan, and what its events told. `feed` it in order; the rest is read."""

    def __init__(self, plan: "RunPlan | None" = None) -> None:
        self.plan = plan
        self.steps = Curve()
        self.epochs: list[EpochDone] = []
        self.best: EpochDone | None = None
        self.progress: Progress | None = None
        self.warnings: list[str] = []
        self.finished: Finished | None = None
        self._phases: list[PhaseStarted] = []
        self._last_step: Step | None = None
        self._smooth = 0.0
        self._first_loss: float | None = None

    def feed(self, events: Sequence[object]) -> None:
        """Take events in order; kinds that are not of a run are passed over."""
        for event in events:
            match event:
                case Step():
                    self._take_step(event)
                case EpochDone():
                    self._take_epoch(event)
                case Progress():
                    self.progress = event
                case PhaseStarted():
                    self._phases.append(event)
                case Warned():
                    self.warnings.append(event.message)
                case Finished():
                    self.finished = event

    @property
    def phases(self) -> tuple[PhaseSpan, ...]:
        """The phases that have begun; one that ended early ends where the next begins, the last where the run did."""
        ends = [phase.first_epoch - 1 for phase in self._phases[1:]]
        if self._phases:
            last = self._phases[-1]
            ends.append(self.last.epoch if self.finished and self.last else last.first_epoch + last.epochs - 1)
        return tuple(
            PhaseSpan(phase.title, phase.first_epoch, end) for phase, end in zip(self._phases, ends, strict=True)
        )

    @property
    def last(self) -> EpochDone | None:
        """The last epoch that is done."""
        return self.epochs[-1] if self.epochs else None

    @property
    def learning(self) -> bool:
        """Whether the first step is done; before that, images are read and features computed."""
        return self._last_step is not None or bool(self.epochs)

    @property
    def epoch(self) -> int:
        """The epoch that is going on, counted from 1; 0 before the first step."""
        if self._last_step is None:
            return len(self.epochs)
        return max(math.ceil(self._last_step.epoch), len(self.epochs), 1)

    @property
    def health(self) -> Health:
        """The verdict on the curves; the first rule that fits gives it."""
        return next(verdict for rule in _RULES if (verdict := rule(self)))

    @property
    def first_loss(self) -> float | None:
        """The training loss before anything was learned: of the first step, else of the first epoch."""
        if self._first_loss is not None:
            return self._first_loss
        return self.epochs[0].train_loss if self.epochs else None

    def _take_step(self, step: Step) -> None:
        if not math.isfinite(step.loss):
            return
        if self._last_step is None:
            self._smooth = self._first_loss = step.loss
        else:
            weight = 1 - math.exp((self._last_step.epoch - step.epoch) / _SMOOTH_EPOCHS)
            self._smooth += weight * (step.loss - self._smooth)
        self._last_step = step
        self.steps.add(step.epoch, self._smooth)

    def _take_epoch(self, epoch: EpochDone) -> None:
        self.epochs.append(epoch)
        if epoch.is_best:
            self.best = epoch


def _too_early(run: LiveRun) -> Health | None:
    """Fewer than two epochs are done."""
    if len(run.epochs) >= 2:
        return None
    return Health("too early to say", "plain", "The first verdict comes after two epochs.")


def _nothing_learned(run: LiveRun) -> Health | None:
    """The training loss is still within 5 % of where it began."""
    first, last = run.first_loss, run.last
    if first is None or last is None or last.train_loss < 0.95 * first:
        return None
    if run.finished:
        text = "The loss ended where it began. Try a higher learning rate or another model."
        return Health("nothing learned", "warn", text)
    text = "The loss is still where it began. If it stays there, try a higher learning rate or another model."
    return Health("nothing learned yet", "warn", text)


def _overfitting(run: LiveRun) -> Health | None:
    """The lowest validation loss is 3 or more epochs old, it rose 10 % since, and the training loss fell meanwhile."""
    lowest, last = min(run.epochs, key=lambda epoch: epoch.val_loss), run.epochs[-1]
    drifts = last.val_loss > 1.1 * lowest.val_loss and last.train_loss < lowest.train_loss
    if last.epoch - lowest.epoch < 3 or not drifts:
        return None
    return Health(
        "overfitting",
        "warn",
        f"Since epoch {lowest.epoch} training gets better and validation worse: the training images are being "
        f"learned by heart. {_kept(run)}",
    )


def _still_learning(run: LiveRun) -> Health | None:
    """The last epoch has the lowest validation loss, at least 5 % under that of two epochs before."""
    losses = [epoch.val_loss for epoch in run.epochs]
    before = losses[-3] if len(losses) > 2 else losses[0]
    if losses[-1] > min(losses) or losses[-1] > 0.95 * before:
        return None
    if run.finished:
        return Health("still learning", "info", "It ended while still getting better: more epochs may help.")
    return Health("still learning", "info", "Validation gets clearly better with each epoch.")


def _wavering(run: LiveRun) -> Health | None:
    """The last epoch's validation loss is well above the best one, for reasons that the other rules do not know."""
    if run.best is None or run.epochs[-1].val_loss <= run.best.val_loss * _WELL_ABOVE:
        return None
    return Health("wavering", "plain", f"Validation goes up and down. {_kept(run)}")


def _healthy(run: LiveRun) -> Health | None:
    """None of the other rules fits."""
    so_far = "" if run.finished else " so far"
    return Health("healthy", "accent", f"Validation follows training: no overfitting{so_far}. {_kept(run)}")


def _kept(run: LiveRun) -> str:
    if run.best is None:
        return ""
    return f"Epoch {run.best.epoch} is the best {'and was kept' if run.finished else 'so far and is kept'}."


_RULES = (_too_early, _nothing_learned, _overfitting, _still_learning, _wavering, _healthy)
