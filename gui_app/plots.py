"""The live curves of a run: loss above, accuracy below. Imports matplotlib: load it late, not on the main thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.live import LiveRun, PhaseSpan
from gui_app.theme import FONT, SIZE, SPACE
from gui_app.widgets import text_label

REDRAW_MS = 250
"""Four times a second is enough for the eye; each redraw costs the main thread a few dozen milliseconds."""
DPI = 100
POINTS = 72 / DPI
FALLBACK_FONT = "DejaVu Sans"
"""matplotlib brings it along."""


@dataclass(frozen=True)
class Curves:
    """What one plot shows. Lines are (epochs, values); `best` is an epoch or 0; `top` the upper end of the y axis."""

    training: tuple[Sequence[float], Sequence[float]]
    validation: tuple[Sequence[float], Sequence[float]]
    phases: tuple[PhaseSpan, ...]
    best: int
    best_label: str
    epochs: int
    bottom: float
    top: float


def loss_top(training: Sequence[float], validation: Sequence[float]) -> float:
    """Return the upper end of the loss axis: all but the highest twentieth of the training points fit, and all
    validation points but one that is more than twice as high as the next."""
    heights = [0.0]
    if training:
        heights.append(sorted(training)[ceil(0.95 * len(training)) - 1])
    if validation:
        highest = sorted(validation)[-2:]
        heights.append(min(highest[-1], 2 * highest[0]) if len(highest) > 1 else highest[0])
    return 1.1 * max(heights) or 1.0


def accuracy_bottom(accuracies: Sequence[float]) -> float:
    """Return the lower end of the accuracy axis: the tenth below the lowest point, so that high curves come apart."""
    return max(0.0, int(10 * min(accuracies, default=0.0) - 0.5) / 10)


class RunPlots(QWidget):
    """Two plots under their headings. `show_run` may be called as often as events come."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.loss = CurvePlot(f"{name}_loss", lambda value: f"{value:.3g}", labelled=True)
        self.loss.setAccessibleName(self.tr("Loss over the epochs, for training and validation"))
        self.accuracy = CurvePlot(f"{name}_accuracy", lambda value: f"{100 * value:.0f} %", labelled=False)
        self.accuracy.setAccessibleName(self.tr("Accuracy over the epochs, for training and validation"))
        self._training = text_label(self.tr("— training"), "accent")
        self._validation = text_label(self.tr("— validation"), "info")
        self._live: LiveRun | None = None
        self._epochs = 0
        self._drawn: tuple[object, ...] = ()
        self.redraws = 0
        self._since = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._draw)
        theme.watcher().changed.connect(self._repaint)
        self._lay_out()

    def show_run(self, live: LiveRun, epochs: int) -> None:
        """Show what `live` knows by the time of the next redraw; `epochs` are those planned."""
        self._live, self._epochs = live, epochs
        if self.isVisible() and not self._timer.isActive():
            waited = self._since.elapsed() if self._since.isValid() else REDRAW_MS
            self._timer.start(max(0, REDRAW_MS - waited))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up at once with what came while nobody looked."""
        super().showEvent(event)
        self._draw()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Draw nothing while nobody looks."""
        super().hideEvent(event)
        self._timer.stop()

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.setSpacing(SPACE.m)
        heading.addWidget(text_label(self.tr("Loss"), "heading"), 1)
        heading.addWidget(self._training)
        heading.addWidget(self._validation)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.s)
        column.addLayout(heading)
        column.addWidget(self.loss, 3)
        column.addWidget(text_label(self.tr("Accuracy"), "heading"))
        column.addWidget(self.accuracy, 2)

    def _repaint(self) -> None:
        self._drawn = ()
        if self._live is not None:
            self.show_run(self._live, self._epochs)

    def _draw(self) -> None:
        live = self._live
        if live is None or not self.isVisible():
            return
        state = (live, self._epochs, len(live.epochs), live.steps.x[-1:], live.phases, live.finished, live.best)
        if state == self._drawn:
            return
        self._drawn = state
        self.redraws += 1
        self.loss.show_curves(self._loss_curves(live))
        self.accuracy.show_curves(self._accuracy_curves(live))
        self._since.start()

    def _loss_curves(self, live: LiveRun) -> Curves:
        numbers = [0.0 + epoch.epoch for epoch in live.epochs]
        validation = [epoch.val_loss for epoch in live.epochs]
        by_epoch = (numbers, [epoch.train_loss for epoch in live.epochs])
        training = (live.steps.x, live.steps.y) if live.steps.x else by_epoch
        return self._curves(live, training, (numbers, validation), 0.0, loss_top(training[1], validation))

    def _accuracy_curves(self, live: LiveRun) -> Curves:
        numbers = [0.0 + epoch.epoch for epoch in live.epochs]
        training = [epoch.train_accuracy for epoch in live.epochs]
        validation = [epoch.val_accuracy for epoch in live.epochs]
        bottom = accuracy_bottom([*training, *validation])
        return self._curves(live, (numbers, training), (numbers, validation), bottom, 1.0)

    def _curves(
        self,
        live: LiveRun,
        training: tuple[Sequence[float], Sequence[float]],
        validation: tuple[Sequence[float], Sequence[float]],
        bottom: float,
        top: float,
    ) -> Curves:
        last = live.last.epoch if live.last else 0
        return Curves(
            training=training,
            validation=validation,
            phases=live.phases,
            best=live.best.epoch if live.best else 0,
            best_label=self.tr("best") if live.finished else self.tr("best so far"),
            epochs=max(last if live.finished else self._epochs, last, 1),
            bottom=bottom,
            top=top,
        )


class CurvePlot(QWidget):
    """One plot. Its lines are made once; then only their points change."""

    def __init__(
        self, name: str, say: Callable[[float], str], *, labelled: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._say = say
        self._labelled = labelled
        self._figure = Figure(dpi=DPI)
        self._canvas: Any = FigureCanvasQTAgg(self._figure)  # type: ignore[no-untyped-call]
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setMinimumSize(1, 1)
        self.axes: Axes = self._figure.add_subplot()
        (self._training,) = self.axes.plot([], [], linewidth=SIZE.stroke, solid_joinstyle="round")
        (self._validation,) = self.axes.plot([], [], linewidth=SIZE.stroke, solid_joinstyle="round")
        self._best = self.axes.axvline(0, linewidth=1, dashes=(4, 3), visible=False)
        self._marks: list[Artist] = []
        self._font = FontProperties(family=_family(self.font().family()), size=FONT.tiny * POINTS)
        self._prepare_axes()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(SIZE.plot_least)
        self._paint()

    def show_curves(self, curves: Curves) -> None:
        """Draw these curves in the present colours."""
        for line, (x, y) in ((self._training, curves.training), (self._validation, curves.validation)):
            line.set_data(x, y)
            line.set_marker("o" if len(x) == 1 else "")  # one point makes no line
        self.axes.set_xlim(0, curves.epochs)
        self.axes.set_ylim(curves.bottom, curves.top)
        self._paint()
        self._mark(curves)
        self._canvas.draw_idle()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the margins, which hold the numbers, at the same width in pixels."""
        super().resizeEvent(event)
        width, height = max(self.width(), 4 * SPACE.l), max(self.height(), 4 * SPACE.l)
        self._figure.subplots_adjust(
            left=SIZE.plot_left / width, right=1 - SPACE.s / width, top=1 - SPACE.s / height, bottom=SPACE.l / height
        )

    def _prepare_axes(self) -> None:
        axes = self.axes
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_axisbelow(True)
        axes.grid(axis="y", linewidth=1, clip_on=False)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: self.tr("epoch 0") if x == 0 else f"{x:g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: self._say(y)))
        axes.tick_params(length=0, pad=SPACE.s * POINTS)

    def _paint(self) -> None:
        colours = theme.palette()
        self._figure.set_facecolor(colours.panel)
        self.axes.set_facecolor("none")
        self.axes.grid(axis="y", color=colours.line)
        self._training.set_color(colours.accent)
        self._validation.set_color(colours.info)
        self._best.set_color(colours.muted)
        for label in (*self.axes.get_xticklabels(), *self.axes.get_yticklabels()):
            label.set_fontproperties(self._font)
            label.set_color(colours.muted)
        self.axes.get_xticklabels()[0].set_horizontalalignment("left")  # “epoch 0” begins where the axis does

    def _mark(self, curves: Curves) -> None:
        """Shade every other phase and mark the best epoch."""
        for mark in self._marks:
            mark.remove()
        self._marks = []
        shaded = curves.phases[::2] if len(curves.phases) > 1 or _partly(curves) else ()
        for phase in shaded:
            self._shade(phase)
        self._best.set_visible(curves.best > 0)
        self._best.set_xdata([curves.best, curves.best])
        if curves.best and self._labelled:
            late = curves.best > 0.8 * curves.epochs
            shift_px = (-SPACE.s if late else SPACE.s, -SPACE.s)
            self._write(curves.best_label, (curves.best, 1), shift_px, theme.palette().muted)

    def _shade(self, phase: PhaseSpan) -> None:
        colours = theme.palette()
        start = phase.first_epoch - 1
        self._marks.append(self.axes.axvspan(start, phase.last_epoch, color=colours.info_soft, linewidth=0, zorder=0))
        if self._labelled:  # at the foot, for losses begin high
            self._write(phase.title, (start, 0), (SPACE.s, SPACE.s), colours.info)

    def _write(self, text: str, at: tuple[float, float], shift_px: tuple[int, int], colour: str) -> None:
        """Write beside `at` (an epoch, and a height from 0 to 1), on the side to which it is shifted."""
        self._marks.append(
            self.axes.annotate(
                text,
                at,
                xycoords=("data", "axes fraction"),
                xytext=(shift_px[0] * POINTS, shift_px[1] * POINTS),
                textcoords="offset points",
                color=colour,
                fontproperties=self._font,
                horizontalalignment="left" if shift_px[0] > 0 else "right",
                verticalalignment="bottom" if shift_px[1] > 0 else "top",
                parse_math=False,
                bbox={"facecolor": theme.palette().panel, "linewidth": 0, "pad": 1} if shift_px[1] < 0 else None,
            )
        )


def _partly(curves: Curves) -> bool:
    """Say whether the one phase so far is only a part of the run."""
    return bool(curves.phases) and curves.phases[0].last_epoch < curves.epochs


def _family(wanted: str) -> str:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return wanted if wanted in known else FALLBACK_FONT
