"""How long this computer takes for one image, and in which precision it takes least: measured once, then noted."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.base.files import write_bytes
from core.models.device import Precision

ENOUGH_S = 0.05  # of repeating a piece of work
REPEATS = 9
MOST = 200  # pieces of work that are noted: the oldest go first
CLEARLY = 1.2  # a precision of fewer bits must be so many times faster: below that it may be chance
LITTLE_S = 0.001  # a trial that takes less is done in float32: what is measured of it is chance too
FAR_BEHIND = 1.6  # float32 that seems so many times slower the first time is not repeated
SHORT_S = 0.1  # unless that first time was so short that its own preparation may be most of it

Trial = Callable[[], object]
"""Does a piece of work once, to its end: on a graphics card it waits for the result."""

AtOnce = Callable[[Sequence[Callable[[], None]]], object]
"""Does several tasks, one after the other or side by side."""


@dataclass(frozen=True)
class Speed:
    """Seconds per image of one kind of work, in the precision that was found the best for it.

    `gain` is how many times as fast as float32 the fastest other precision was, taken or not; 0 if there is none. It is
    not taken unless that is clear and the work more than a little.
    """

    precision: Precision
    seconds: float
    gain: float = 0.0


_NOTES = TypeAdapter(dict[str, Speed])


class SpeedNotes:
    """The speeds that were measured on this computer, in a small file that may vanish any time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, work: str, measure: Callable[[], Speed]) -> Speed:
        """Return what is noted for `work`, or else measure and note it.

        What was chosen once is chosen again, so that the same run gives the same result.
        """
        noted = self._read()
        if work in noted:
            return noted[work]
        speed = measure()
        self._write(dict([*noted.items(), (work, speed)][-MOST:]))
        return speed

    def _read(self) -> dict[str, Speed]:
        try:
            return _NOTES.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return {}

    def _write(self, speeds: dict[str, Speed]) -> None:
        try:
            write_bytes(self._file, _NOTES.dump_json(speeds, indent=1))
        except OSError:
            return  # then it is measured again next time


def in_turn(tasks: Sequence[Callable[[], None]]) -> None:
    """Do tasks one after the other."""
    for task in tasks:
        task()


def best(
    trials: Mapping[Precision, Trial],
    images: int,
    at_once: AtOnce = in_turn,
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Measure each trial, of so many images; return the first (float32) unless another is clearly faster.

    Float32, usually the slowest, comes last and is done only once if it is far behind even when it is forgiven as much
    of its time as the fastest took to prepare: that is mostly so, and spares seconds with large networks. Where it is
    not, or the work is short or little against what is prepared, both are measured once more.
    """
    (first, whole), *others = ((name, _Timed(trial, clock)) for name, trial in trials.items())
    if not others:
        at_once([whole.repeated])
        return Speed(first, whole.seconds / images)
    at_once([*(timed.repeated for _, timed in others), whole.once])
    quickest, fewer = min(others, key=lambda other: other[1].seconds)
    gain = (whole.first - fewer.preparing) / fewer.seconds
    if gain < FAR_BEHIND or fewer.preparing > fewer.seconds or whole.first < SHORT_S:
        at_once([lambda: _repeat(fewer, whole)])
        gain = whole.seconds / fewer.seconds
    precision, timed = (quickest, fewer) if gain > CLEARLY and whole.seconds > LITTLE_S else (first, whole)
    return Speed(precision, timed.seconds / images, gain)


class _Timed:
    """The seconds of one trial, the first time and then. Where several threads measure it, those of the last count."""

    def __init__(self, trial: Trial, clock: Callable[[], float]) -> None:
        self._trial, self._clock = trial, clock
        self.first = self.seconds = 0.0

    @property
    def preparing(self) -> float:
        """Return what only the first time took."""
        return max(0.0, self.first - self.seconds)

    def repeated(self) -> None:
        """Do it once before it counts, for then much is prepared."""
        self.once()
        _repeat(self)

    def once(self) -> None:
        """Do it for the first time."""
        self.first = self.seconds = self.time()

    def time(self) -> float:
        """Do it and return how long it took."""
        before = self._clock()
        self._trial()
        return self._clock() - before


def _repeat(*works: _Timed) -> None:
    """Take the median of a few times of each; by turns, so that what disturbs one disturbs the others too."""
    times: dict[_Timed, list[float]] = {work: [] for work in works}
    for number in range(REPEATS):
        if number and sum(map(sum, times.values())) >= ENOUGH_S * len(works):
            break
        for work in works:
            times[work].append(work.time())
    for work in works:
        work.seconds = statistics.median(times[work])
