"""The window itself: steps, runs, keys, messages, what it remembers, and closing at any moment."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.base.errors import UserError
from core.results.predict import Predicted
from gui_app import job, theme
from gui_app.notify import MessageBar
from gui_app.session import Session
from gui_app.sidebar import StepButton
from gui_app.state import PageKey
from gui_app.theme_values import DARK
from gui_app.window import MainWindow, stored_scheme
from tests.gui.helpers import WAIT_MS, click, find, read
from tests.gui.runs import draw, made_record

PAGES: tuple[PageKey, ...] = ("start", "data", "model", "train", "results", "use")


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, *, control: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(window, key, modifier)  # type: ignore[no-untyped-call]


def train(window: MainWindow, qtbot: QtBot, **changes: object) -> None:
    """Start a run and wait for its first epoch."""
    window.session.change_config({"strategy": "fine-tune-all", **changes})
    window.session.go("model")
    click(qtbot, window, "model_train")
    qtbot.waitUntil(lambda: n_epochs(window) > 0, timeout=WAIT_MS)


def n_epochs(window: MainWindow) -> int:
    live = window.session.state.live
    return len(live.epochs) if live is not None else 0


def test_steps_that_cannot_be_used_say_why(window: MainWindow) -> None:
    for page in PAGES[1:]:
        step = find(window, f"step_{page}", StepButton)
        assert not step.isEnabled()
        assert step.toolTip().endswith("first") or "first" in step.toolTip()


def test_steps_open_one_after_the_other_and_tick_what_lies_behind(opened: MainWindow, qtbot: QtBot) -> None:
    assert find(opened, "step_model", StepButton).isEnabled()
    assert not find(opened, "step_train", StepButton).isEnabled()
    click(qtbot, opened, "step_model")
    assert find(opened, "step_data", StepButton).accessibleName() == "1 Data, done"
    assert find(opened, "step_model", StepButton).accessibleName() == "2 Model, present step"


def test_all_pages_are_there_before_they_are_asked_for(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: set(opened._pages) == set(PAGES), timeout=WAIT_MS)


def test_keys_go_to_steps_that_are_open(opened: MainWindow, qtbot: QtBot) -> None:
    pages = []
    for key in (Qt.Key.Key_2, Qt.Key.Key_4, Qt.Key.Key_1):
        press(qtbot, opened, key, control=True)
        pages.append(opened.session.state.page)
    assert pages == ["model", "model", "data"]  # Results is not open yet


def test_no_page_flashes_up_a_window_of_its_own(opened: MainWindow, qtbot: QtBot) -> None:
    class Watch(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.shown: list[str] = []

        def eventFilter(self, target: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            if event.type() == QEvent.Type.Show and isinstance(target, QWidget) and target.isWindow():
                self.shown.append(repr(target))
            return False

    watch, app = Watch(), QApplication.instance()
    assert app is not None
    app.installEventFilter(watch)
    for page in PAGES:
        opened.session.go(page)
    app.removeEventFilter(watch)
    assert watch.shown == []
    assert opened.isActiveWindow()


def test_every_control_has_a_name_to_be_told_by(opened: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    said = tuple(Predicted(draw(tmp_path / f"{number}.png", number), (0.9, 0.1)) for number in range(2))
    opened.session.store.update(shown=made_record(tmp_path / "run"), predictions=said)
    told: set[str] = set()
    for page in PAGES:
        opened.session.go(page)
        for control in opened.findChildren(QWidget):
            if control.isVisible() and control.focusPolicy() & Qt.FocusPolicy.TabFocus:
                words = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
                assert control.objectName() and words, f"{page}: {control!r}"
                told.add(control.objectName())
    assert {"data_grid_view", "models_table", "model_search", "results_matrix", "results_classes", "use_table"} <= told
    qtbot.waitUntil(lambda: opened.findChild(QWidget, "train_plots") is not None, timeout=WAIT_MS)


def test_a_message_stays_until_it_is_dismissed(window: MainWindow, qtbot: QtBot) -> None:
    window.session.notifier.report(UserError("<b>bad.png</b> cannot be read.", "Remove it."))
    assert read(window, "message_text") == "<b>bad.png</b> cannot be read."
    assert read(window, "message_hint") == "Remove it."
    window.session.go("train")
    window.session.go("start")
    assert find(window, "message_bar", MessageBar).isVisible()
    click(qtbot, window, "message_dismiss")
    assert not find(window, "message_bar", MessageBar).isVisible()


def test_what_is_only_of_the_moment_goes_with_the_page(window: MainWindow) -> None:
    window.session.notifier.info("Saved.")
    window.session.go("train")
    assert not find(window, "message_bar", MessageBar).isVisible()


def test_what_was_written_is_said_on_the_next_page_too(window: MainWindow) -> None:
    window.session.notifier.info("Written: labels.csv", stays=True)
    window.session.go("train")
    assert read(window, "message_text") == "Written: labels.csv"


def test_a_second_heavy_wish_is_refused_in_plain_words(opened: MainWindow, qtbot: QtBot, images: Path) -> None:
    train(opened, qtbot, epochs=400)
    opened.session.rescan()
    assert read(opened, "message_text") == "Graft is training just now."
    opened.session.stop()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_look_and_geometry_are_remembered(app: QApplication, window: MainWindow, qtbot: QtBot) -> None:
    menu = find(window, "appearance", QPushButton).menu()
    next(action for action in menu.actions() if action.objectName() == "appearance_dark").trigger()
    assert theme.palette().window == DARK.window
    window.resize(1000, 700)
    window.close()
    session = Session(window.session.state.folders)
    again = MainWindow(session)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (1000, 700)
    assert stored_scheme(session) == "dark"


def test_the_window_is_never_smaller_than_it_can_be_used(window: MainWindow) -> None:
    window.resize(200, 200)
    assert (window.width(), window.height()) == theme.SIZE.window_least


def test_closing_while_images_are_read_does_not_ask(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    window.session.new_project(images)
    assert window.close()
    assert window.session.close(WAIT_MS)


def test_closing_in_mid_run_asks_and_can_be_taken_back(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(opened, qtbot, epochs=400)
    monkeypatch.setattr(MainWindow, "_may_stop", lambda window: False)
    assert not opened.close()
    assert opened.isVisible() and opened.session.state.training
    opened.session.stop()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_closing_in_mid_run_keeps_the_best_and_closes_then(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(opened, qtbot, epochs=400)
    monkeypatch.setattr(MainWindow, "_may_stop", lambda window: True)
    project = opened.session.state.project
    assert project is not None
    opened.close()
    qtbot.waitUntil(lambda: not opened.isVisible(), timeout=WAIT_MS)
    assert list((project.folder / "runs").glob("0001/best.safetensors"))
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_closing_does_not_wait_for_a_run_that_ended_while_it_was_asked_about(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(opened, qtbot, epochs=400)

    def think_it_over(window: MainWindow) -> bool:
        window.session.stop()
        qtbot.waitUntil(lambda: not window.session.state.training, timeout=WAIT_MS)
        return True

    monkeypatch.setattr(MainWindow, "_may_stop", think_it_over)
    assert opened.close()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_pause_stop_and_a_second_run_in_the_same_project(opened: MainWindow, qtbot: QtBot) -> None:
    train(opened, qtbot, epochs=400)
    opened.session.pause()
    assert read(opened, "status_doing").startswith("Paused")
    opened.session.resume()
    before = n_epochs(opened)
    qtbot.waitUntil(lambda: n_epochs(opened) > before, timeout=WAIT_MS)
    opened.session.stop()
    qtbot.waitUntil(lambda: opened.session.state.page == "results" and job.running() == 0, timeout=WAIT_MS)
    assert opened.session.state.runs[0].ending == "stopped"
    assert "1 · Tiny" in find(opened, "run_1", QAbstractButton).accessibleName()
    train(opened, qtbot, epochs=2)
    qtbot.waitUntil(lambda: len(opened.session.state.runs) == 2 and job.running() == 0, timeout=WAIT_MS)
    click(qtbot, opened, "run_1")
    qtbot.waitUntil(lambda: opened.session.state.shown is not None and job.running() == 0, timeout=WAIT_MS)
    assert opened.session.state.shown is not None
    assert opened.session.state.shown.folder.name == "0001"


def test_the_end_of_a_run_takes_nothing_away(opened: MainWindow, qtbot: QtBot) -> None:
    train(opened, qtbot, epochs=2)
    qtbot.waitUntil(lambda: opened.session.state.page == "results" and job.running() == 0, timeout=WAIT_MS)
    first = opened.session.state.shown
    train(opened, qtbot, epochs=400)
    click(qtbot, opened, "step_use")
    opened.session.stop()
    qtbot.waitUntil(lambda: len(opened.session.state.runs) == 2 and job.running() == 0, timeout=WAIT_MS)
    assert (opened.session.state.page, opened.session.state.shown) == ("use", first)
    assert read(opened, "message_text") == "The training has ended."
    click(qtbot, opened, "step_train")
    assert read(opened, "train_page_title") == "The training was stopped"
    click(qtbot, opened, "train_results")
    qtbot.waitUntil(lambda: opened.session.state.page == "results", timeout=WAIT_MS)
    assert "Run 2" in read(opened, "results_page_subtitle")
    click(qtbot, opened, "run_1")
    qtbot.waitUntil(lambda: "Run 1" in read(opened, "results_page_subtitle"), timeout=WAIT_MS)
    click(qtbot, opened, "step_train")
    assert read(opened, "train_page_title") == "The training is done"
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_images_that_vanish_before_training_end_it_with_one_message(
    opened: MainWindow, qtbot: QtBot, images: Path
) -> None:
    images.rename(images.with_name("elsewhere"))
    opened.session.go("model")
    click(qtbot, opened, "model_train")
    qtbot.waitUntil(lambda: not opened.session.state.training and job.running() == 0, timeout=WAIT_MS)
    assert str(images) in f"{read(opened, 'message_text')} {read(opened, 'message_hint')}"
    assert "should not" not in read(opened, "message_text")


def test_an_error_goes_when_another_project_opens(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    window.session.notifier.report(UserError("a.png is broken."))
    assert read(window, "message_text") == "a.png is broken."
    window.session.new_project(images)
    qtbot.waitUntil(lambda: window.session.state.dataset is not None and job.running() == 0, timeout=WAIT_MS)
    assert not find(window, "message_bar", MessageBar).isVisible()
