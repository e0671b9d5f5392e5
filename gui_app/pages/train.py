"""Train: how far the run is, how its curves go, and what that means."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from core.results.runs import RunRecord
from gui_app.live import LiveRun
from gui_app.notes import NotesCard
from gui_app.plots import RunPlots
from gui_app.side import SideColumn
from gui_app.state import State
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import (
    Card,
    Chip,
    EmptyState,
    FactTable,
    PageFrame,
    ShareBar,
    plain_button,
    primary_button,
    text_label,
)
from gui_app.words import count, duration, fine_percent, memory, model_words, percent

UNKNOWN = "–"


class TrainPage(PageFrame):
    """Shows the run that goes on or ended last, until another one is chosen."""

    pause = Signal()
    resume = Signal()
    stop = Signal()
    show_run = Signal(Path)
    go = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("train_page", parent)
        self._record: RunRecord | None = None
        self._ended: Path | None = None
        self._recorded = LiveRun()
        self._make_buttons()
        self._progress = _ProgressCard()
        self._now = FactTable()
        self._now.setObjectName("train_now")
        self._health = _HealthCard()
        self._warnings = NotesCard(self.tr("Worth knowing"), "train_warnings")
        self._curves = QStackedWidget()
        self._waiting = EmptyState("", "")
        self._waiting.setObjectName("train_waiting")
        self._plots = RunPlots("train_plots")
        self._curves.addWidget(self._waiting)
        self._curves.addWidget(self._plots)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty())
        self._stack.addWidget(self._run())
        self.body.addWidget(self._stack)

    def show_state(self, state: State) -> None:
        """Show the run."""
        live = self._live(state)
        self._stack.setCurrentIndex(0 if live is None else 1)
        self._show_buttons(state, live)
        if live is None:
            self.set_title(self.tr("Training"), self.tr("Nothing has been trained in this project yet"))
            return
        self.set_title(self._title(state, live), self._subtitle(state, live))
        self._progress.show_state(state, live)
        self._facts_card.set_title(self.tr("Now") if state.training else self.tr("At the end"))
        self._facts_card.setVisible(state.training or live.learning)
        self._now.set_rows(self._facts(live))
        self._health.show_run(live)
        self._warnings.show_notes(live.warnings)
        self._show_curves(state, live)

    def _live(self, state: State) -> LiveRun | None:
        if state.live is not None:
            return state.live
        if state.shown is not None and state.shown is not self._record:
            self._record, self._recorded = state.shown, LiveRun(state.shown.plan)
            self._recorded.feed(state.shown.events)
        return self._recorded if state.shown is not None else None

    def _make_buttons(self) -> None:
        self._pause = plain_button(self.tr("Pause"), "train_pause")
        self._resume = primary_button(self.tr("Resume"), "train_resume")
        self._stop = plain_button(self.tr("Stop and keep the best"), "train_stop")
        self._results = primary_button(self.tr("See the results"), "train_results")
        self._model = plain_button(self.tr("Change the model"), "train_model")
        for button, wish in (
            (self._pause, self.pause.emit),
            (self._resume, self.resume.emit),
            (self._stop, self.stop.emit),
            (self._model, lambda: self.go.emit("model")),
            (self._results, self._go_to_results),
        ):
            button.clicked.connect(wish)
            self.add_action(button)

    def _empty(self) -> QWidget:
        card = Card()
        button = primary_button(self.tr("Choose a model"), "train_choose_model")
        button.clicked.connect(lambda: self.go.emit("model"))
        text = self.tr("Choose a pretrained model and how to transfer it; then watch here how it learns your classes.")
        card.body.addWidget(EmptyState(self.tr("No training yet"), text, button))
        return card

    def _run(self) -> QWidget:
        curves = Card()
        curves.body.addWidget(self._curves)
        self._facts_card = Card(self.tr("Now"))
        self._facts_card.body.addWidget(self._now)
        side = SideColumn("train_side", self.tr("Numbers"), SIZE.card_side)
        for card in (self._facts_card, self._health, self._warnings):
            side.add(card)
        lower = QHBoxLayout()
        lower.setSpacing(SPACE.m)
        lower.addWidget(curves, 1)
        lower.addWidget(side)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.m)
        column.addWidget(self._progress)
        column.addLayout(lower, 1)
        return page

    def _show_buttons(self, state: State, live: LiveRun | None) -> None:
        stopping = bool(state.busy)
        self._pause.setVisible(state.training and not state.paused)
        self._pause.setEnabled(not stopping)
        self._resume.setVisible(state.training and state.paused)
        self._stop.setVisible(state.training)
        self._stop.setEnabled(not stopping)
        ended = live is not None and not state.training
        self._model.setVisible(ended)
        self._results.setVisible(ended and live is not None and live.finished is not None)
        self._ended = _folder_of(state)

    def _go_to_results(self) -> None:
        """Go to the results of the run that is seen here, which need not be the one that is chosen."""
        if self._ended is None:
            self.go.emit("results")
        else:
            self.show_run.emit(self._ended)

    def _title(self, state: State, live: LiveRun) -> str:
        if state.training:
            return self.tr("Paused") if state.paused else self.tr("Training")
        if live.finished is None:
            return self.tr("The training did not come to its end")
        return (
            self.tr("The training was stopped")
            if live.finished.ending == "stopped"
            else self.tr("The training is done")
        )

    def _subtitle(self, state: State, live: LiveRun) -> str:
        parts = []
        if live.plan is not None:
            backbone, strategy = model_words(live.plan)
            parts = [backbone, strategy.lower()]
        if live.finished is not None:
            parts.append(self._ending(live))
        elif live.epoch:
            planned = live.plan.epochs if live.plan is not None else 0
            words = self.tr("epoch {} of {}") if planned else self.tr("epoch {}")
            parts.append(words.format(live.epoch, planned))
        return " · ".join(parts)

    def _ending(self, live: LiveRun) -> str:
        assert live.finished is not None
        epochs = self.tr("{} epochs").format(live.finished.epochs)
        if live.finished.ending == "early":
            return self.tr("{}, ended early because it got no better").format(epochs)
        return epochs

    def _facts(self, live: LiveRun) -> list[tuple[str, str]]:
        last, best, progress = live.last, live.best, live.progress
        facts = [
            (self.tr("Validation accuracy"), fine_percent(last.val_accuracy) if last else UNKNOWN),
            (
                self.tr("Best, epoch {}").format(best.epoch) if best else self.tr("Best epoch"),
                fine_percent(best.val_accuracy) if best else UNKNOWN,
            ),
        ]
        speed = live.finished.images_per_s if live.finished else progress.images_per_s if progress else None
        facts.append((self.tr("Speed"), self.tr("{} images/s").format(count(round(speed))) if speed else UNKNOWN))
        if progress is not None and progress.memory_mb is not None:
            facts.append((self.tr("Memory"), memory(progress.memory_mb)))
        return facts

    def _show_curves(self, state: State, live: LiveRun) -> None:
        if live.learning:
            self._plots.show_run(live, live.plan.epochs if live.plan is not None else 0)
            self._curves.setCurrentWidget(self._plots)
            return
        self._curves.setCurrentWidget(self._waiting)
        stage = live.progress.stage if live.progress else self.tr("getting ready")
        if state.training:
            self._waiting.say(_sentence(stage), self.tr("The curves begin with the first step."))
        else:
            self._waiting.say(self.tr("There are no curves"), self.tr("It ended before the first step."))


class _ProgressCard(Card):
    """The bar, how much is done, and how long it still takes."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = ShareBar()
        self._bar.setObjectName("train_bar")
        self._bar.setAccessibleName(self.tr("Progress of the training"))
        self._share = text_label(role="strong", name="train_share")
        self._time = text_label(role="muted", name="train_time")
        row = QHBoxLayout()
        row.setSpacing(SPACE.m)
        row.addWidget(self._bar, 1)
        row.addWidget(self._share)
        row.addWidget(self._time)
        self.body.addLayout(row)

    def show_state(self, state: State, live: LiveRun) -> None:
        """Show how far it is."""
        done = 1.0 if live.finished is not None else live.progress.fraction if live.progress else 0.0
        self._bar.set_fraction(done)
        self._bar.set_tone("accent" if (state.training and not state.paused) or live.finished else "plain")
        self._share.setText(percent(done))
        self._share.setVisible(live.finished is None and live.progress is not None)
        self._time.setText(self._words(state, live))

    def _words(self, state: State, live: LiveRun) -> str:
        if live.finished is not None:
            return self.tr("took {}").format(duration(live.finished.seconds))
        if not state.training:
            return self.tr("ended with a problem")
        if state.busy:
            return state.busy
        if state.paused:
            return self.tr("paused")
        left = live.progress.seconds_left if live.progress else None
        return self.tr("measuring the time…") if left is None else self.tr("{} left").format(duration(left))


class _HealthCard(Card):
    """The verdict on the curves."""

    def __init__(self) -> None:
        super().__init__(self.tr("How it is going"))
        self._chip = Chip()
        self._chip.setObjectName("train_health")
        self._text = text_label(role="muted", wrap=True, name="train_health_text")
        self.body.addWidget(self._chip)
        self.body.addWidget(self._text)

    def show_run(self, live: LiveRun) -> None:
        """Show the verdict, when there is one."""
        self.set_title(self.tr("How it went") if live.finished else self.tr("How it is going"))
        self.setVisible(live.learning)
        health = live.health
        if (health.word, health.text) != (self._chip.text(), self._text.text()):
            self._chip.set(health.word, health.tone)
            self._text.setText(health.text)


def _folder_of(state: State) -> Path | None:
    """Return the folder of the run that ended last, if it is listed and another one is chosen."""
    ended = state.live.finished if state.live is not None else None
    if ended is None or state.shown is None or state.shown.folder == Path(ended.run):
        return None
    return next((run.folder for run in state.runs if run.folder == Path(ended.run)), None)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
