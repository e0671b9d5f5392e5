"""The Train page in each state of a run, as a person reads it."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.base.events import EpochDone, Finished, Progress, Warned
from core.base.folders import Folders
from core.results.runs import RunSummary
from gui_app.live import LiveRun
from gui_app.pages.train import TrainPage
from gui_app.state import State
from tests.gui.runs import made_events, made_plan, made_record, made_state

WAIT_MS = 60_000
"""The first page of all waits for matplotlib to load."""


@pytest.fixture
def page(app: QApplication, qtbot: QtBot) -> TrainPage:
    page = TrainPage()
    qtbot.addWidget(page)
    page.resize(1104, 770)
    page.show()
    qtbot.waitUntil(lambda: page.findChild(QWidget, "train_plots") is not None, timeout=WAIT_MS)
    return page


@pytest.fixture
def folders(graft_home: Path) -> Folders:
    return Folders.of_user()


def _live(tmp_path: Path, *events: object) -> LiveRun:
    live = LiveRun(made_plan(tmp_path))
    live.feed(events)
    return live


def _text(page: TrainPage, name: str) -> str:
    label = page.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text()


def _button(page: TrainPage, name: str) -> QPushButton:
    button = page.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    return button


def _seen(page: TrainPage) -> str:
    QApplication.processEvents()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def _going_on(folders: Folders, tmp_path: Path) -> State:
    progress = Progress("head only", 30, 100, 0.734, 34.2, 412.0, 2150.0)
    return made_state(folders, live=_live(tmp_path, *made_events(4), progress), training=True)


def test_before_the_first_run_it_leads_to_the_model(page: TrainPage, qtbot: QtBot, folders: Folders) -> None:
    page.show_state(made_state(folders))
    assert "No training yet" in _seen(page)
    with qtbot.waitSignal(page.go) as wish:
        QTest.mouseClick(_button(page, "train_choose_model"), Qt.MouseButton.LeftButton)
    assert wish.args == ["model"]
    assert not _button(page, "train_pause").isVisible()


def test_while_images_are_read_nothing_unknown_is_claimed(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    live = _live(tmp_path, Progress("reading images", 3, 100, 0.02, None, None, None))
    page.show_state(made_state(folders, live=live, training=True))
    assert "Reading images" in _seen(page)
    assert "–" in _seen(page)
    assert "0.0 %" not in _seen(page)
    assert "measuring the time" in _text(page, "train_time")
    assert not page.findChild(QLabel, "train_health").isVisible()  # type: ignore[union-attr]


def test_a_run_that_goes_on(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    page.show_state(_going_on(folders, tmp_path))
    assert _text(page, "train_page_title") == "Training"
    assert _text(page, "train_page_subtitle") == "ResNet-18 · feature extraction · epoch 4 of 10"
    assert (_text(page, "train_share"), _text(page, "train_time")) == ("73 %", "34 s left")
    for words in ("90.0 %", "Best, epoch 4", "412 images/s", "2.1 GB", "still learning"):
        assert words in _seen(page)
    assert page.findChild(QWidget, "train_plots").isVisible()  # type: ignore[union-attr]


def test_pause_resume_and_stop_are_wished_by_buttons(
    page: TrainPage, qtbot: QtBot, folders: Folders, tmp_path: Path
) -> None:
    state = _going_on(folders, tmp_path)
    page.show_state(state)
    with qtbot.waitSignals([page.pause, page.stop]):
        QTest.mouseClick(_button(page, "train_pause"), Qt.MouseButton.LeftButton)
        QTest.mouseClick(_button(page, "train_stop"), Qt.MouseButton.LeftButton)
    page.show_state(made_state(folders, live=state.live, training=True, paused=True))
    assert _text(page, "train_page_title") == "Paused"
    assert not _button(page, "train_pause").isVisible()
    with qtbot.waitSignal(page.resume):
        QTest.keyClick(_button(page, "train_resume"), Qt.Key.Key_Space)


def test_while_stopping_the_buttons_rest(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    live = _going_on(folders, tmp_path).live
    page.show_state(made_state(folders, live=live, training=True, busy="Stopping and keeping the best"))
    assert _text(page, "train_time") == "Stopping and keeping the best"
    assert not _button(page, "train_stop").isEnabled()
    assert not _button(page, "train_pause").isEnabled()


def test_a_finished_run_leads_to_its_results(page: TrainPage, qtbot: QtBot, folders: Folders, tmp_path: Path) -> None:
    live = _live(tmp_path, *made_events(4), Warned("“a.png” cannot be read."), Finished("4", "early", 4, 4, 75.0, 40.0))
    page.show_state(made_state(folders, live=live))
    assert _text(page, "train_page_title") == "The training is done"
    assert "ended early because it got no better" in _text(page, "train_page_subtitle")
    assert _text(page, "train_time") == "took 1 min 10 s"
    assert "“a.png” cannot be read." in _seen(page)
    with qtbot.waitSignal(page.go) as wish:
        QTest.mouseClick(_button(page, "train_results"), Qt.MouseButton.LeftButton)
    assert wish.args == ["results"]


def test_a_stopped_run_says_so(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    page.show_state(made_state(folders, live=_live(tmp_path, *made_events(4, ending="stopped"))))
    assert _text(page, "train_page_title") == "The training was stopped"


def test_a_run_that_failed_is_not_called_done(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    page.show_state(made_state(folders, live=_live(tmp_path, *made_events(2)), shown=made_record(tmp_path)))
    assert "did not come to its end" in _text(page, "train_page_title")
    assert _text(page, "train_time") == "ended with a problem"
    assert not _button(page, "train_results").isVisible()
    assert _button(page, "train_model").isVisible()


def test_a_run_that_failed_at_once_has_no_curves(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    page.show_state(made_state(folders, live=_live(tmp_path)))
    assert "It ended before the first step." in _seen(page)


def test_a_run_that_ended_is_seen_until_another_is_chosen(
    page: TrainPage, qtbot: QtBot, folders: Folders, tmp_path: Path
) -> None:
    live = _live(tmp_path, *made_events(2), Finished("runs/0005", "stopped", 2, 2, 12.0, 40.0))
    earlier = made_record(tmp_path)
    page.show_state(made_state(folders, live=live, shown=earlier))
    assert _text(page, "train_page_title") == "The training was stopped"
    listed = RunSummary(5, Path("runs/0005"), "ResNet-18", "resnet18", "fine-tune-all", 0.9, 10, "stopped")
    page.show_state(made_state(folders, live=live, shown=earlier, runs=(listed,)))
    with qtbot.waitSignal(page.show_run) as wish:
        QTest.mouseClick(_button(page, "train_results"), Qt.MouseButton.LeftButton)
    assert wish.args == [listed.folder]
    page.show_state(made_state(folders, shown=earlier, runs=(listed,)))
    assert _text(page, "train_page_title") == "The training is done"


def test_the_curves_of_an_earlier_run_are_shown_again(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    page.show_state(made_state(folders, shown=made_record(tmp_path)))
    assert "4 epochs" in _text(page, "train_page_subtitle")
    assert page.findChild(QWidget, "train_plots").isVisible()  # type: ignore[union-attr]


def test_many_warnings_scroll_and_are_plain_text(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    warnings = [Warned(f"<b>{i}</b> cannot be read") for i in range(50)]
    page.show_state(made_state(folders, live=_live(tmp_path, *made_events(2), *warnings), training=True))
    label = page.findChild(QLabel, "train_warnings")
    assert isinstance(label, QLabel)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert "<b>49</b>" in label.text()
    assert page.height() == 770


def test_the_verdict_has_the_room_that_its_words_need(page: TrainPage, folders: Folders, tmp_path: Path) -> None:
    step, epoch = made_events(1)[1:3]
    live = _live(tmp_path, step)
    for number in range(1, 9):
        assert isinstance(epoch, EpochDone)
        live.feed((replace(epoch, epoch=number, is_best=number == 1),))
        page.show_state(made_state(folders, live=live, training=True))
        QApplication.processEvents()
    label = page.findChild(QLabel, "train_health_text")
    assert isinstance(label, QLabel)
    assert label.height() >= label.heightForWidth(label.width()) > 2 * label.fontMetrics().height()


def test_every_button_has_a_name_and_an_accessible_name(page: TrainPage) -> None:
    assert all(button.objectName() and button.accessibleName() for button in page.findChildren(QPushButton))
