"""Draws curves into pixels with matplotlib. No Qt: a thread beside the window loads it and draws.

Only the lines grow with every step. What lies behind them is drawn where it changed and kept until then ("blitting").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gui_app.live import PhaseSpan
from gui_app.theme_values import FONT, SIZE, SPACE, Palette

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.font_manager import FontProperties

DPI = 100
POINTS = 72 / DPI
FALLBACK_FONT = "DejaVu Sans"
"""matplotlib brings it along."""


@dataclass(frozen=True)
class Frame:
    """What stands behind the lines of a plot; `bottom` and `top` are the ends of the y axis."""

    phases: tuple[PhaseSpan, ...]
    epochs: int
    bottom: float
    top: float


@dataclass(frozen=True)
class Best:
    """The epoch that is marked, and the word beside it."""

    epoch: int
    label: str


@dataclass(frozen=True)
class Curves:
    """What one plot shows. Lines are (epochs, values)."""

    training: tuple[Sequence[float], Sequence[float]]
    validation: tuple[Sequence[float], Sequence[float]]
    frame: Frame
    best: Best | None


@dataclass(frozen=True)
class Canvas:
    """What is drawn on: its size, how many real pixels make one of it, and in which colours and letters."""

    width_px: int
    height_px: int
    ratio: float
    palette: Palette
    family: str


@dataclass(frozen=True)
class Pixels:
    """A drawing as RGBA, row by row."""

    data: bytes
    width_px: int
    height_px: int


class CurveDrawing:
    """Draws one plot; matplotlib is loaded by the first drawing. Never used by two threads at once.

    `say` gives the words for a value, `first_epoch` stands at the left end; a `labelled` one names phases and the best.
    """

    def __init__(self, say: Callable[[float], str], first_epoch: str, *, labelled: bool) -> None:
        self._make = partial(Plot, say, first_epoch, labelled=labelled)
        self.plot: Plot | None = None

    def draw(self, curves: Curves, canvas: Canvas) -> Pixels:
        """Return the picture of these curves."""
        if self.plot is None:
            self.plot = self._make()
        return self.plot.draw(curves, canvas)


class Plot:
    """The figure. Its lines are made once; then only their points change."""

    def __init__(self, say: Callable[[float], str], first_epoch: str, *, labelled: bool) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._say = say
        self._first_epoch = first_epoch
        self._labelled = labelled
        self._figure = Figure(dpi=DPI)
        self._agg: Any = FigureCanvasAgg(self._figure)
        self.axes = self._figure.add_subplot()
        self._lines = [
            self.axes.plot([], [], linewidth=SIZE.stroke, solid_joinstyle="round", animated=True)[0] for _ in range(2)
        ]
        self._best_line = self.axes.axvline(0, linewidth=1, dashes=(4, 3), visible=False, animated=True)
        self._shades: list[Artist] = []
        self._titles: list[Artist] = []
        self._best_words: list[Artist] = []
        self._drawn: tuple[Frame, Canvas] | None = None
        self._marked: tuple[Best | None, tuple[Frame, Canvas]] | None = None
        self._ground: Any = None
        self._prepare_axes()

    def draw(self, curves: Curves, canvas: Canvas) -> Pixels:
        """Return the picture of these curves."""
        behind = curves.frame, canvas
        if self._drawn != behind:
            self._drawn = None  # should it fail midway, it is drawn again
            self._draw_frame(*behind)
            self._drawn = behind
        if self._marked != (curves.best, behind):
            self._marked = None
            self._mark_best(curves.best, *behind)
            self._marked = curves.best, behind
        self._agg.restore_region(self._ground)
        for line, (x, y) in zip(self._lines, (curves.training, curves.validation), strict=True):
            line.set_data(x, y)
            line.set_marker("o" if len(x) == 1 else "")  # one point makes no line
        for artist in (*self._lines, self._best_line, *self._titles, *self._best_words):
            self.axes.draw_artist(artist)
        height, width, _ = self._agg.buffer_rgba().shape
        return Pixels(bytes(self._agg.buffer_rgba()), width, height)

    def _draw_frame(self, frame: Frame, canvas: Canvas) -> None:
        """Draw what lies behind the lines, and keep it."""
        self._fit(canvas)
        self.axes.set_xlim(0, frame.epochs)
        self.axes.set_ylim(frame.bottom, frame.top)
        font = _font(canvas.family)
        self._paint(canvas.palette, font)
        self._shade(frame, canvas.palette, font)
        self._agg.draw()
        self._ground = self._agg.copy_from_bbox(self._figure.bbox)

    def _fit(self, canvas: Canvas) -> None:
        """Take the size, and keep the margins, which hold the numbers, at the same width in pixels."""
        width, height = max(canvas.width_px, 4 * SPACE.l), max(canvas.height_px, 4 * SPACE.l)
        self._figure.set_dpi(DPI * canvas.ratio)
        self._figure.set_size_inches(width / DPI, height / DPI)
        self._figure.subplots_adjust(
            left=SIZE.plot_left / width, right=1 - SPACE.s / width, top=1 - SPACE.s / height, bottom=SPACE.l / height
        )

    def _prepare_axes(self) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axes = self.axes
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_axisbelow(True)
        axes.grid(axis="y", linewidth=1, clip_on=False)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: self._first_epoch if x == 0 else f"{x:g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: self._say(y)))
        axes.tick_params(length=0, pad=SPACE.s * POINTS)

    def _paint(self, colours: Palette, font: "FontProperties") -> None:
        self._figure.set_facecolor(colours.panel)
        self.axes.set_facecolor("none")
        self.axes.grid(axis="y", color=colours.line)
        for line, colour in zip(self._lines, (colours.accent, colours.info), strict=True):
            line.set_color(colour)
        self._best_line.set_color(colours.muted)
        for label in (*self.axes.get_xticklabels(), *self.axes.get_yticklabels()):
            label.set_fontproperties(font)
            label.set_color(colours.muted)
        first, *others = self.axes.get_xticklabels()
        first.set_horizontalalignment("left")  # “epoch 0” begins where the axis does
        for label in others:  # matplotlib makes a new one like the first
            label.set_horizontalalignment("center")

    def _shade(self, frame: Frame, colours: Palette, font: "FontProperties") -> None:
        """Shade every other phase."""
        _remove(self._shades)
        _remove(self._titles)
        shaded = frame.phases[::2] if len(frame.phases) > 1 or _partly(frame) else ()
        for phase in shaded:
            start = phase.first_epoch - 1
            shade = self.axes.axvspan(start, phase.last_epoch, color=colours.info_soft, linewidth=0, zorder=0)
            self._shades.append(shade)
            if self._labelled:  # at the foot, for losses begin high
                look = {"color": colours.info, "fontproperties": font}
                self._titles.append(self._words(phase.title, (start, 0), (SPACE.s, SPACE.s), **look))

    def _mark_best(self, best: Best | None, frame: Frame, canvas: Canvas) -> None:
        """Mark the best epoch; it moves often, so it is no part of what is kept."""
        _remove(self._best_words)
        self._best_line.set_visible(best is not None)
        if best is not None:
            self._best_line.set_xdata([best.epoch, best.epoch])
        if best is not None and self._labelled:
            late = best.epoch > 0.8 * frame.epochs
            shift_px = (-SPACE.s if late else SPACE.s, -SPACE.s)
            ground = {"facecolor": canvas.palette.panel, "linewidth": 0, "pad": 1}
            look = {"color": canvas.palette.muted, "fontproperties": _font(canvas.family), "bbox": ground}
            self._best_words.append(self._words(best.label, (best.epoch, 1), shift_px, **look))

    def _words(self, text: str, at: tuple[float, float], shift_px: tuple[int, int], **look: Any) -> "Artist":  # noqa: ANN401 - as matplotlib takes it
        """Return words beside `at` (an epoch, and a height from 0 to 1), on the side to which they are shifted."""
        return self.axes.annotate(
            text,
            at,
            xycoords=("data", "axes fraction"),
            xytext=(shift_px[0] * POINTS, shift_px[1] * POINTS),
            textcoords="offset points",
            horizontalalignment="left" if shift_px[0] > 0 else "right",
            verticalalignment="bottom" if shift_px[1] > 0 else "top",
            parse_math=False,
            animated=True,
            **look,
        )


def _remove(artists: "list[Artist]") -> None:
    while artists:
        artists.pop().remove()


def _partly(frame: Frame) -> bool:
    """Say whether the one phase so far is only a part of the run."""
    return bool(frame.phases) and frame.phases[0].last_epoch < frame.epochs


def _font(wanted: str) -> "FontProperties":
    from matplotlib.font_manager import FontProperties, fontManager

    known = {font.name for font in fontManager.ttflist}
    return FontProperties(family=wanted if wanted in known else FALLBACK_FONT, size=FONT.tiny * POINTS)
