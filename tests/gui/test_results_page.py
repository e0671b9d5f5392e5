"""The Results page: the score in words, the matrix and the images behind it, as a person reads and clicks it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from core.base.events import Finished, Warned
from core.base.folders import Folders
from core.results.runs import RunRecord
from core.train.mirrored import Mirroring
from gui_app.class_scores import ClassScoreTable
from gui_app.confusion import ConfusionMatrix, worst_cell
from gui_app.grid import ImageGrid, ImageViewer
from gui_app.pages.results import ResultsPage
from tests.gui.helpers import read
from tests.gui.runs import judged, made_record, made_state


@pytest.fixture
def page(app: QApplication, qtbot: QtBot) -> ResultsPage:
    page = ResultsPage()
    qtbot.addWidget(page)
    page.resize(1104, 770)
    page.show()
    qtbot.waitExposed(page)
    return page


@pytest.fixture
def folders(graft_home: Path) -> Folders:
    return Folders.of_user()


def _show(page: ResultsPage, folders: Folders, record: RunRecord | None) -> str:
    page.show_state(made_state(folders, shown=record))
    return _seen(page)


def _seen(page: ResultsPage) -> str:
    QApplication.processEvents()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def _matrix(page: ResultsPage) -> ConfusionMatrix:
    matrix = page.findChild(ConfusionMatrix, "results_matrix")
    assert isinstance(matrix, ConfusionMatrix)
    return matrix


def _captions(page: ResultsPage) -> list[str]:
    grid = page.findChild(ImageGrid, "results_images")
    assert isinstance(grid, ImageGrid)
    return [item.caption for item in grid.items]


def _click_cell(page: ResultsPage, row: int, column: int) -> None:
    matrix = _matrix(page)
    centre = matrix.visualRect(matrix.model().index(row, column)).center()
    QTest.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=centre)


def test_the_score_says_how_sure_it_is_and_what_guessing_would_give(
    page: ResultsPage, folders: Folders, tmp_path: Path
) -> None:
    seen = _show(page, folders, made_record(tmp_path))
    assert "95 % of 60 test images are right" in seen
    assert "Run 4 · between 86 % and 99 % on new images like these (95 % confidence)" in seen
    assert "always saying bees would give 52 %" in seen


def test_the_worst_mistake_is_shown_first_and_other_cells_by_a_click(
    page: ResultsPage, folders: Folders, tmp_path: Path
) -> None:
    assert "2 “ants” called “bees”" in _show(page, folders, made_record(tmp_path))
    assert _captions(page) == ["said bees 90 %", "said bees 80 %"]
    assert "the most certain first" in _seen(page)
    _click_cell(page, 1, 0)
    assert "1 “bees” called “ants”" in _seen(page)
    _click_cell(page, 0, 0)
    assert "27 “ants” rightly called “ants”" in _seen(page)
    assert _captions(page)[0] == "said ants 60 %", "the least certain first"


def test_the_matrix_works_from_the_keyboard(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    _show(page, folders, made_record(tmp_path))
    _matrix(page).setFocus()
    QTest.keyClick(_matrix(page), Qt.Key.Key_Down)
    assert "30 “bees” rightly called “bees”" in _seen(page)
    QTest.keyClick(_matrix(page), Qt.Key.Key_Left)
    assert "1 “bees” called “ants”" in _seen(page)


def test_an_image_opens_large_with_its_true_class(
    page: ResultsPage, qtbot: QtBot, folders: Folders, tmp_path: Path
) -> None:
    _show(page, folders, made_record(tmp_path))
    grid = page.findChild(ImageGrid, "results_images")
    assert isinstance(grid, ImageGrid)
    centre = grid.view.visualRect(grid.view.model().index(0, 1)).center()
    QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    viewer = page.findChild(ImageViewer)
    assert isinstance(viewer, ImageViewer)
    facts = viewer.findChild(QLabel, "viewer_facts")
    assert isinstance(facts, QLabel)
    qtbot.waitUntil(lambda: "2 of 2" in facts.text(), timeout=10_000)
    assert facts.text().startswith("ants · said bees 80 % · 40 × 30 px")
    QTest.keyClick(viewer, Qt.Key.Key_Escape)


def test_the_classes_can_be_sorted_and_keep_their_order_at_first(
    page: ResultsPage, folders: Folders, tmp_path: Path
) -> None:
    record = made_record(tmp_path, ((2, 0, 3), (0, 5, 0), (1, 0, 5)), ("wasps", "ants", "bees"))
    _show(page, folders, record)
    table = page.findChild(ClassScoreTable, "results_classes")
    assert isinstance(table, ClassScoreTable)
    assert _column(table, 0) == ["wasps", "ants", "bees"]
    assert _column(table, 2) == ["40 %", "100 %", "83 %"]
    assert _column(table, 3) == ["67 %", "100 %", "62 %"]
    header = table.horizontalHeader()
    at = header.sectionViewportPosition(2) + header.sectionSize(2) // 2
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 5))
    assert _column(table, 0) in (["wasps", "bees", "ants"], ["ants", "bees", "wasps"])


def _column(table: ClassScoreTable, column: int) -> list[str]:
    return [str(table.model().index(row, column).data()) for row in range(table.model().rowCount())]


def test_a_run_without_mistakes_shows_what_was_right(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    seen = _show(page, folders, made_record(tmp_path, ((5, 0), (0, 9))))
    assert "100 % of 14 test images are right" in seen
    assert "9 “bees” rightly called “bees”" in seen


def test_few_images_are_counted_and_not_given_in_percent(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    assert "2 of 3 test images right" in _show(page, folders, made_record(tmp_path, ((1, 1), (0, 1))))


def test_a_stopped_run_and_its_warnings_are_told(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    record = made_record(tmp_path, ending="stopped")
    record = replace(record, events=(Warned("“a.png” cannot be read."), *record.events))
    seen = _show(page, folders, record)
    assert "You stopped this run after 4 epochs. Epoch 4 was the best and was kept." in seen
    assert "“a.png” cannot be read." in seen
    assert "You stopped" not in _show(page, folders, made_record(tmp_path))


def test_what_was_decided_about_mirror_images_is_told(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    record = made_record(tmp_path)
    assert "mirror image" not in _show(page, folders, record)
    seen = _show(page, folders, replace(record, mirroring=Mirroring(True, 0.5, 0.4)))
    assert "The mirror image is asked as well: with it the loss on the validation images is 0.400" in seen


def test_without_a_run_or_a_score_it_says_why(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    assert "No results yet" in _show(page, folders, None)
    assert "no test images" in _show(page, folders, made_record(tmp_path, confusion=None))
    unfinished = _show(page, folders, made_record(tmp_path, None, ending=None))
    assert "This run did not come to its end" in unfinished
    assert "A problem ended it, or the program or the computer was shut down." in unfinished
    nothing = replace(made_record(tmp_path, None), events=(Finished("4", "stopped", 0, 0, 1.0, 1.0),))
    assert "ended before its first epoch" in _show(page, folders, nothing)
    assert not _button(page, "results_use").isVisible()


def test_images_that_are_gone_do_no_harm(page: ResultsPage, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    record = made_record(tmp_path / "images")
    shutil.rmtree(tmp_path / "images")
    _show(page, folders, record)
    grid = page.findChild(ImageGrid, "results_images")
    assert isinstance(grid, ImageGrid)
    first = grid.view.model().index(0, 0)
    qtbot.waitUntil(lambda: "no longer there" in first.data(Qt.ItemDataRole.ToolTipRole), timeout=10_000)


def test_many_classes_scroll_and_going_back_to_few_is_safe(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    names = tuple(f"a rather long class name {i}" for i in range(25))
    matrix = tuple(tuple(1 if i == j or (i + 1) % 25 == j else 0 for j in range(25)) for i in range(25))
    _show(page, folders, made_record(tmp_path, matrix, names))
    page.grab()
    assert _matrix(page).horizontalScrollBar().maximum() > 0
    assert page.height() == 770
    assert "95 % of 60" in _show(page, folders, made_record(tmp_path))
    page.grab()


def test_names_from_outside_are_plain_text(page: ResultsPage, folders: Folders, tmp_path: Path) -> None:
    _show(page, folders, made_record(tmp_path, ((1, 2), (0, 9)), ("<b>x<i>", "a & b")))
    labels = [label for label in page.findChildren(QLabel) if label.isVisible()]
    assert "2 “<b>x<i>” called “a & b”" in [label.text() for label in labels]
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)


def _button(page: ResultsPage, name: str) -> QPushButton:
    button = page.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    return button


@pytest.mark.parametrize(("name", "goal"), [("results_use", "use"), ("results_model", "model")])
def test_it_leads_on(page: ResultsPage, qtbot: QtBot, folders: Folders, tmp_path: Path, name: str, goal: str) -> None:
    _show(page, folders, made_record(tmp_path))
    with qtbot.waitSignal(page.go) as wish:
        QTest.mouseClick(_button(page, name), Qt.MouseButton.LeftButton)
    assert wish.args == [goal]


def test_the_worst_cell_is_the_commonest_mistake() -> None:
    assert worst_cell(((9, 1, 0), (0, 9, 3), (0, 0, 9))) == (1, 2)
    assert worst_cell(((3, 0), (0, 9))) == (1, 1)


def test_the_score_of_all_folds_has_a_line_beneath_the_headline(
    page: ResultsPage, folders: Folders, tmp_path: Path
) -> None:
    record = made_record(tmp_path)
    config = record.config.model_copy(update={"folds": 5})
    folds = judged(tmp_path, ((80, 20), (12, 88)), ("ants", "bees"))
    page.show_state(made_state(folders, shown=replace(record, config=config, cross_validation=folds)))
    said = "5-fold cross-validation: 84 % of 200 images are right, between 78 % and 89 %"
    assert read(page, "results_folds") == said
    page.show_state(made_state(folders, shown=record))
    assert read(page, "results_folds") == ""
