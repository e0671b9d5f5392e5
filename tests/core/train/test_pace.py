import pytest

from core.train.pace import Pace, Stage


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_comes_from_what_was_measured() -> None:
    clock = Clock()
    pace = Pace([Stage("read", 10, 1.0), Stage("train", 100, 3.0)], clock)
    pace.enter("read")
    clock.now = 5.0
    told = pace.advance(5)
    assert told
    assert told.seconds_left == 5 + 100 * 3.0
    assert told.images_per_s == 1.0


def test_a_measured_stage_no_longer_uses_the_guess() -> None:
    clock = Clock()
    pace = Pace([Stage("read", 10, 1.0), Stage("train", 100, 3.0)], clock)
    pace.enter("read")
    clock.now = 10.0
    pace.advance(10)
    pace.enter("train")
    clock.now = 15.0
    told = pace.advance(50)
    assert told
    assert told.seconds_left == 5.0
    assert told.fraction == 0.75


def test_what_ends_early_is_no_longer_waited_for_and_the_bar_never_goes_back() -> None:
    clock = Clock()
    pace = Pace([Stage("head", 1000, 1.0), Stage("all", 10, 1.0)], clock)
    fractions = []
    pace.enter("head")
    for _ in range(5):
        clock.now += 1
        told = pace.advance(10)
        assert told
        fractions.append(told.fraction)
    pace.enter("all")
    clock.now += 1
    told = pace.advance(10)
    assert told
    assert told.seconds_left == 0
    assert told.fraction == 1
    assert [*fractions, told.fraction] == sorted([*fractions, told.fraction])


def test_events_are_at_most_ten_a_second() -> None:
    clock = Clock()
    pace = Pace([Stage("read", 1000, 1.0)], clock)
    told = 0
    for _ in range(1000):
        clock.now += 0.001
        told += pace.advance(1) is not None
    assert 9 <= told <= 11


def test_what_was_measured_before_is_trusted_until_enough_is_done() -> None:
    clock = Clock()
    pace = Pace([Stage("read", 10, 1.0), Stage("train", 1000, 3.0, seconds=0.5)], clock)
    pace.enter("read")
    clock.now = 1.0
    told = pace.advance(5)
    assert told
    assert told.seconds_left == 1.0 + 1000 * 0.5
    pace.enter("train")
    clock.now += 8  # the first images take four times as long
    told = pace.advance(4)
    assert told
    assert told.seconds_left == pytest.approx(996 * (64 * 0.5 + 8) / 68)
    clock.now += 596
    told = pace.advance(596)
    assert told
    assert told.seconds_left == pytest.approx(400 * (64 * 0.5 + 604) / 664)
