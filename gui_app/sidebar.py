"""The sidebar: five numbered steps, and the runs of the project."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from gui_app import icons, theme
from gui_app.painted import PaintedButton
from gui_app.state import PageKey, State
from gui_app.steps import STEPS, Step, open_steps, why_closed
from gui_app.theme import FONT, SIZE, SPACE
from gui_app.widgets import discard, text_label
from gui_app.words import as_tip, percent

if TYPE_CHECKING:
    from core.results.runs import RunSummary


class StepButton(PaintedButton):
    """One of the five steps: its number in a circle, or a tick when it lies behind."""

    def __init__(self, step: Step, number: int, parent: QWidget | None = None) -> None:
        super().__init__(f"step_{step.page}", parent)
        self.step = step
        self._number = number
        self.done = False
        self._shown: tuple[bool, bool, str] | None = None
        self.setText(step.title)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a step."""
        return QSize(SIZE.sidebar - 2 * SIZE.nav_inset, SIZE.nav_item)

    def show_as(self, *, chosen: bool, done: bool, closed_because: str) -> None:
        """Change how it looks; a step that cannot be used says why when the mouse rests on it."""
        if (chosen, done, closed_because) == self._shown:
            return
        self._shown = chosen, done, closed_because
        self.chosen, self.done = chosen, done
        self.setEnabled(not closed_because)
        self.setToolTip(closed_because or f"{self.step.title} (Ctrl+{self._number})")
        state = self.tr("done") if done else self.tr("present step") if chosen else ""
        self.setAccessibleName(f"{self._number} {self.step.title}{f', {state}' if state else ''}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint circle, number or tick, and title."""
        painter = QPainter(self)
        self.paint_ground(painter)
        colours = theme.palette()
        ink = QColor(colours.accent if self.chosen else colours.muted)
        if not self.isEnabled():
            ink.setAlphaF(theme.FADED)
        self._paint_mark(painter, ink)
        font = QFont(self.font())
        font.setPixelSize(FONT.body)
        font.setWeight(QFont.Weight.DemiBold if self.chosen else QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(ink)
        words = self.rect().adjusted(SIZE.nav_inset + SIZE.nav_mark + SIZE.nav_inset, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())

    def _paint_mark(self, painter: QPainter, ink: QColor) -> None:
        colours = theme.palette()
        top = (self.height() - SIZE.nav_mark) / 2
        circle = QRectF(SIZE.nav_inset + 0.5, top + 0.5, SIZE.nav_mark - 1, SIZE.nav_mark - 1)
        if self.done and not self.chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawEllipse(circle)
            inset = SPACE.xs
            tick = circle.adjusted(inset, inset, -inset, -inset).toRect()
            icons.paint(painter, "tick", colours.on_accent, tick)
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, 1))
        painter.drawEllipse(circle)
        font = QFont(self.font())
        font.setPixelSize(FONT.tiny)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._number))


class RunButton(PaintedButton):
    """One run: number, model and accuracy, and beneath them how it was transferred. What is too long is cut."""

    def __init__(self, run: "RunSummary", parent: QWidget | None = None) -> None:
        super().__init__(f"run_{run.number}", parent)
        self.run = run
        model, _, self._strategy = run.title.partition(", ")
        self.set_words(f"{run.number} · {model}", f"{run.number} · {run.title} {self.score}")
        self.setToolTip(as_tip(f"{run.number} · {run.title}\n{self._score_in_words()}"))

    @property
    def score(self) -> str:
        """The accuracy as shown, empty if the run has none."""
        return "" if self.run.accuracy is None else percent(self.run.accuracy)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a run."""
        return QSize(SIZE.sidebar - 2 * SIZE.nav_inset, SIZE.run_item)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint both lines."""
        painter = QPainter(self)
        self.paint_ground(painter)
        colours = theme.palette()
        font = QFont(self.font())
        font.setPixelSize(FONT.small)
        painter.setFont(font)
        upper = self.rect().adjusted(SIZE.nav_inset, SPACE.xs, -SIZE.nav_inset, -self.height() // 2)
        lower = self.rect().adjusted(SIZE.nav_inset, self.height() // 2, -SIZE.nav_inset, -SPACE.xs)
        metrics = painter.fontMetrics()
        painter.setPen(QColor(colours.muted))
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.score)
        strategy = metrics.elidedText(self._strategy, Qt.TextElideMode.ElideRight, lower.width())
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, strategy)
        room = upper.width() - (metrics.horizontalAdvance(self.score) + SPACE.s if self.score else 0)
        painter.setPen(QColor(colours.accent if self.chosen else colours.text))
        title = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)

    def _score_in_words(self) -> str:
        if self.run.accuracy is not None:
            return self.tr("{score} of {n} test images are right").format(score=self.score, n=self.run.n_test)
        return self.tr("no score: it did not come to its end") if self.run.ending is None else self.tr("no score")


class Sidebar(QWidget):
    """Steps and runs. Wishes: `go(page)`, `show_run(folder)`."""

    go = Signal(str)
    show_run = Signal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setProperty("role", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(SIZE.sidebar)
        self._runs: tuple[RunSummary, ...] | None = None
        self._run_buttons: list[RunButton] = []
        self.steps = [StepButton(step, number) for number, step in enumerate(STEPS, 1)]
        column = QVBoxLayout(self)
        column.setContentsMargins(SIZE.nav_inset, SPACE.m - SPACE.xs, SIZE.nav_inset, SPACE.s)
        column.setSpacing(SPACE.xs)
        column.addWidget(self._brand(), 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(SPACE.xs)
        for button in self.steps:
            button.clicked.connect(partial(self.go.emit, button.step.page))
            column.addWidget(button)
        column.addSpacing(SPACE.l)
        self._runs_title = text_label(self.tr("RUNS"), "tiny", name="runs_title")
        self._runs_title.setIndent(SIZE.nav_inset)
        column.addWidget(self._runs_title)
        column.addWidget(self._run_list(), 1)
        theme.watcher().changed.connect(self.update)

    def add_foot(self, widget: QWidget) -> None:
        """Put a widget to the lower end."""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(widget)

    def show_state(self, state: State) -> None:
        """Show which steps are open, chosen and done, and the runs."""
        pages: list[PageKey] = [step.page for step in STEPS]
        chosen = pages.index(state.page) if state.page in pages else -1
        available = open_steps(state)
        for index, button in enumerate(self.steps):
            closed = "" if button.step.page in available else why_closed(button.step.page)
            button.show_as(chosen=index == chosen, done=index < chosen and not closed, closed_because=closed)
        if state.runs is not self._runs:
            self._list_runs(state.runs)
        shown = state.shown.folder if state.shown is not None else None
        for line in self._run_buttons:
            chosen = line.run.folder == shown and state.page in ("results", "use")
            if line.chosen is not chosen:
                line.chosen = chosen
                line.update()

    def _list_runs(self, runs: "tuple[RunSummary, ...]") -> None:
        self._runs = runs
        for old in self._run_buttons:
            self._run_column.removeWidget(old)
            discard(old)
        self._run_buttons = [RunButton(run) for run in runs]
        for index, button in enumerate(self._run_buttons):
            button.clicked.connect(partial(self.show_run.emit, button.run.folder))
            self._run_column.insertWidget(index, button)
        self._runs_title.setVisible(bool(runs))

    def _brand(self) -> QPushButton:
        brand = QPushButton("Graft")
        brand.setObjectName("brand")
        brand.setProperty("kind", "brand")
        brand.setAccessibleName(self.tr("Graft: start page"))
        brand.setToolTip(self.tr("Start page: open another project"))
        brand.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        brand.clicked.connect(partial(self.go.emit, "start"))
        return brand

    def _run_list(self) -> QScrollArea:
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        self._run_column = QVBoxLayout(inner)
        self._run_column.setContentsMargins(0, 0, 0, 0)
        self._run_column.setSpacing(0)
        self._run_column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("runs")
        area.setAccessibleName(self.tr("Runs"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        return area
