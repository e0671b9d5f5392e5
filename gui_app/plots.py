"""The live curves of a run: loss above, accuracy below. A thread draws them; the window only shows the pictures."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import ceil, isfinite, log

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui_app import theme
from gui_app.curve_drawing import Best, Canvas, CurveDrawing, Curves, Frame, Pixels
from gui_app.live import LiveRun
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import text_label

REDRAW_MS = 1000
SELDOM_MS = 2000
REST = 30
"""Once a second is enough for curves. But drawing takes its time from a run that goes on: it rests so many times as
long as it took, which makes a thirtieth of one core, though never longer than `SELDOM_MS`."""
SOON_MS = 50
"""When nothing trains any more, and where size or colours changed."""
POLL_MS = 50
TENTH, ROOM = 1.1, 1.02
"""The axis of the loss ends between a fiftieth and an eighth above the highest point that it is to show."""


def loss_top(training: Sequence[float], validation: Sequence[float]) -> float:
    """Return the upper end of the loss axis: all but the highest twentieth of the training points fit, and all
    validation points but one that is more than twice as high as the next. It moves by tenths, so that it seldom does.
    """
    heights = [0.0]
    if training:
        heights.append(sorted(training)[ceil(0.95 * len(training)) - 1])
    if validation:
        highest = sorted(validation)[-2:]
        heights.append(min(highest[-1], 2 * highest[0]) if len(highest) > 1 else highest[0])
    shown = max(filter(isfinite, heights))
    return TENTH ** ceil(log(ROOM * shown, TENTH)) if shown else 1.0


def accuracy_bottom(accuracies: Sequence[float]) -> float:
    """Return the lower end of the accuracy axis: the tenth below the lowest point, so that high curves come apart."""
    return max(0.0, int(10 * min(accuracies, default=0.0) - 0.5) / 10)


@dataclass(frozen=True)
class Drawn:
    """The pictures, and how long the processor was at them."""

    pixels: list[Pixels]
    took_ms: float


class RunPlots(QWidget):
    """Two plots under their headings. `show_run` may be called as often as events come; `drawn` tells of a redraw."""

    drawn = Signal()

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
        self._wanted: tuple[object, ...] = ()
        self._drawing: Future[Drawn] | None = None
        self._failed = False
        self._drawer: ThreadPoolExecutor | None = None
        self._pause_ms = REDRAW_MS
        self.redraws = 0
        self._since = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._draw)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)
        for plot in (self.loss, self.accuracy):
            plot.resized.connect(self._repaint)
        theme.watcher().changed.connect(self._repaint)
        self._lay_out()

    def show_run(self, live: LiveRun, epochs: int) -> None:
        """Show what `live` knows by the time of the next redraw; `epochs` are those planned."""
        self._live, self._epochs = live, epochs
        soon = live.finished is not None or not self._wanted
        pause_ms = SOON_MS if soon else self._pause_ms
        if self.isVisible() and (soon or not self._timer.isActive()):
            waited = self._since.elapsed() if self._since.isValid() else pause_ms
            self._timer.start(max(0, pause_ms - waited))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up at once with what came while nobody looked."""
        super().showEvent(event)
        if self._drawing is not None:
            self._poll.start()
        self._draw()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Draw nothing while nobody looks, and let the thread end."""
        super().hideEvent(event)
        self._timer.stop()
        self._poll.stop()
        if self._drawer is not None:
            self._drawer.shutdown(wait=False)
            self._drawer = None

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
        self._wanted = ()
        if self._live is not None:
            self.show_run(self._live, self._epochs)

    def _draw(self) -> None:
        """Have what changed drawn, once the last drawing is done."""
        live = self._live
        if live is None or not self.isVisible() or self._drawing is not None:
            return
        wanted = (live, self._epochs, len(live.epochs), live.steps.x[-1:], live.phases, live.finished, live.best)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._since.start()
        work = [self.loss.work(self._loss_curves(live)), self.accuracy.work(self._accuracy_curves(live))]
        self._drawer = self._drawer or ThreadPoolExecutor(1, thread_name_prefix="plots")
        self._drawing = self._drawer.submit(_all_of, work)
        self._poll.start()

    def _look(self) -> None:
        """Show what was drawn, and draw again what came meanwhile. One failure after the other is told once."""
        if self._drawing is None or not self._drawing.done():
            return
        self._poll.stop()
        drawing, self._drawing = self._drawing, None
        error, failed_before = drawing.exception(), self._failed
        self._failed = error is not None
        if error is None:
            self._show(drawing.result())
        if self._live is not None:
            self.show_run(self._live, self._epochs)
        if error is not None and not failed_before:
            raise error

    def _show(self, drawn: Drawn) -> None:
        if self.redraws:  # the first time matplotlib is loaded
            self._pause_ms = min(max(REDRAW_MS, round(REST * drawn.took_ms)), SELDOM_MS)
        for plot, pixels in zip((self.loss, self.accuracy), drawn.pixels, strict=True):
            plot.show_pixels(pixels)
        self.redraws += 1
        self.drawn.emit()

    def _loss_curves(self, live: LiveRun) -> Curves:
        numbers = [0.0 + epoch.epoch for epoch in live.epochs]
        validation = [epoch.val_loss for epoch in live.epochs]
        by_epoch = (numbers, [epoch.train_loss for epoch in live.epochs])
        training = (live.steps.x[:], live.steps.y[:]) if live.steps.x else by_epoch
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
        frame = Frame(
            phases=live.phases,
            epochs=max(last if live.finished else self._epochs, last, 1),
            bottom=bottom,
            top=top,
        )
        label = self.tr("best") if live.finished else self.tr("best so far")
        best = Best(live.best.epoch, label) if live.best else None
        return Curves(training, validation, frame, best)


class CurvePlot(QWidget):
    """One plot: the picture that was drawn last."""

    resized = Signal()

    def __init__(
        self, name: str, say: Callable[[float], str], *, labelled: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.drawing = CurveDrawing(say, self.tr("epoch 0"), labelled=labelled)
        self._picture = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(SIZE.plot_least)

    def work(self, curves: Curves) -> Callable[[], Pixels]:
        """Return what draws these curves in the present size and colours; it knows nothing of Qt's objects."""
        family = self.font().family()
        canvas = Canvas(self.width(), self.height(), self.devicePixelRatioF(), theme.palette(), family)
        return partial(self.drawing.draw, curves, canvas)

    def show_pixels(self, pixels: Pixels) -> None:
        """Show what was drawn."""
        row = 4 * pixels.width_px
        picture = QImage(pixels.data, pixels.width_px, pixels.height_px, row, QImage.Format.Format_RGBA8888)
        self._picture = picture.copy()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Be drawn anew."""
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the picture; that of another size is stretched until the next one is there."""
        if not self._picture.isNull():
            QPainter(self).drawImage(self.rect(), self._picture)


def _all_of(work: Sequence[Callable[[], Pixels]]) -> Drawn:
    begun = time.thread_time()
    return Drawn([draw() for draw in work], 1000 * (time.thread_time() - begun))
