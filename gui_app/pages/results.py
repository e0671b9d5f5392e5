"""Results: the score on the test images with its uncertainty, and the images behind every number."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from core.base.events import Warned
from core.results.metrics import Evaluation, Judged
from core.results.runs import RunRecord
from gui_app.class_scores import ClassScoreTable
from gui_app.confusion import SPACIOUS, ConfusionMatrix, worst_cell
from gui_app.grid import GridItem, ImageGrid, ImageViewer
from gui_app.notes import NotesCard
from gui_app.side import SideColumn
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import Card, ElidingLabel, EmptyState, PageFrame, plain_button, primary_button, text_label
from gui_app.words import count, interval, model_words, percent, run_name, shorten

if TYPE_CHECKING:
    from core.data.folder.scan import Scan
    from gui_app.state import State

FEW = 10
"""With fewer test images than this, a share in percent would say more than is known."""


class ResultsPage(PageFrame):
    """Shows the run that is chosen."""

    go = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("results_page", parent)
        self._record: RunRecord | None = None
        self._scan: Scan | None = None
        self._evaluation: Evaluation | None = None
        self._label = ""
        self._again = plain_button(self.tr("Change the model"), "results_model")
        self._again.clicked.connect(lambda: self.go.emit("model"))
        self._use = primary_button(self.tr("Use it"), "results_use")
        self._use.clicked.connect(lambda: self.go.emit("use"))
        for button in (self._again, self._use):
            self.add_action(button)
        self._crossed = ElidingLabel(role="strong", name="results_folds")
        self.add_line(self._crossed)
        self._make_cards()
        self._empty = EmptyState("", "")
        self._empty.setObjectName("results_empty")
        empty = Card()
        empty.body.addWidget(self._empty)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self._scored())
        self.body.addWidget(self._stack)
        self._show_none()

    def show_state(self, state: "State") -> None:
        """Show the results of `state.shown`."""
        if state.scan is not self._scan:
            self._scan = state.scan
            self._grid.read_again()
        if state.shown is self._record:
            return
        self._record = state.shown
        crossed = self._folds(state.shown) if state.shown is not None else ""
        self._crossed.setText(crossed)
        self._crossed.setVisible(bool(crossed))
        if state.shown is None:
            self._show_none()
            return
        self._again.show()
        self._use.setVisible(state.shown.finished is not None and state.shown.finished.best_epoch > 0)
        if state.shown.evaluation is None:
            self._show_unscored(state.shown)
        else:
            self._show_scored(state.shown, state.shown.evaluation)

    def _make_cards(self) -> None:
        self._matrix = ConfusionMatrix("results_matrix")
        self._matrix.chosen.connect(self._show_cell)
        self._scores = ClassScoreTable("results_classes")
        self._notes = NotesCard(self.tr("Worth knowing"), "results_notes")
        self._images = Card(" ")
        self._images.heading.setObjectName("results_cell")
        self._images.heading.setMinimumWidth(1)  # long class names are cut, they never widen the window
        self._order = text_label(role="muted", name="results_order")
        self._grid = ImageGrid("results_images", SIZE.thumb_large)
        self._grid.set_accessible_name(self.tr("Images of the chosen cell"))
        self._grid.activated.connect(self._open)
        self._images.body.addWidget(self._order)
        self._images.body.addWidget(self._grid, 1)

    def _scored(self) -> QWidget:
        wrong = Card(self.tr("Where it goes wrong"))
        wrong.body.addWidget(self._matrix)
        by_class = Card(self.tr("By class"))
        by_class.body.addWidget(self._scores)
        self._side = SideColumn("results_side", self.tr("Score"), SIZE.results_side)
        for card in (wrong, by_class, self._notes):
            self._side.add(card)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.m)
        row.addWidget(self._side)
        row.addWidget(self._images, 1)
        return page

    def _show_none(self) -> None:
        self.set_title(self.tr("Results"), self.tr("Nothing has been trained in this project yet"))
        self._use.hide()
        self._again.hide()
        self._stack.setCurrentIndex(0)
        self._empty.say(
            self.tr("No results yet"),
            self.tr("When a run is done, its score on images that training never saw is shown here."),
        )

    def _show_unscored(self, record: RunRecord) -> None:
        self.set_title(self.tr("No score"), f"{run_name(record.folder)} · {' · '.join(model_words(record.plan))}")
        self._stack.setCurrentIndex(0)
        finished = record.finished
        if finished is None:
            title = self.tr("This run did not come to its end")
            text = self.tr("A problem ended it, or the program or the computer was shut down. It has no score.")
        elif not finished.best_epoch:
            title = self.tr("This run ended before its first epoch")
            text = self.tr("There is nothing to score. Train again and let it finish at least one epoch.")
        else:
            title = self.tr("There were no test images to score it on")
            text = self.tr("An honest score needs images that training never saw. Add images, and train again.")
        self._empty.say(title, text)

    def _show_scored(self, record: RunRecord, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self.set_title(self._headline(evaluation), self._certainty(record, evaluation))
        many = len(evaluation.classes) > SPACIOUS
        self._side.setFixedWidth(SIZE.results_side_wide if many else SIZE.results_side)
        self._matrix.set_matrix(evaluation.classes, evaluation.confusion)
        self._scores.set_scores(evaluation.per_class)
        self._notes.show_notes(self._remarks(record))
        self._stack.setCurrentIndex(1)
        self._matrix.choose(*worst_cell(evaluation.confusion))

    def _headline(self, evaluation: Evaluation) -> str:
        if evaluation.n < FEW:
            right = sum(judged.label == judged.predicted for judged in evaluation.judged)
            return self.tr("{} of {} test images right").format(right, evaluation.n)
        share, n = percent(evaluation.accuracy), count(evaluation.n)
        return self.tr("{} of {} test images are right").format(share, n)

    def _certainty(self, record: RunRecord, evaluation: Evaluation) -> str:
        low, high = interval(*evaluation.interval)
        commonest = max(evaluation.per_class, key=lambda score: score.n).name
        parts = (
            run_name(record.folder),
            self.tr("between {} and {} on new images like these (95 % confidence)").format(low, high),
            self.tr("always saying {} would give {}").format(shorten(commonest), percent(evaluation.majority)),
        )
        return " · ".join(parts)

    def _remarks(self, record: RunRecord) -> list[str]:
        remarks: list[str] = []
        finished = record.finished
        if finished is not None and finished.ending == "stopped":
            words = self.tr("You stopped this run after {} epochs. Epoch {} was the best and was kept.")
            remarks.append(words.format(finished.epochs, finished.best_epoch))
        if record.mirroring.words:
            remarks.append(record.mirroring.words)
        return remarks + [event.message for event in record.events if isinstance(event, Warned)]

    def _folds(self, record: RunRecord) -> str:
        score = record.cross_validation
        if score is None:
            return ""
        words = self.tr("{k}-fold cross-validation: {share} of {n} images are right, between {low} and {high}")
        low, high = interval(*score.interval)
        share, number = percent(score.accuracy), count(score.n)
        return words.format(k=record.config.folds, share=share, n=number, low=low, high=high)

    def _show_cell(self, label: int, predicted: int) -> None:
        evaluation = self._evaluation
        if evaluation is None:
            return
        right = label == predicted
        inside = [judged for judged in evaluation.judged if (judged.label, judged.predicted) == (label, predicted)]
        inside.sort(key=lambda judged: judged.probability, reverse=not right)
        names = evaluation.classes[label], evaluation.classes[predicted]
        self._label = names[0]
        number = count(len(inside)) if inside else self.tr("No")
        words = self.tr("{} “{}” rightly called “{}”") if right else self.tr("{} “{}” called “{}”")
        self._images.set_title(words.format(number, *(shorten(name) for name in names)))
        self._order.setVisible(len(inside) > 1)
        self._order.setText(self.tr("the least certain first") if right else self.tr("the most certain first"))
        self._grid.set_images([self._item(evaluation, judged) for judged in inside])

    def _item(self, evaluation: Evaluation, judged: Judged) -> GridItem:
        words = self.tr("said {} {}").format(evaluation.classes[judged.predicted], percent(judged.probability))
        return GridItem(evaluation.root / judged.path, words)

    def _open(self, position: int) -> None:
        items = [replace(item, caption=f"{self._label} · {item.caption}") for item in self._grid.items]
        viewer = ImageViewer(items, position, self)
        viewer.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        viewer.open()
