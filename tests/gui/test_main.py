"""The command `graft`: the window at once, torch later; commands without Qt; and the main job from end to end."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from core.base.folders import Folders
from gui_app import job, main, training
from gui_app.notify import Notice
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, click, drop, find, read, save_as, write

OPEN_WINDOW = """
import os, sys
from PySide6.QtCore import QTimer
from gui_app import window
shown = window.MainWindow.showEvent
def show(self, event):
    shown(self, event)
    heavy = [name for name in ("torch", "torchvision", "matplotlib", "sklearn", "numpy") if name in sys.modules]
    print("heavy:", heavy, "visible:", self.isVisible(), "waits:", os.environ["OMP_WAIT_POLICY"], flush=True)
    QTimer.singleShot(0, self, self.close)
window.MainWindow.showEvent = show
from gui_app.main import main
sys.exit(main([]))
"""


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GRAFT_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("OMP_WAIT_POLICY", None)  # which commands that ran within this process have set
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=WAIT_MS / 250, check=False
    )


def test_the_window_stands_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    done = run("-c", OPEN_WINDOW, home=tmp_path)
    assert done.stdout.strip() == "heavy: [] visible: True waits: PASSIVE", done.stderr
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_runs_without_qt(tmp_path: Path) -> None:
    program = (
        "import sys; from gui_app.main import main; code = main(['--version']); print('PySide6' in sys.modules, code)"
    )
    done = run("-c", program, home=tmp_path)
    assert done.stdout.splitlines()[0].startswith("graft ")
    assert done.stdout.splitlines()[1] == "False 0"


def test_a_mistyped_command_opens_no_window(tmp_path: Path) -> None:
    done = run("-m", "gui_app", "trian", home=tmp_path)
    assert done.returncode == 2
    assert "trian" in done.stderr and "Traceback" not in done.stderr


def test_all_commands_of_the_command_line_are_known() -> None:
    from core.cli import app

    names = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    names |= {group.name or "" for group in app.registered_groups}
    assert names == main.COMMANDS


def test_the_main_job_from_end_to_end(
    app: QApplication, qtbot: QtBot, folders: Folders, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folder, model, training with curves that move, results, prediction: through `main()`, as a person would."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(training, "TOLD_MS", 20)  # else so small a network has done too much between two looks
    notices: list[Notice] = []

    def person() -> int:
        window = _window_on_screen()
        window.session.notifier.posted.connect(notices.append)
        _look_at_the_images(window, qtbot)
        _choose_and_train(window, qtbot)
        _read_the_score(window, qtbot)
        _ask_the_model(window, qtbot, images)
        window.close()
        return 0

    monkeypatch.setattr(QApplication, "exec", lambda *_: person())
    assert main.main([str(images)]) == 0
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert [notice for notice in notices if notice.tone != "info"] == []
    assert notices[-1].text.startswith("Saved ")


def test_an_error_in_a_slot_is_a_bad_notice(
    app: QApplication, qtbot: QtBot, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above asserts of all notices would catch it."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    notices: list[Notice] = []

    def person() -> int:
        window = _window_on_screen()
        window.session.notifier.posted.connect(notices.append)
        find(window, "start_samples", QAbstractButton).pressed.connect(lambda: [].pop())
        find(window, "start_samples", QAbstractButton).pressed.emit()
        qtbot.waitUntil(lambda: window.session.state.device is not None and job.running() == 0, timeout=WAIT_MS)
        window.close()
        return 0

    monkeypatch.setattr(QApplication, "exec", lambda *_: person())
    assert main.main([]) == 0
    assert [notice.tone for notice in notices] == ["bad"]


def _window_on_screen() -> MainWindow:
    """Return the one window that is shown: that of the test before may not have been collected yet."""
    windows = [each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow) and each.isVisible()]
    assert len(windows) == 1
    return windows[0]


def _look_at_the_images(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    qtbot.waitUntil(lambda: session.state.dataset is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: session.state.device is not None and job.running() == 0, timeout=WAIT_MS)
    assert read(window, "data_subtitle") == "40 images in 2 classes from stripes"
    click(qtbot, window, "data_next")


def _choose_and_train(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.change_config({"backbone": "tiny"})
    click(qtbot, window, "strategy_fine-tune-all")
    write(qtbot, window, "setting_epochs", "40")
    click(qtbot, window, "model_train")
    assert session.state.page == "train"
    seen: set[int] = set()

    def moved() -> bool:
        if session.state.live is not None and session.state.training:
            seen.add(len(session.state.live.epochs))
        return len(seen) >= 3 or not session.state.training

    qtbot.waitUntil(moved, timeout=WAIT_MS)
    assert len(seen) >= 3, "the curves did not move while it ran"


def _read_the_score(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    qtbot.waitUntil(lambda: session.state.page == "results" and job.running() == 0, timeout=2 * WAIT_MS)
    assert "of 6 test images" in read(window, "results_page_title")
    qtbot.waitUntil(find(window, "run_1", QAbstractButton).isVisible, timeout=WAIT_MS)


def _ask_the_model(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    session = window.session
    click(qtbot, window, "results_use")
    drop(window.page("use"), images / "rows" / "00.png")
    qtbot.waitUntil(lambda: len(session.state.predictions) == 1 and job.running() == 0, timeout=WAIT_MS)
    assert sum(session.state.predictions[0].probabilities) == pytest.approx(1, abs=1e-4)
    words = [label.text() for label in window.page("use").findChildren(QLabel) if label.isVisible()]
    assert "rows" in words and "columns" in words
    file = images.parent / "said.csv"
    file.write_text("from the last time", encoding="utf-8")
    assert "said.csv" in save_as(window, images.parent / "said")
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "file,class,certainty,problem,columns,rows"
    assert len(lines) == 2
