"""The score of each class, as a table that can be sorted by each column."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.results.metrics import ClassScore
from gui_app.tables import PlainTable
from gui_app.words import count, percent

UNKNOWN = "–"
SORT_ROLE = Qt.ItemDataRole.UserRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ClassScoreTable(PlainTable):
    """Recall is called “Found” and precision “Right when said”; the exact terms stand in the tool tips."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        model = QStandardItemModel()
        super().__init__(name, model, parent)
        self._rows = model
        model.setParent(self)
        model.setSortRole(SORT_ROLE)
        self.setAccessibleName(self.tr("Score of each class"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSelectionMode(PlainTable.SelectionMode.NoSelection)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def set_scores(self, scores: Sequence[ClassScore]) -> None:
        """Show these in the order of the classes."""
        self._rows.clear()
        for column, (heading, hint) in enumerate(self._headings()):
            item = QStandardItem(heading)
            item.setToolTip(hint)
            item.setTextAlignment(RIGHT if column else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self._rows.setHorizontalHeaderItem(column, item)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        for position, score in enumerate(scores):
            self._rows.appendRow(_row(position, score))
        self.stretch_first()
        self.updateGeometry()

    def _headings(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Class"), self.tr("In the order of the classes")),
            (self.tr("Images"), self.tr("How many test images of this class there are")),
            (self.tr("Found"), self.tr("Recall: the share of this class that was recognised")),
            (self.tr("Right when said"), self.tr("Precision: how often it is right when it says this class")),
            (self.tr("F1"), self.tr("F1: the harmonic mean of recall and precision")),
        ]


def _row(position: int, score: ClassScore) -> list[QStandardItem]:
    """Return the cells; a class without test images has no score."""
    known = score.n > 0
    values = (
        (score.name, position),
        (count(score.n), score.n),
        (percent(score.recall) if known else UNKNOWN, score.recall),
        (percent(score.precision) if known else UNKNOWN, score.precision),
        (f"{score.f1:.2f}" if known else UNKNOWN, score.f1),
    )
    items = []
    for column, (text, value) in enumerate(values):
        item = QStandardItem(text)
        item.setData(value, SORT_ROLE)
        if column:
            item.setTextAlignment(RIGHT)
        items.append(item)
    return items
