"""The Model page: which pretrained network, and how much of it learns."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from core.base.config import settings
from core.models.backbones import BACKBONES, Backbone
from core.train.strategies import STRATEGIES
from gui_app.forms import SettingsForm
from gui_app.model_note import ModelNote
from gui_app.models_table import ModelsTable, millions
from gui_app.painted import Dot
from gui_app.state import State
from gui_app.theme import SIZE, SPACE, Tone
from gui_app.transfer import LayerPicture, StrategyCards
from gui_app.widgets import Card, Disclosure, PageFrame, line, link_button, primary_button, restyle, text_label
from gui_app.words import as_tip, count, duration, memory

if TYPE_CHECKING:
    from core.train.plan import RunPlan

CHOSEN_ELSEWHERE = frozenset({"backbone", "strategy"})
"""Settings that have their own place on this page."""


class ModelPage(PageFrame):
    """Shows the models and the settings of the next run."""

    change_config = Signal(dict)
    add_weights = Signal(str, Path)
    download_weights = Signal(str)
    cancel_download = Signal()
    start_training = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("model", parent)
        self._state: State | None = None
        self._all = False
        self.set_title(self.tr("Model"), self.tr("Start from what a network already knows, and teach it your classes"))
        self._train = primary_button(self.tr("Train"), "model_train")
        self._train.clicked.connect(self.start_training)
        self.add_action(self._train)
        self.body.addWidget(self._models_card(), 1)
        self.body.addWidget(self._transfer_card())

    def show_state(self, state: State) -> None:
        """Show models with their status, the strategy, and what the plan makes of it."""
        before, self._state = self._state, state
        self._show_models()
        loading = (state.download[0], state.download[1].fraction) if state.download else None
        self._table.rows.set_status(state.weights_ready, loading)
        self._note.show_model(BACKBONES[state.config.backbone], state)
        self._strategies.choose(state.config.strategy)
        decided = {choice.name: choice for choice in state.plan.choices} if state.plan else {}
        for form in self._forms:
            if before is not None and state.project != before.project:
                form.forget()
            form.show_values(state.config, decided)
        self._show_plan(state.plan)
        self._show_estimate(state)
        self._show_train()

    def _models_card(self) -> Card:
        card = Card()
        self._search = QLineEdit()
        self._search.setObjectName("model_search")
        self._search.setAccessibleName(self.tr("Search models"))
        self._search.setPlaceholderText(self.tr("Search {n} models").format(n=count(len(BACKBONES))))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._show_models)
        self._more = link_button(self.tr("Show all"), "model_show_all")
        self._more.clicked.connect(self._toggle_all)
        row = QHBoxLayout()
        row.setSpacing(SPACE.m)
        row.addWidget(self._search, 1)
        row.addWidget(self._more)
        self._table = ModelsTable()
        self._table.chosen.connect(lambda key: self._change({"backbone": key}))
        self._table.status_clicked.connect(self._bring_weights)
        self._nothing = text_label(role="muted", wrap=True, name="model_nothing")
        self._note = ModelNote()
        self._note.download.connect(self.download_weights)
        self._note.add_file.connect(self._choose_file)
        self._note.cancel.connect(self.cancel_download)
        card.body.addLayout(row)
        card.body.addWidget(self._nothing)
        card.body.addWidget(self._table, 1)
        card.body.addWidget(self._note)
        return card

    def _transfer_card(self) -> Card:
        card = Card(self.tr("How to transfer"))
        card.setFixedWidth(SIZE.card_wide_side)
        card.body.setContentsMargins(SPACE.m, SPACE.m, SPACE.xs, SPACE.s)
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, SIZE.scroll_bar, 0)
        column.setSpacing(SPACE.s - 2)
        self._strategies = StrategyCards(list(STRATEGIES))
        self._strategies.chosen.connect(lambda key: self._change({"strategy": key}))
        self._layers = LayerPicture()
        self._share = text_label(role="muted", wrap=True, name="model_share")
        column.addWidget(self._strategies)
        column.addSpacing(SPACE.xs)
        column.addWidget(self._layers)
        column.addLayout(_legend(self))
        column.addWidget(self._share)
        column.addWidget(line())
        self._summary = text_label(role="muted", wrap=True, name="plan_summary")
        self._add_forms(column)
        column.addWidget(self._summary)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("transfer")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        self._estimate = text_label(role="muted", wrap=True, name="plan_estimate")
        self._problem = text_label(role="problem", wrap=True, name="model_problem")
        card.body.addWidget(area, 1)
        # beneath what scrolls: they are never out of sight
        card.body.addWidget(self._estimate)
        card.body.addWidget(self._problem)
        return card

    def _add_forms(self, column: QVBoxLayout) -> None:
        mine = [setting for setting in settings() if setting.name not in CHOSEN_ELSEWHERE]
        plain = SettingsForm(tuple(setting for setting in mine if setting.level == "plain"))
        expert = SettingsForm(tuple(setting for setting in mine if setting.level == "expert"))
        self._forms = (plain, expert)
        for form in self._forms:
            form.changed.connect(self._change)
            form.checked.connect(self._show_train)
        column.addWidget(plain)
        column.addWidget(Disclosure(self.tr("More settings"), "more_settings", expert))

    def _show_models(self) -> None:
        if self._state is None:
            return
        chosen = self._state.config.backbone
        wanted = self._search.text().strip().lower()
        models = _matching(wanted, chosen, self._all)
        self._table.show_models(models, chosen)
        self._more.setText(self.tr("Show recommended") if self._all else self.tr("Show all"))
        self._more.setVisible(not wanted)
        self._nothing.setText(self.tr("No model is called “{name}”.").format(name=self._search.text().strip()))
        self._nothing.setVisible(not models)

    def _show_plan(self, plan: "RunPlan | None") -> None:
        self._layers.setVisible(plan is not None)
        self._share.setVisible(plan is not None)
        self._summary.setVisible(plan is not None)
        if plan is None:
            return
        deepest = max(phase.trained_groups for phase in plan.phases)
        self._layers.show_layers(BACKBONES[plan.backbone].groups, deepest)
        slower = self.tr(", slower the deeper they lie") if any(p.decay_per_group < 1 for p in plan.phases) else ""
        words = self.tr("{some} of {all} weights learn").format(
            some=millions(plan.trained_parameters), all=millions(plan.total_parameters)
        )
        self._share.setText(f"{words}{slower}")
        self._summary.setText(_in_one_line(self, plan))

    def _show_estimate(self, state: State) -> None:
        """Say what the run takes, or that it is being found out; a plan that cannot be carried out takes nothing."""
        self._estimate.setVisible(state.plan is not None and not state.plan_problem)
        if state.estimate is None:
            self._estimate.setText(self.tr("Measuring how fast this computer is …"))
            return
        words = self.tr(
            "At most {time} on this computer · {rate} images/s · {memory} of memory, {disk} on the disk · {precision}"
        )
        precision = state.estimate.precision
        self._estimate.setToolTip(as_tip(precision.reason))
        self._estimate.setText(
            words.format(
                time=duration(state.estimate.seconds),
                rate=count(round(state.estimate.images_per_s)),
                memory=memory(state.estimate.memory_mb),
                disk=memory(max(1.0, state.estimate.disk_mb)),
                precision=f"{precision.label.lower()} {precision.value}",
            )
        )

    def _show_train(self) -> None:
        state = self._state
        if state is None:
            return
        wrong = [label for form in self._forms for label in form.problems]
        problems = [self.tr("Correct first: {fields}").format(fields=", ".join(wrong))] if wrong else []
        problems += [problem for problem in (state.data_problem, state.plan_problem) if problem]
        reasons = "\n".join(problems + self._waits(state))
        restyle(self._problem, role="problem" if problems else "muted")
        self._problem.setText(reasons)
        self._problem.setVisible(bool(reasons))
        self._train.setEnabled(not reasons)
        self._train.setToolTip(as_tip(reasons))

    def _waits(self, state: State) -> list[str]:
        """Say what goes on that training must wait for."""
        waits = []
        if state.training:
            waits.append(self.tr("A training is under way."))
        if state.reading is not None:
            waits.append(self.tr("The images are being read."))
        elif state.dataset is None and not state.data_problem:
            waits.append(self.tr("The images must be read first."))
        if state.device is None and not state.plan_problem:
            waits.append(self.tr("Looking at this computer …"))
        return waits

    def _toggle_all(self) -> None:
        self._all = not self._all
        self._show_models()

    def _change(self, changes: Mapping[str, object]) -> None:
        if self._state is not None and any(getattr(self._state.config, key) != new for key, new in changes.items()):
            self.change_config.emit(dict(changes))

    def _bring_weights(self, key: str) -> None:
        if BACKBONES[key].url:
            self.download_weights.emit(key)
        else:
            self._choose_file(key)

    def _choose_file(self, key: str) -> None:
        title = self.tr("Weights of {model}").format(model=BACKBONES[key].title)
        chosen, _ = QFileDialog.getOpenFileName(self, title, "", self.tr("Weights (*.safetensors *.pth *.pt)"))
        if chosen:
            self.add_weights.emit(key, Path(chosen))


def _matching(wanted: str, chosen: str, every: bool) -> Sequence[Backbone]:
    """Return the models that are searched for; without a search the recommended ones and the chosen one, or all."""
    recommended_first = sorted(BACKBONES, key=lambda backbone: not backbone.recommended)
    if wanted:
        words = wanted.split()
        return [b for b in recommended_first if all(w in f"{b.title} {b.key} {b.family}".lower() for w in words)]
    return [b for b in recommended_first if every or b.recommended or b.key == chosen]


def _legend(page: QWidget) -> QHBoxLayout:
    """Return what the colours of the layer picture mean."""
    row = QHBoxLayout()
    row.setSpacing(SPACE.xs)
    meanings: tuple[tuple[Tone, str], ...] = (("info", page.tr("kept")), ("accent", page.tr("learns")))
    for tone, meaning in meanings:
        row.addWidget(Dot(tone))
        row.addWidget(text_label(meaning, "muted"))
        row.addSpacing(SPACE.s)
    row.addStretch()
    return row


def _in_one_line(page: QWidget, plan: "RunPlan") -> str:
    values = {choice.name: choice.value for choice in plan.choices}
    varied = (
        page.tr("images are not varied") if plan.augmentation == "none" else page.tr("{how} variation of the images")
    )
    return " · ".join(
        (
            page.tr("{n} epochs, stops early").format(n=plan.epochs),
            page.tr("learning rate {rate}").format(rate=values.get("learning_rate", "")),
            varied.format(how=plan.augmentation),
        )
    )
