"""What the model said of many files, as a table; and of one, as bars."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from gui_app.theme import SPACE
from gui_app.widgets import ElidingLabel, ShareBar, text_label
from gui_app.words import as_tip, percent

if TYPE_CHECKING:
    from core.results.predict import Predicted

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
BARS = 5
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PredictionModel(QAbstractTableModel):
    """Rows come while the model is still at work; `counts` tells how often each class was said."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.classes: tuple[str, ...] = ()
        self.predictions: tuple[Predicted, ...] = ()
        self.counts: Counter[int] = Counter()
        self.n_unreadable = 0

    def show(self, predictions: tuple["Predicted", ...], classes: tuple[str, ...]) -> None:
        """Show these; if they only go on from what is shown, rows are added."""
        known = len(self.predictions)
        goes_on = predictions[:known] == self.predictions and classes == self.classes and known > 0
        if goes_on and len(predictions) == known:
            return
        if goes_on:
            self.beginInsertRows(_NOWHERE, known, len(predictions) - 1)
        else:
            self.beginResetModel()
            self.counts, self.n_unreadable, known = Counter(), 0, 0
        self.predictions, self.classes = predictions, classes
        for said in predictions[known:]:
            if said.probabilities:
                self.counts[top_class(said)] += 1
            else:
                self.n_unreadable += 1
        if goes_on:
            self.endInsertRows()
        else:
            self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return the number of files."""
        return 0 if parent.isValid() else len(self.predictions)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return 3: file, class, certainty."""
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        said = self.predictions[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(said)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and said.problem and index.column():
            return "warn"
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(said.problem or str(said.path))
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the headings."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("File"), self.tr("Class"), self.tr("Certainty"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section == 2 else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def _texts(self, said: "Predicted") -> tuple[str, str, str]:
        if not said.probabilities:
            return said.path.name, self.tr("can't be read"), ""
        return said.path.name, self.classes[top_class(said)], percent(max(said.probabilities))


def top_class(said: "Predicted") -> int:
    """Return the number of the most probable class."""
    return said.probabilities.index(max(said.probabilities))


class ClassBars(QWidget):
    """The classes by falling probability: the first few by name, the rest together."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._rows = [_BarRow(first=position == 0) for position in range(BARS + 1)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.m)
        for row in self._rows:
            column.addWidget(row)

    def show_shares(self, classes: Sequence[str], probabilities: Sequence[float]) -> None:
        """Show the probabilities (0 to 1) of all classes."""
        ranked = sorted(zip(probabilities, classes, strict=True), key=lambda pair: -pair[0])
        shares = [(name, share) for share, name in ranked[:BARS]]
        rest = ranked[BARS:]
        if rest:
            others = self.tr("{} others") if len(rest) > 1 else self.tr("1 other")
            shares.append((others.format(len(rest)), sum(share for share, _ in rest)))
        for position, row in enumerate(self._rows):
            row.setVisible(position < len(shares))
            if position < len(shares):
                row.show_share(*shares[position])


class _BarRow(QWidget):
    """A name, its share in percent, and the bar."""

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self._name = ElidingLabel()
        self._share: QLabel = text_label(role="strong")
        self._bar = ShareBar(tone="accent" if first else "plain")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(SPACE.xs)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self._share, 0, 1)
        grid.addWidget(self._bar, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def show_share(self, name: str, share: float) -> None:
        """Show one class."""
        self._name.setText(name)
        self._name.setToolTip(as_tip(name))
        self._share.setText(percent(share))
        self._bar.set_fraction(share)
        self.setAccessibleName(f"{name} {percent(share)}")
