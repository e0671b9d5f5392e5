"""How long this computer takes for one image, and in which precision it takes least: measured once, then noted."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.base.files import write_bytes
from core.models.device import Precision

ENOUGH_S = 0.15  # of repeating a piece of work
REPEATS = 5
MOST = 200  # pieces of work that are noted: the oldest go first
CLEARLY = 1.2  # a precision of fewer bits must be so many times faster: below that it may be chance
LONG_S, FAR_BEHIND = 1.0, 1.6  # float32 that takes so long the first time and is so many times slower, is not repeated

Trial = Callable[[], object]
"""Does a piece of work once, to its end: on a graphics card it waits for the result."""


@dataclass(frozen=True)
class Speed:
    """Seconds per image of one kind of work, in the precision that was found the best for it.

    `gain` is how many times as fast as float32 the fastest other precision was, taken or not; 0 if there is none. Where
    float32 was done only once, the first times of both are compared.
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
    """Measure each trial, of so many images; return the first (float32) unless another is clearly faster.

    Each is done once before it counts, for then much is prepared: float32 last, which finds most of that ready. If it
    takes long and is far behind all the same, that is enough: with large networks this spares many seconds.
    """
    first, *others = trials
    begun = {precision: _timed(trials[precision], clock) for precision in (*others, first)}
    if not others:
        return Speed(first, _again(trials[first], clock) / images)
    times = {precision: _again(trials[precision], clock) for precision in others}
    quickest = min(times, key=times.__getitem__)
    gain = begun[first] / begun[quickest]
    if begun[first] < LONG_S or gain < FAR_BEHIND:
        times[first] = _again(trials[first], clock)
        gain = times[first] / times[quickest]
    precision = quickest if gain > CLEARLY else first
    return Speed(precision, times[precision] / images, gain)


def _again(trial: Trial, clock: Callable[[], float]) -> float:
    """Return the median time of a trial that was done once before."""
    begun = clock()
    times: list[float] = []
    while not times or (clock() - begun < ENOUGH_S and len(times) < REPEATS):
        times.append(_timed(trial, clock))
    return statistics.median(times)


def _timed(trial: Trial, clock: Callable[[], float]) -> float:
    before = clock()
    trial()
    return clock() - before
