"""What long work says while it goes on: frozen, typed, no tensors. The last event carries the result."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Stop = Callable[[], bool]
"""Asked once per batch; True ends the work at the next safe point, keeping what was reached. It may block to pause."""

Ending = Literal["completed", "early", "stopped"]


def never() -> bool:
    """Return False: the `Stop` of work that nobody interrupts."""
    return False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is. `fraction` (0 to 1) is of the whole job, `done` of `total` of the present stage.

    `seconds_left` is None until something was measured.
    """

    stage: str
    done: int
    total: int
    fraction: float
    seconds_left: float | None = None
    images_per_s: float | None = None
    memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that a person should know and that does not end the work.

    Of all that a run has to say `about` one thing, such as a folder that it cannot use, only the first is said.
    """

    message: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A phase begins; it lasts at most `epochs` epochs, counted on from `first_epoch` (the first of a run is 1)."""

    phase: str
    title: str
    first_epoch: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Step:
    """The training loss (cross-entropy, nats) of one batch; `epoch` counts in fractions, 0 at the start of the run."""

    epoch: float
    loss: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """One pass over the training images, then one over the validation images. Accuracies are from 0 to 1."""

    epoch: int
    phase: str
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    is_best: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a run. `accuracy` and `macro_f1` (0 to 1) are of the `n_test` test images; None if there are none."""

    run: str
    ending: Ending
    best_epoch: int
    epochs: int
    seconds: float
    images_per_s: float
    accuracy: float | None = None
    macro_f1: float | None = None
    n_test: int = 0


Event = Progress | Warned | PhaseStarted | Step | EpochDone | Finished


def name_of(kind: type) -> str:
    """Return the name of a kind of event in snake case, such as "epoch_done"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def record(event: object) -> dict[str, Any]:
    """Return an event as a JSON object whose "event" is its name."""
    return {"event": name_of(type(event)), **asdict(event)}  # type: ignore[call-overload]
