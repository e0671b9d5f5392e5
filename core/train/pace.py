"""How far a run is and how long it still takes, from what was measured so far."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psutil

from core.base.events import Progress

EVERY_S = 0.1  # between two progress events: often enough for the eye
TRUST = 64  # images that what was measured before counts for: the first steps of a stage are slow


@dataclass(frozen=True)
class Stage:
    """A stretch of work of one kind: so many `images`, each costing about `guess` times one forward pass.

    `seconds` is what an image costs if that was measured before; it is trusted until enough of the stage is done.
    """

    name: str
    images: int
    guess: float
    seconds: float | None = None


class Pace:
    """Measures stages as they are done; the cost of stages to come is the guess, scaled by what was measured."""

    def __init__(self, stages: Sequence[Stage], clock: Callable[[], float] = time.monotonic) -> None:
        self._stages = list(stages)
        self._clock = clock
        self._done = [0] * len(self._stages)
        self._seconds = [0.0] * len(self._stages)
        self._current = 0
        self._since = self._begun = clock()
        self._told = float("-inf")
        self._fraction = 0.0

    def enter(self, name: str) -> None:
        """Begin the stage `name`; what was left of earlier ones is left out (it ended early)."""
        self._measure()
        position = next(i for i, stage in enumerate(self._stages) if stage.name == name)
        for i in range(position):
            self._end(i)
        self._current = position

    def advance(self, images: int) -> Progress | None:
        """Count images done in the present stage; return an event if the last one is long enough ago."""
        self._measure()
        self._done[self._current] += images
        if self._clock() - self._told < EVERY_S:
            return None
        self._told = self._clock()
        return self._event()

    def leave_out(self, seconds: float) -> None:
        """Do not count the last `seconds`: the run was paused."""
        self._since += seconds
        self._begun += seconds

    @property
    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return self._clock() - self._begun

    @property
    def images_per_s(self) -> float:
        """Return the speed of the stage that took longest."""
        longest = max(range(len(self._stages)), key=lambda i: self._seconds[i])
        return self._done[longest] / self._seconds[longest] if self._seconds[longest] else 0.0

    def _measure(self) -> None:
        now = self._clock()
        self._seconds[self._current] += now - self._since
        self._since = now

    def _end(self, i: int) -> None:
        stage = self._stages[i]
        self._stages[i] = replace(stage, images=self._done[i])

    def _cost(self, i: int) -> float | None:
        """Return the seconds an image takes in stage `i`: measured there, or guessed from the other stages."""
        before = self._stages[i].seconds
        if before is not None:
            return (TRUST * before + self._seconds[i]) / (TRUST + self._done[i])
        if self._done[i] and self._seconds[i]:
            return self._seconds[i] / self._done[i]
        guessed = sum(done * stage.guess for done, stage in zip(self._done, self._stages, strict=True))
        return sum(self._seconds) / guessed * self._stages[i].guess if guessed else None

    def _left(self) -> float | None:
        total = 0.0
        for i, stage in enumerate(self._stages):
            cost = self._cost(i)
            if cost is None:
                return None
            total += max(0, stage.images - self._done[i]) * cost
        return total

    def _event(self) -> Progress:
        left = self._left()
        if left is not None and self.seconds + left > 0:
            self._fraction = max(self._fraction, min(1.0, self.seconds / (self.seconds + left)))
        stage, done, seconds = self._stages[self._current], self._done[self._current], self._seconds[self._current]
        return Progress(
            stage=stage.name,
            done=done,
            total=max(stage.images, done),
            fraction=self._fraction,
            seconds_left=left,
            images_per_s=done / seconds if seconds else None,
            memory_mb=psutil.Process().memory_info().rss / 2**20,
        )
