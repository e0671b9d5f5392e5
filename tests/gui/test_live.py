"""LiveRun: what the curves and the verdict become from events."""

import pytest

from core.base.events import EpochDone, Finished, PhaseStarted, Progress, Step, Warned
from gui_app.live import MAX_POINTS, LiveRun


def _run(losses: list[tuple[float, float]], first_loss: float = 1.0) -> LiveRun:
    """Return a run whose epochs have these (training, validation) losses; the lowest validation loss is the best."""
    live = LiveRun()
    live.feed((PhaseStarted("head", "Head only", 1, len(losses)), Step(0.0, first_loss)))
    lowest = float("inf")
    for number, (train, val) in enumerate(losses, 1):
        best, lowest = val < lowest, min(val, lowest)
        live.feed((EpochDone(number, "head", train, 1 - train / 2, val, 1 - val / 2, best, 1.0),))
    return live


def test_a_new_run_knows_nothing() -> None:
    live = LiveRun()
    assert (live.last, live.best, live.phases, live.epoch, live.learning) == (None, None, (), 0, False)
    assert live.health.word == "too early to say"


def test_phases_end_where_the_next_begins_or_the_run_ended() -> None:
    live = LiveRun()
    live.feed((PhaseStarted("head", "Head only", 1, 5), PhaseStarted("all", "Everything", 4, 10)))
    assert [(p.first_epoch, p.last_epoch) for p in live.phases] == [(1, 3), (4, 13)]
    live.feed((EpochDone(9, "all", 0.1, 0.9, 0.1, 0.9, True, 1.0), Finished("1", "early", 9, 8, 3.0, 10.0)))
    assert live.phases[-1].last_epoch == 9


def test_the_best_epoch_progress_and_warnings_are_kept() -> None:
    live = _run([(0.9, 0.8), (0.5, 0.4), (0.4, 0.6)])
    live.feed((Progress("Training", 3, 10, 0.3, 12.0), Warned("one image was skipped")))
    assert live.best is not None and live.best.epoch == 2
    assert live.progress is not None and live.progress.seconds_left == 12.0
    assert live.warnings == ["one image was skipped"]


@pytest.mark.parametrize(
    ("losses", "word"),
    [
        ([(0.9, 0.9)], "too early to say"),
        ([(0.99, 1.0), (1.0, 1.0), (0.98, 1.0)], "nothing learned yet"),
        ([(0.8, 0.8), (0.6, 0.7), (0.4, 0.6)], "still learning"),
        ([(0.6, 0.6), (0.4, 0.5), (0.3, 0.4), (0.2, 0.45), (0.1, 0.5), (0.05, 0.6)], "overfitting"),
        ([(0.6, 0.6), (0.4, 0.45), (0.3, 0.4), (0.29, 0.40), (0.28, 0.39)], "healthy"),
        ([(0.02, 0.02), (0.02, 0.02), (0.02, 0.02)], "healthy"),
    ],
)
def test_the_verdict_follows_from_the_curves(losses: list[tuple[float, float]], word: str) -> None:
    assert _run(losses).health.word == word


def test_the_verdict_names_the_epoch_that_is_kept() -> None:
    live = _run([(0.6, 0.6), (0.4, 0.5), (0.3, 0.4), (0.2, 0.45), (0.1, 0.5), (0.05, 0.6)])
    assert "Since epoch 3" in live.health.text
    assert "Epoch 3 is the best so far" in live.health.text
    live.feed((Finished("1", "completed", 3, 6, 1.0, 1.0),))
    assert "was kept" in live.health.text


def test_a_run_that_ended_without_learning_is_told_as_done() -> None:
    live = _run([(0.99, 1.0), (1.0, 1.0)])
    live.feed((Finished("1", "completed", 1, 2, 1.0, 1.0),))
    assert live.health.word == "nothing learned"


def test_a_long_run_keeps_few_points_and_its_shape() -> None:
    live = LiveRun()
    live.feed(tuple(Step(i / 100, 2.0 - i / 50_000) for i in range(100_000)))
    assert MAX_POINTS // 2 <= len(live.steps.x) <= MAX_POINTS
    assert live.steps.x == sorted(live.steps.x)
    assert live.steps.y[0] == pytest.approx(2.0, abs=0.02)
    assert live.steps.y[-1] == pytest.approx(0.0, abs=0.02)


def test_one_odd_batch_is_smoothed_and_a_broken_one_left_out() -> None:
    live = LiveRun()
    losses = [1.0] * 50 + [9.0] + [1.0] * 50 + [float("nan"), float("inf")]
    live.feed(tuple(Step(i / 50, loss) for i, loss in enumerate(losses)))
    assert max(live.steps.y) < 3.0
    assert live.steps.y[-1] == pytest.approx(1.0, abs=0.05)


def test_the_epoch_that_goes_on_is_counted_from_one() -> None:
    live = LiveRun()
    live.feed((Step(0.0, 1.0),))
    assert live.epoch == 1
    live.feed((Step(1.2, 1.0),))
    assert live.epoch == 2
