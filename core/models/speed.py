"""How long this computer takes for one image, and in which precision it takes least: measured once, then noted."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.base.files import write_bytes
from core.models.device import Precision

ENOUGH_S = 0.15  # of repeating a piece of work
REPEATS = 5
MOST = 200  # pieces of work that are noted: the oldest go first
CLEARLY = 1.2  # a precision of fewer bits must be so many times faster: below that it may be chance

Trial = Callable[[], object]
"""Does a piece of work once, to its end: on a graphics card it waits for the result."""


@dataclass(frozen=True)
class Speed:
    """Seconds per image of one kind of work, in the precision that was found the best for it.

    `gain` is how many times as fast as float32 the fastest other precision was, taken or not; 0 if there is none.
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


def best(trials: Mapping[Precision, Trial], images: int, clock: Callable[[], float] = time.perf_counter) -> Speed:
    """Measure each trial, of so many images; return the first (float32) unless another is clearly faster."""
    first, *others = (Speed(precision, seconds_of(trial, clock) / images) for precision, trial in trials.items())
    if not others:
        return first
    quickest = min(others, key=lambda speed: speed.seconds)
    gain = first.seconds / quickest.seconds
    return replace(quickest if gain > CLEARLY else first, gain=gain)


def seconds_of(trial: Trial, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median time of a trial, which is done once before: the first time much is prepared."""
    trial()
    begun = clock()
    times: list[float] = []
    while not times or (clock() - begun < ENOUGH_S and len(times) < REPEATS):
        before = clock()
        trial()
        times.append(clock() - before)
    return statistics.median(times)
