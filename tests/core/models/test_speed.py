"""Which precision is chosen, and that it stays chosen."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from core.models.device import Precision
from core.models.speed import REPEATS, Speed, SpeedNotes, Trial, best, in_turn


class Clock:
    """A clock that goes on only when work is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, *seconds: float) -> "Work":
        return Work(self, list(seconds))


class Work:
    """Takes the given seconds one after the other, then always the last."""

    def __init__(self, clock: Clock, seconds: list[float]) -> None:
        self._clock, self._seconds, self.times = clock, seconds, 0

    def __call__(self) -> None:
        self._clock.now += self._seconds[min(self.times, len(self._seconds) - 1)]
        self.times += 1


def _seconds_of(work: Work, clock: Clock) -> float:
    return best({"float32": work}, 1, clock=clock).seconds


def test_the_first_time_does_not_count_and_one_that_was_disturbed_hardly() -> None:
    clock = Clock()
    work = clock.work(0.9, 0.01, 0.025, 0.01)
    assert _seconds_of(work, clock) == pytest.approx(0.01)
    assert work.times == 5


def test_quick_work_is_repeated_a_few_times_only() -> None:
    clock = Clock()
    work = clock.work(0.9, 0.001)
    assert _seconds_of(work, clock) == pytest.approx(0.001)
    assert work.times == 1 + REPEATS


def test_work_that_takes_long_is_done_once_more_only() -> None:
    """The first time in a process loads modules, which may take longer than the work."""
    clock = Clock()
    work = clock.work(5, 4)
    assert _seconds_of(work, clock) == pytest.approx(4)
    assert work.times == 2


@pytest.mark.parametrize(("in_16_bits", "chosen"), [(0.1, "bfloat16"), (0.3, "bfloat16"), (0.35, "float32")])
def test_fewer_bits_are_chosen_only_if_they_are_clearly_faster(in_16_bits: float, chosen: str) -> None:
    clock = Clock()
    speed = best({"float32": clock.work(0.4), "bfloat16": clock.work(in_16_bits)}, 4, clock=clock)
    assert speed.precision == chosen
    assert speed.seconds == pytest.approx((in_16_bits if chosen == "bfloat16" else 0.4) / 4)
    assert speed.gain == pytest.approx(0.4 / in_16_bits)
    assert best({"float32": clock.work(0.4)}, 4, clock=clock).gain == 0


def test_work_that_takes_hardly_any_time_is_done_in_float32() -> None:
    clock = Clock()
    speed = best({"float32": clock.work(0.0009), "bfloat16": clock.work(0.0003)}, 1, clock=clock)
    assert speed.precision == "float32"
    assert speed.seconds == pytest.approx(0.0009)


def test_the_fastest_of_several_is_chosen() -> None:
    clock = Clock()
    trials: dict[Precision, Trial] = {
        "float32": clock.work(0.5),
        "bfloat16": clock.work(0.25),
        "float16": clock.work(0.125),
    }
    assert best(trials, 1, clock=clock) == Speed("float16", 0.125, 4.0)


def test_what_is_prepared_at_first_is_not_held_against_fewer_bits() -> None:
    clock = Clock()
    whole, half = clock.work(0.5), clock.work(0.9, 0.25)
    speed = best({"float32": whole, "bfloat16": half}, 1, clock=clock)
    assert speed.precision == "bfloat16"
    assert speed.seconds == pytest.approx(0.25)
    assert speed.gain == pytest.approx(2)


def test_float32_comes_last() -> None:
    done: list[Precision] = []
    trials: dict[Precision, Trial] = {name: partial(done.append, name) for name in ("float32", "bfloat16", "float16")}
    best(trials, 1)
    first_times = sorted(trials, key=done.index)
    assert first_times == ["bfloat16", "float16", "float32"]


@pytest.mark.parametrize(("first", "times", "gain"), [(0.6, 1, 2.0), (0.49, 2, 1.2)])
def test_float32_is_done_once_only_if_it_is_far_behind_all_the_same(first: float, times: int, gain: float) -> None:
    """Bfloat16 took 0.1 s to prepare itself, which float32 is forgiven."""
    clock = Clock()
    whole, half = clock.work(first, 0.3), clock.work(0.35, 0.25)
    assert best({"float32": whole, "bfloat16": half}, 1, clock=clock).gain == pytest.approx(gain)
    assert whole.times == times


def test_float32_is_done_once_where_both_take_long() -> None:
    clock = Clock()
    whole, half = clock.work(4.0), clock.work(2.0)
    assert best({"float32": whole, "bfloat16": half}, 1, clock=clock) == Speed("bfloat16", 2.0, 2.0)
    assert (whole.times, half.times) == (1, 2)


@pytest.mark.parametrize(
    ("whole", "half"),
    [
        pytest.param((0.39, 0.25), (0.25,), id="it seems not far behind"),
        pytest.param((0.9, 0.01), (0.5, 0.01), id="what is prepared is more than the work"),
        pytest.param((0.09, 0.04), (0.04,), id="the work is short"),
    ],
)
def test_what_float32_alone_prepares_is_not_held_against_it(whole: Sequence[float], half: Sequence[float]) -> None:
    clock = Clock()
    speed = best({"float32": clock.work(*whole), "bfloat16": clock.work(*half)}, 1, clock=clock)
    assert speed.precision == "float32"
    assert speed.seconds == pytest.approx(whole[-1])
    assert speed.gain == pytest.approx(1)


def test_both_are_repeated_by_turns_until_it_is_enough() -> None:
    clock = Clock()
    whole, half = clock.work(0.04), clock.work(0.04)
    best({"float32": whole, "bfloat16": half}, 1, clock=clock)
    assert (whole.times, half.times) == (1 + 2, 1 + 2 + 2)  # 0.1 s of both together


def test_precisions_are_measured_at_once() -> None:
    clock = Clock()
    tasks: list[int] = []

    def at_once(some: Sequence[Callable[[], None]]) -> None:
        tasks.append(len(some))
        in_turn(some)

    best({"float32": clock.work(0.4), "bfloat16": clock.work(0.1)}, 1, at_once, clock)
    best({"float32": clock.work(0.4), "bfloat16": clock.work(0.3)}, 1, at_once, clock)
    best({"float32": clock.work(0.4)}, 1, at_once, clock)
    assert tasks == [2, 2, 1, 1]


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "speeds.json"
    first = SpeedNotes(file).get("work", lambda: Speed("bfloat16", 0.5))
    again = SpeedNotes(file).get("work", lambda: Speed("float32", 0.1))
    other = SpeedNotes(file).get("other work", lambda: Speed("float32", 0.1))
    assert (first, again, other) == (Speed("bfloat16", 0.5), first, Speed("float32", 0.1))


def test_only_so_many_pieces_of_work_are_noted_and_the_oldest_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.speed.MOST", 3)
    notes = SpeedNotes(tmp_path / "speeds.json")
    for number in range(5):
        notes.get(f"work {number}", partial(Speed, "float32", float(number)))
    known = [notes.get(f"work {number}", lambda: Speed("float32", 9.0)).seconds for number in (2, 3, 4, 0)]
    assert known == [2, 3, 4, 9]


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"work": 3}', '{"work": {"seconds": 1}}', "\x00", '{"work": {"precision": "float32", "seconds": "b"}}'],
)
def test_damaged_notes_are_begun_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "speeds.json"
    file.write_text(content)
    for _ in range(2):
        assert SpeedNotes(file).get("work", lambda: Speed("float32", 0.1)) == Speed("float32", 0.1)


def test_notes_that_cannot_be_written_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    notes = SpeedNotes(tmp_path / "file" / "speeds.json")
    assert notes.get("work", lambda: Speed("float32", 0.1)) == Speed("float32", 0.1)
