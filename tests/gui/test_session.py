"""What arrives late or is cut short: looks at runs and at this computer."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pytestqt.qtbot import QtBot

from core.base.folders import Folders
from core.data.store.project import Project
from core.results import runs
from gui_app import job
from gui_app.session import Session
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, draw_classes, read

Result = TypeVar("Result")


def held(work: Callable[[Path], Result], gate: threading.Event) -> Callable[[Path], Result]:
    """Return the same work, which waits at a gate first, as it would for a slow disk."""

    def wait(folder: Path) -> Result:
        gate.wait(WAIT_MS / 1000)
        return work(folder)

    return wait


def train(window: MainWindow, qtbot: QtBot) -> Path:
    """Train for an epoch and return the folder of the run that is shown then."""
    window.session.change_config({"epochs": 1})
    window.session.start_training()
    qtbot.waitUntil(lambda: window.session.state.shown is not None and job.running() == 0, timeout=WAIT_MS)
    assert window.session.state.shown is not None
    return window.session.state.shown.folder


def test_looking_at_this_computer_can_be_begun_anew_at_any_time(qtbot: QtBot, folders: Folders) -> None:
    session = Session(folders)
    session.warm_up()
    session.change_config({"device": "cpu"})
    qtbot.waitUntil(lambda: session.state.device is not None and job.running() == 0, timeout=WAIT_MS)
    assert "tiny" in session.state.weights_ready


def test_a_run_that_is_read_late_is_not_shown_in_another_project(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, gate = opened.session, threading.Event()
    run = train(opened, qtbot)
    monkeypatch.setattr(runs, "load_run", held(runs.load_run, gate))
    session.show_run(run)
    session.new_project(draw_classes(tmp_path / "other", {"a": 5, "b": 5}))
    qtbot.waitUntil(
        lambda: session.state.project is not None and session.state.project.name == "other", timeout=WAIT_MS
    )
    gate.set()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert session.state.shown is None
    assert session.state.page == "data"


def test_a_run_that_just_ended_is_listed_though_another_is_chosen_at_once(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, gate = opened.session, threading.Event()
    first = train(opened, qtbot)
    monkeypatch.setattr(runs, "list_runs", held(runs.list_runs, gate))
    session.start_training()
    qtbot.waitUntil(lambda: not session.state.training, timeout=WAIT_MS)
    session.show_run(first)
    gate.set()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert [run.number for run in session.state.runs] == [2, 1]
    assert session.state.shown is not None and session.state.shown.folder == first


def test_images_are_read_to_the_end_though_another_project_cannot_be_opened_meanwhile(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, gate, save = opened.session, threading.Event(), Project.save

    def save_slowly(*words: Any) -> None:  # noqa: ANN401 - as they come
        gate.wait(WAIT_MS / 1000)
        save(*words)

    monkeypatch.setattr(Project, "save", save_slowly)
    session.rescan()
    qtbot.waitUntil(lambda: session.state.dataset is None, timeout=WAIT_MS)
    session.open_project(tmp_path / "nothing.graft")
    gate.set()
    qtbot.waitUntil(lambda: session.state.dataset is not None and job.running() == 0, timeout=5_000)
    assert "is not a Graft project" in read(opened, "message_text")
