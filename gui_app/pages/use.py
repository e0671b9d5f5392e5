"""Use: drop, paste or open images and see what the model says of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QHeaderView, QSizePolicy, QStackedWidget, QWidget

from core.results.runs import RunRecord
from gui_app.drop import DropZone
from gui_app.predictions import ClassBars, PredictionModel, top_class
from gui_app.side import SideColumn
from gui_app.tables import PlainTable
from gui_app.theme import SIZE, SPACE
from gui_app.thumbs import Loader, Picture, read_whole
from gui_app.viewer import PictureView
from gui_app.widgets import Card, EmptyState, FactTable, PageFrame, plain_button, primary_button, text_label
from gui_app.words import count, model_words, percent, run_name, shorten

if TYPE_CHECKING:
    from gui_app.state import State

CLASSES_COUNTED = 8


class UsePage(PageFrame):
    """Asks the model of the run that is chosen."""

    predict_paths = Signal(list)
    predict_image = Signal(QImage)
    stop_predicting = Signal()
    clear_predictions = Signal()
    save_csv = Signal(Path)
    go = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("use_page", parent)
        self.setAcceptDrops(True)
        self._ready = False
        self._predicting = False
        self._show_newest = False
        self._drop = DropZone("use_drop")
        self._drop.paths.connect(self.predict_paths)
        self._drop.image.connect(self.predict_image)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self)
        paste.activated.connect(self._paste)
        self._answer = _Answer()
        self._make_table()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty())
        self._stack.addWidget(self._filled())
        self.body.addWidget(self._stack)

    def show_state(self, state: "State") -> None:
        """Show the model and what it said."""
        self._ready = state.shown is not None
        self._stack.setCurrentIndex(1 if state.shown else 0)
        if state.shown is None:
            self.set_title(self.tr("Use the model"), self.tr("Nothing has been trained in this project yet"))
            return
        self.set_title(self.tr("Use the model"), self._subtitle(state.shown))
        self._show_newest = self._show_newest or (state.predicting and not self._predicting)
        self._predicting = state.predicting
        self._show_predictions(state.shown, state)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take images and folders anywhere on the page."""
        if self._ready and self._drop.takes(event.mimeData()):
            self._drop.show_over(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Forget what was only carried past."""
        self._drop.show_over(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Ask the model about what was dropped."""
        self._drop.show_over(False)
        if self._drop.take(event.mimeData()):
            event.acceptProposedAction()

    def _make_table(self) -> None:
        self._model = PredictionModel(self)
        self._table = PlainTable("use_table", self._model)
        self._table.setAccessibleName(self.tr("What the model said of each file"))
        self._table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._table.selectionModel().currentChanged.connect(self._show_row)
        self._count = text_label(role="heading", name="use_count")
        self._tally = FactTable()
        self._tally.setObjectName("use_tally")
        self._done = text_label(role="muted", wrap=True, name="use_done")
        self._stop = plain_button(self.tr("Stop"), "use_stop")
        self._stop.setAccessibleName(self.tr("Stop predicting; what was predicted stays"))
        self._stop.clicked.connect(self.stop_predicting)
        self._csv = plain_button(self.tr("Save as CSV…"), "use_csv")
        self._csv.clicked.connect(self._ask_csv)
        self._clear = plain_button(self.tr("Clear"), "use_clear")
        self._clear.clicked.connect(self.clear_predictions)

    def _empty(self) -> QWidget:
        card = Card()
        button = primary_button(self.tr("Choose a model"), "use_choose_model")
        button.clicked.connect(lambda: self.go.emit("model"))
        text = self.tr("Train one first; then drop images here and see what it says of them.")
        card.body.addWidget(EmptyState(self.tr("There is no trained model yet"), text, button))
        return card

    def _filled(self) -> QWidget:
        main = Card()
        main.body.setSpacing(SPACE.m)
        main.body.addWidget(self._drop, 1)
        main.body.addWidget(self._answer, 3)
        main.body.addWidget(self._count)
        main.body.addWidget(self._table, 2)
        batch = Card(self.tr("Batch"))
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE.s)
        buttons.addWidget(self._stop)
        buttons.addWidget(self._csv)
        buttons.addWidget(self._clear)
        buttons.addStretch(1)
        batch.body.addWidget(self._done)
        batch.body.addWidget(self._tally)
        batch.body.addLayout(buttons)
        self._side = SideColumn("use_side", self.tr("Batch"), SIZE.card_side)
        self._side.add(batch)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.m)
        row.addWidget(main, 1)
        row.addWidget(self._side)
        return page

    def _subtitle(self, record: RunRecord) -> str:
        evaluation = record.evaluation
        score = self.tr("{} on the test images").format(percent(evaluation.accuracy)) if evaluation else ""
        parts = (run_name(record.folder), model_words(record.plan)[0], score or self.tr("no score"))
        return " · ".join(parts)

    def _show_predictions(self, record: RunRecord, state: "State") -> None:
        known = self._model.rowCount()
        self._model.show(state.predictions, record.plan.dataset.classes)
        n = self._model.rowCount()
        if n < known:
            known = 0
        if n > known and (self._show_newest or known == 0):
            self._show_newest = False
            self._table.setCurrentIndex(self._model.index(known, 0))
        self._answer.setVisible(n > 0)
        self._side.setVisible(n > 0)
        self._count.setVisible(n > 1)
        self._table.setVisible(n > 1)
        self._drop.set_large(n == 0)
        self._count.setText(self.tr("{} images").format(count(n)))
        self._done.setText(self._summary(n, state.predicting))
        self._tally.set_rows(self._counted())
        self._stop.setVisible(state.predicting)
        self._csv.setEnabled(not state.predicting)
        self._clear.setEnabled(not state.predicting)

    def _summary(self, n: int, predicting: bool) -> str:
        parts = [self.tr("{} done").format(count(n))]
        if self._model.n_unreadable:
            parts.append(self.tr("{} can't be read").format(count(self._model.n_unreadable)))
        if predicting:
            parts.append(self.tr("working…"))
        return " · ".join(parts)

    def _counted(self) -> list[tuple[str, str]]:
        ranked = self._model.counts.most_common()
        rows = [(shorten(self._model.classes[label]), count(number)) for label, number in ranked[:CLASSES_COUNTED]]
        if len(ranked) > CLASSES_COUNTED:
            rest = sum(number for _, number in ranked[CLASSES_COUNTED:])
            rows.append((self.tr("other classes"), count(rest)))
        return rows

    def _show_row(self, index: QModelIndex) -> None:
        if index.isValid():
            self._answer.show_prediction(self._model, index.row())

    def _paste(self) -> None:
        if self._ready:
            self._drop.paste()

    def _ask_csv(self) -> None:
        """Ask for a file. The dialog adds the suffix itself, so that it asks about replacing the right file."""
        dialog = QFileDialog(self, self.tr("Save as CSV"), "", self.tr("Tables (*.csv)"))
        dialog.setObjectName("use_csv_file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(self.tr("predictions.csv"))
        dialog.fileSelected.connect(lambda file: self.save_csv.emit(Path(file)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


class _Answer(QWidget):
    """One image and what the model says of it."""

    def __init__(self) -> None:
        super().__init__()
        self._path: Path | None = None
        self._loader = Loader(read_whole, self)
        self._loader.loaded.connect(self._take)
        self._picture = PictureView("use_picture", still=True)
        self._picture.setMinimumHeight(SIZE.plot_least)
        self._picture.setAccessibleName(self.tr("The image"))
        self._class = text_label(role="title", wrap=True, name="use_class")
        self._file = text_label(role="muted", wrap=True, name="use_file")
        self._problem = text_label(role="muted", wrap=True, name="use_problem")
        self._bars = ClassBars("use_bars")
        words = SideColumn("use_answer", self.tr("What the model says"), SIZE.answer)
        for part in (self._class, self._bars, self._problem, self._file):
            words.add(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE.m)
        row.addWidget(self._picture, 1)
        row.addWidget(words)

    def show_prediction(self, model: PredictionModel, row: int) -> None:
        """Show one row of the table."""
        said = model.predictions[row]
        readable = bool(said.probabilities)
        self._class.setText(model.classes[top_class(said)] if readable else self.tr("can't be read"))
        self._problem.setText(said.problem)
        self._problem.setVisible(not readable)
        self._bars.setVisible(readable)
        self._file.setText(said.path.name)
        self._file.setVisible(readable)
        if readable:
            self._bars.show_shares(model.classes, said.probabilities)
        if said.path != self._path:
            self._path = said.path
            self._picture.show_picture(None, self.tr("Reading…") if readable else self.tr("no picture"))
            self._loader.want([said.path] if readable else [])

    def _take(self, path: Path, result: Picture | str) -> None:
        if path != self._path:
            return
        if isinstance(result, str):
            self._picture.show_picture(None, result)
        else:
            self._picture.show_picture(result)
