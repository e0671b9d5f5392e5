"""The live curves: what is drawn, how often, and in which colours."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.base.events import EpochDone, Finished, PhaseStarted, Step
from gui_app import theme
from gui_app.curve_drawing import Best, Canvas, CurveDrawing, Curves, Frame, Pixels, Plot
from gui_app.live import LiveRun, PhaseSpan
from gui_app.plots import CurvePlot, RunPlots, accuracy_bottom, loss_top
from gui_app.theme_values import DARK, LIGHT, Palette
from tests.gui.helpers import WAIT_MS
from tests.gui.runs import made_events


@pytest.fixture
def plots(app: QApplication, qtbot: QtBot) -> RunPlots:
    plots = RunPlots("plots")
    qtbot.addWidget(plots)
    plots.resize(600, 500)
    plots.show()
    qtbot.waitExposed(plots)
    return plots


def _axes(plot: CurvePlot) -> Axes:
    assert plot.drawing.plot is not None
    return plot.drawing.plot.axes


def _run(epochs: int = 4) -> LiveRun:
    live = LiveRun()
    live.feed(made_events(epochs))
    return live


def test_curves_of_training_and_validation_are_drawn(plots: RunPlots, qtbot: QtBot) -> None:
    plots.show_run(_run(), 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    training, validation, _best = _axes(plots.accuracy).lines
    assert list(np.asarray(validation.get_xdata())) == [1, 2, 3, 4]
    assert list(np.asarray(training.get_ydata())) == pytest.approx([0.75, 0.8333, 0.875, 0.9], abs=1e-3)
    assert _axes(plots.loss).get_xlim() == (0, 10)


def test_lines_are_reused_and_redrawn_at_most_once_a_second(plots: RunPlots, qtbot: QtBot) -> None:
    live = LiveRun()
    live.feed((PhaseStarted("all", "everything", 1, 10),))
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    lines = list(_axes(plots.loss).lines)
    for i in range(100):
        live.feed((Step(i / 10, 1.0),))
        plots.show_run(live, 10)
        qtbot.wait(10)
    assert plots.redraws <= 3
    qtbot.waitUntil(lambda: len(np.asarray(lines[0].get_xdata())) == 100, timeout=WAIT_MS)
    assert list(_axes(plots.loss).lines) == lines


PHASES = (PhaseSpan("head only", 1, 1), PhaseSpan("everything", 2, 4))
FRAME = Frame(PHASES, epochs=4, bottom=0.0, top=2.2)
BEST = Best(2, "best so far")


def _pixels(
    drawing: CurveDrawing, points: int, frame: Frame = FRAME, best: Best | None = BEST, colours: Palette = LIGHT
) -> bytes:
    x = [0.1 * i for i in range(points)]
    curves = Curves((x, [2.0 - 0.5 * i for i in x]), ([1.0, 2.0], [1.9, 1.0]), frame, best)
    return drawing.draw(curves, Canvas(600, 300, 1.0, colours, "DejaVu Sans")).data


def _drawing(*, labelled: bool = True) -> CurveDrawing:
    return CurveDrawing(str, "epoch 0", labelled=labelled)


def test_a_line_that_grows_is_drawn_over_the_same_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[Frame] = []
    draw_frame = Plot._draw_frame

    def counted(plot: Plot, frame: Frame, canvas: Canvas) -> None:
        frames.append(frame)
        draw_frame(plot, frame, canvas)

    monkeypatch.setattr(Plot, "_draw_frame", counted)
    growing = _drawing()
    for points, best in ((1, None), (10, Best(1, "best")), (20, Best(4, "best"))):
        _pixels(growing, points, best=best)
    grown = _pixels(growing, 25)
    assert frames == [FRAME]
    assert grown == _pixels(_drawing(), 25)
    assert grown != _pixels(growing, 24)


@pytest.mark.parametrize("changed", [{"top": 1.1}, {"phases": ()}, {"epochs": 5}, {"epochs": 2}])
def test_what_changes_in_the_frame_is_drawn(changed: dict[str, Any]) -> None:
    used = _drawing()
    before, moved = _pixels(used, 25), replace(FRAME, **changed)
    assert before != _pixels(used, 25, moved) == _pixels(_drawing(), 25, moved)


@pytest.mark.parametrize("best", [None, Best(3, "best so far"), Best(4, "best so far"), Best(2, "best")])
def test_another_best_epoch_is_marked(best: Best | None) -> None:
    used = _drawing()
    before = _pixels(used, 25)
    assert before != _pixels(used, 25, best=best) == _pixels(_drawing(), 25, best=best)


def test_the_colours_of_the_best_mark_change_too() -> None:
    used = _drawing()
    before = _pixels(used, 25)
    assert before != _pixels(used, 25, colours=DARK) == _pixels(_drawing(), 25, colours=DARK)


def test_words_are_drawn_over_the_lines() -> None:
    assert _pixels(_drawing(), 25) != _pixels(_drawing(labelled=False), 25)


def _failed(plots: RunPlots, failing: list[ValueError], left: int) -> bool:
    return len(failing) == left and plots._drawing is None


def test_drawings_that_fail_are_told_once_and_what_came_meanwhile_is_drawn(
    plots: RunPlots, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, failing = Plot.draw, [ValueError("no room"), ValueError("no room")]

    def failing_twice(plot: Plot, curves: Curves, canvas: Canvas) -> Pixels:
        if failing:
            raise failing.pop()
        return draw(plot, curves, canvas)

    monkeypatch.setattr(Plot, "draw", failing_twice)
    live = _run()
    with qtbot.captureExceptions() as told:
        plots.show_run(live, 10)
        qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
        for left in (1, 0):
            qtbot.waitUntil(partial(_failed, plots, failing, left), timeout=WAIT_MS)
            live.feed((Step(6.0 - left, 0.1),))
            plots.show_run(live, 10)
        qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    assert [str(error) for _, error, _ in told] == ["no room"]


def _resting(plots: RunPlots, qtbot: QtBot) -> LiveRun:
    """Draw a run that goes on; what comes next would wait long."""
    live = _run()
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: plots.redraws == 1 and not plots._timer.isActive(), timeout=WAIT_MS)
    plots._pause_ms = 10 * WAIT_MS
    live.feed((Step(5.0, 0.1),))
    plots.show_run(live, 10)
    assert plots._timer.remainingTime() > WAIT_MS
    return live


def test_the_end_is_drawn_soon_however_long_drawing_rests(plots: RunPlots, qtbot: QtBot) -> None:
    live = _resting(plots, qtbot)
    live.feed((Finished("run", "completed", 4, 4, 1.0, 100.0),))
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: plots.redraws == 2, timeout=WAIT_MS)


def test_another_size_is_drawn_soon(plots: RunPlots, qtbot: QtBot) -> None:
    _resting(plots, qtbot)
    plots.resize(500, 400)
    qtbot.waitUntil(lambda: plots.redraws == 2, timeout=WAIT_MS)


def test_nothing_is_drawn_unless_it_changed_or_while_hidden(plots: RunPlots, qtbot: QtBot) -> None:
    live = _run()
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: not plots._timer.isActive())
    assert plots.redraws == 1
    plots.hide()
    live.feed((Step(5.0, 0.1),))
    plots.show_run(live, 10)
    assert plots.redraws == 1
    plots.show()
    qtbot.waitUntil(lambda: plots.redraws == 2, timeout=WAIT_MS)


def test_an_early_phase_and_the_best_epoch_are_marked(plots: RunPlots, qtbot: QtBot) -> None:
    live = LiveRun()
    live.feed((PhaseStarted("head", "head only", 1, 3), *made_events(3)[1:], PhaseStarted("all", "everything", 4, 7)))
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    words = [text.get_text() for text in _axes(plots.loss).texts]
    assert words == ["head only", "best so far"]
    shade = _axes(plots.loss).patches[0].get_window_extent()
    left, right = _axes(plots.loss).transData.inverted().transform([(shade.x0, 0), (shade.x1, 0)])[:, 0]
    assert (left, right) == pytest.approx((0, 3))


def test_the_colours_follow_the_theme(plots: RunPlots, qtbot: QtBot) -> None:
    plots.show_run(_run(), 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    qtbot.waitUntil(lambda: plots.redraws == 2, timeout=WAIT_MS)
    assert _axes(plots.loss).lines[0].get_color() == theme.palette().accent
    qtbot.waitUntil(lambda: plots.loss.grab().toImage().pixelColor(2, 2) == QColor(theme.palette().panel))


def test_one_epoch_is_a_point(plots: RunPlots, qtbot: QtBot) -> None:
    plots.show_run(_run(1), 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    assert _axes(plots.accuracy).lines[0].get_marker() == "o"


def test_a_spike_does_not_flatten_the_rest() -> None:
    assert 1.02 * 0.6 <= loss_top([40.0, 1.0, *[0.5] * 60], [0.6, 0.5]) < 1.13 * 0.6
    assert 1.02 * 1.4 <= loss_top([0.7] * 10, [90.0, 0.7, 0.6]) < 1.13 * 1.4
    assert loss_top([], []) == 1.0
    assert loss_top([], [float("inf")]) == 1.0


def test_the_loss_axis_seldom_moves() -> None:
    falling = [2.0 * 0.97**step for step in range(60)]
    assert len({loss_top(falling[: steps + 1], []) for steps in range(60)}) <= 2


def test_the_accuracy_axis_begins_a_tenth_below_the_lowest_point() -> None:
    assert accuracy_bottom([0.93, 0.97]) == pytest.approx(0.8)
    assert accuracy_bottom([0.02, 0.5]) == 0.0
    assert accuracy_bottom([]) == 0.0


def test_a_broken_epoch_is_no_reason_to_stop_drawing(plots: RunPlots, qtbot: QtBot) -> None:
    live = LiveRun()
    nan = float("nan")
    live.feed((EpochDone(1, "all", nan, 0.5, nan, 0.5, False, 1.0), EpochDone(2, "all", 0.5, 0.5, 0.5, 0.5, True, 1.0)))
    plots.show_run(live, 10)
    qtbot.waitUntil(lambda: plots.redraws == 1, timeout=WAIT_MS)
    assert _axes(plots.loss).get_ylim()[1] < 2
