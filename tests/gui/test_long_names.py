"""Names as long as a file system allows: they are cut where they do not fit, and never widen the window."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from core.results.predict import Predicted
from gui_app import job
from gui_app.confusion import ConfusionMatrix
from gui_app.theme import SIZE
from gui_app.window import MainWindow
from gui_app.words import cut_names
from tests.gui.helpers import WAIT_MS, draw, draw_classes, find
from tests.gui.runs import made_record

NAMES = tuple(f"a {kind} &amp <b>kind<&gt; of " + "long" * 9 + f"{kind:06d}" for kind in range(3))


@pytest.fixture
def small(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """The smallest window with a project of long names."""
    folders = dict.fromkeys(NAMES, 10)
    window.session.new_project(draw_classes(tmp_path / "images", folders))
    qtbot.waitUntil(lambda: window.session.state.dataset is not None and job.running() == 0, timeout=WAIT_MS)
    window.resize(*SIZE.window_least)
    return window


def test_long_names_do_not_widen_the_data_page(small: MainWindow) -> None:
    QApplication.processEvents()
    assert fits(small)
    assert not overflows(find(small, "findings", QScrollArea))
    advice = next(label for label in small.findChildren(QLabel) if cut_names(f"“{NAMES[0]}”") in label.text())
    assert advice.height() >= advice.heightForWidth(advice.width())
    chips = [chip for chip in small.page("data").findChildren(QPushButton) if chip.objectName().startswith("chip_")]
    assert all(chip.toolTip().startswith("<p>") and "<b>" not in chip.toolTip() for chip in chips[1:])
    assert find(small, "chip_all", QPushButton).isVisible()


def test_long_names_do_not_widen_results_and_use(small: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    record = made_record(tmp_path / "run", ((5, 1, 0), (0, 6, 0), (0, 1, 5)), NAMES)
    said = tuple(Predicted(draw_one(tmp_path, number), (0.7, 0.2, 0.1)) for number in range(2))
    for page in ("results", "use"):
        small.session.store.update(page=page, shown=record, predictions=said)
        QApplication.processEvents()
        assert fits(small), page
    assert not overflows(find(small, "use_answer", QScrollArea))
    matrix = find(small, "results_matrix", ConfusionMatrix)
    tip = matrix.model().headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("<p>") and "<b>" not in tip


def fits(window: MainWindow) -> bool:
    """Say whether the window gets by with its smallest size."""
    central = window.centralWidget()
    assert central is not None
    needed = central.minimumSizeHint()
    return needed.width() <= SIZE.window_least[0] and needed.height() <= SIZE.window_least[1]


def overflows(area: QScrollArea) -> bool:
    """Say whether the ends of lines lie out of sight."""
    inside = area.widget()
    assert inside is not None
    return inside.width() > area.viewport().width()


def draw_one(folder: Path, number: int) -> Path:
    path = folder / f"{'x' * 60}{number}.png"
    draw(path, 0, number)
    return path
