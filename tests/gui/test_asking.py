"""Asking a trained model through the window: whose answers they are, stopping, and what is left on the disk."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.results.predict import Predicted
from gui_app import job
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, click, read

MANY = 100


@pytest.fixture
def trained(opened: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with two runs, of which the first is shown on the Use page."""
    session = opened.session
    session.change_config({"epochs": 1})
    session.start_training()
    qtbot.waitUntil(lambda: session.state.shown is not None and job.running() == 0, timeout=WAIT_MS)
    assert session.state.shown is not None
    first = session.state.shown.folder
    shutil.copytree(first, first.with_name("0002"))
    session.show_run(first)
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    session.go("use")
    return opened


def ask_much(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    """Ask about so many images that there is time to do something else, and wait for the first answers."""
    window.session.predict_paths([images] * MANY)
    qtbot.waitUntil(lambda: len(window.session.state.predictions) > 0, timeout=WAIT_MS)
    assert window.session.state.predicting


def test_the_answers_of_one_run_are_not_shown_as_those_of_another(
    trained: MainWindow, qtbot: QtBot, images: Path
) -> None:
    session = trained.session
    assert session.state.shown is not None
    ask_much(trained, qtbot, images)
    session.show_run(session.state.shown.folder.with_name("0002"))
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert session.state.shown.folder.name == "0002"
    assert session.state.predictions == ()
    assert not session.state.predicting


def test_asking_about_many_images_can_be_stopped_and_the_answers_stay(
    trained: MainWindow, qtbot: QtBot, images: Path
) -> None:
    ask_much(trained, qtbot, images)
    click(qtbot, trained, "use_stop")
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert not trained.session.state.predicting
    assert 0 < len(trained.session.state.predictions) < MANY * 40


def test_without_the_chosen_device_the_processor_is_asked(trained: MainWindow, qtbot: QtBot, images: Path) -> None:
    session = trained.session
    session.change_config({"device": "cuda" if sys.platform == "darwin" else "mps"})
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert read(trained, "status_device") == "The chosen device is missing"
    session.predict_paths([images / "rows" / "00.png"])
    qtbot.waitUntil(lambda: len(session.state.predictions) == 1 and job.running() == 0, timeout=WAIT_MS)
    assert "no Apple" in read(trained, "message_text") or "NVIDIA" in read(trained, "message_text")
    assert read(trained, "message_hint") == "The processor asks the model instead."


@pytest.mark.parametrize("end", ["clear", "close"])
def test_pasted_images_are_not_kept(trained: MainWindow, qtbot: QtBot, end: str) -> None:
    session = trained.session
    image = QImage(24, 24, QImage.Format.Format_RGB32)
    image.fill(0)
    session.predict_image(image)
    qtbot.waitUntil(lambda: len(session.state.predictions) == 1 and job.running() == 0, timeout=WAIT_MS)
    file = session.state.predictions[0].path
    assert file.is_file()
    if end == "clear":
        click(qtbot, trained, "use_clear")
    else:
        session.close(WAIT_MS)
    assert not list((session.state.folders.cache / "pasted").rglob("*.png"))


@pytest.mark.skipif(os.name == "nt", reason="names are always text on Windows")
def test_names_that_are_no_text_are_written_out_in_the_table(trained: MainWindow, tmp_path: Path) -> None:
    said = Predicted(Path(os.fsdecode(b"a\xff.png")), (0.9, 0.1))
    trained.session.store.update(predictions=(said,))
    trained.session.save_csv(tmp_path / "said.csv")
    assert "a\\udcff.png,columns,0.9" in (tmp_path / "said.csv").read_text(encoding="utf-8-sig")
