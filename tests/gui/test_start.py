"""The start page, and every way to open a project, right and wrong."""

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.data.samples import drawing as samples
from core.data.store.project import Project
from gui_app import job, projects
from gui_app.painted import PaintedButton
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, click, draw_classes, read


def choose(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Answer the next folder dialog."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *words: str(folder))


def wait_for_images(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.session.state.dataset is not None and job.running() == 0, timeout=WAIT_MS)


def drop(window: MainWindow, folder: Path) -> bool:
    """Drop a folder on the page; say whether the page takes it."""
    page = window.page("start")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(page.rect().center(), Qt.DropAction.CopyAction, data, buttons, keys)
    enter.ignore()
    QApplication.sendEvent(page, enter)
    if enter.isAccepted():
        center = QPointF(page.rect().center())
        QApplication.sendEvent(page, QDropEvent(center, Qt.DropAction.CopyAction, data, buttons, keys))
    return enter.isAccepted()


def test_choosing_a_folder_opens_a_project_outside_of_it(
    window: MainWindow, qtbot: QtBot, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(images.rglob("*"))
    choose(monkeypatch, images)
    click(qtbot, window, "start_new")
    wait_for_images(qtbot, window)
    assert read(window, "data_subtitle") == "40 images in 2 classes from stripes"
    assert read(window, "status_project") == "stripes.graft"
    assert sorted(images.rglob("*")) == before
    assert window.session.state.project is not None
    assert window.session.state.project.folder.parent == projects.projects_home()


def test_a_dropped_folder_opens(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    assert drop(window, images)
    wait_for_images(qtbot, window)
    assert window.session.state.page == "data"


def test_a_dropped_file_is_not_taken(window: MainWindow, images: Path) -> None:
    assert not drop(window, images / "rows" / "00.png")


def test_the_same_images_open_the_same_project_and_others_of_that_name_a_new_one(
    window: MainWindow, qtbot: QtBot, images: Path, tmp_path: Path
) -> None:
    for folder in (images, draw_classes(tmp_path / "other" / "stripes", {"a": 5, "b": 5}), images):
        window.session.new_project(folder)
        qtbot.waitUntil(lambda folder=folder: _is_open(window, folder), timeout=WAIT_MS)  # type: ignore[misc]
    assert sorted(path.name for path in projects.projects_home().iterdir()) == ["stripes 2.graft", "stripes.graft"]


def _is_open(window: MainWindow, images: Path) -> bool:
    project = window.session.state.project
    return project is not None and project.images_root == images and job.running() == 0


def test_recent_projects_are_listed_and_open_again(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    window.session.new_project(images)
    wait_for_images(qtbot, window)
    click(qtbot, window, "brand")
    line = window.page("start").findChild(PaintedButton, "recent_0")
    assert line is not None and line.text() == "stripes"
    click(qtbot, window, "recent_0")
    assert window.session.state.page == "data"


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: folder.mkdir(), "no images"),
        (lambda folder: None, "not there"),
        (lambda folder: (folder.mkdir(), (folder / "notes.txt").write_text("x")), "no images"),
    ],
    ids=["empty", "gone", "no images"],
)
def test_a_folder_without_images_gives_one_clear_message_and_no_project(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, prepare: object, message: str
) -> None:
    folder = tmp_path / "wrong"
    prepare(folder)  # type: ignore[operator]
    window.session.new_project(folder)
    qtbot.waitUntil(lambda: bool(read(window, "message_text")), timeout=WAIT_MS)
    said = f"{read(window, 'message_text')} {read(window, 'message_hint')}".lower()
    assert message in said and "wrong" in said
    assert window.session.state.page == "start"
    assert not list(projects.projects_home().glob("*"))
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_a_project_open_in_another_window_is_refused(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    other = Project.create(projects.projects_home() / "stripes.graft", images)
    try:
        window.session.new_project(images)
        qtbot.waitUntil(lambda: bool(read(window, "message_text")), timeout=WAIT_MS)
        assert "another window" in f"{read(window, 'message_text')} {read(window, 'message_hint')}"
    finally:
        other.close()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_what_is_no_project_is_refused(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    window.session.open_project(images)
    qtbot.waitUntil(lambda: bool(read(window, "message_text")), timeout=WAIT_MS)
    assert "stripes" in read(window, "message_text")
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


@pytest.mark.skipif(os.name == "nt", reason="permissions of folders are told otherwise on Windows")
def test_where_projects_cannot_be_written_another_place_is_asked_for(
    window: MainWindow, qtbot: QtBot, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = projects.projects_home().parent  # the folder of projects is not there yet, and cannot be made
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home)
    choose(monkeypatch, tmp_path)
    window.session.new_project(images)
    assert "cannot write" in read(window, "message_text")
    wait_for_images(qtbot, window)
    assert (tmp_path / "stripes.graft").is_dir()


def test_where_the_project_would_lie_among_the_images_another_place_is_asked_for(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = draw_classes(projects.projects_home().parent, {"rows": 5, "columns": 5})
    choose(monkeypatch, tmp_path)
    window.session.new_project(images)
    assert "would lie among the images" in read(window, "message_text")
    wait_for_images(qtbot, window)
    assert (tmp_path / f"{images.name}.graft").is_dir()


@pytest.mark.parametrize("content", [None, b"", b"torn" * 999], ids=["empty", "no tables", "damaged"])
def test_what_cannot_be_opened_does_not_hinder_images_of_that_name(
    window: MainWindow, qtbot: QtBot, images: Path, content: bytes | None
) -> None:
    taken = projects.projects_home() / "stripes.graft"
    taken.mkdir(parents=True)
    if content is not None:
        (taken / "project.db").write_bytes(content)
    window.session.new_project(images)
    wait_for_images(qtbot, window)
    assert read(window, "status_project") == "stripes 2.graft"


def test_the_sample_images_have_one_project(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "PER_CLASS", 5)
    window.session.try_samples()
    wait_for_images(qtbot, window)
    click(qtbot, window, "brand")
    window.session.try_samples()
    qtbot.waitUntil(lambda: window.session.state.page == "data" and job.running() == 0, timeout=WAIT_MS)
    assert [path.name for path in projects.projects_home().iterdir()] == ["Sample images.graft"]


def test_a_vanished_images_folder_is_told_and_runs_can_still_be_seen(
    window: MainWindow, qtbot: QtBot, images: Path
) -> None:
    window.session.new_project(images)
    wait_for_images(qtbot, window)
    assert window.session.state.project is not None
    folder = window.session.state.project.folder
    window.session.close(WAIT_MS)
    images.rename(images.with_name("elsewhere"))
    window.session.store.update(project=None, page="start")
    window.session.open_project(folder)
    qtbot.waitUntil(lambda: "not at" in read(window, "message_text"), timeout=WAIT_MS)
    assert window.session.state.page == "data"
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_everything_on_the_page_is_reached_by_tab(window: MainWindow, qtbot: QtBot) -> None:
    reached: set[str] = set()
    window.activateWindow()
    for _ in range(20):
        QApplication.sendPostedEvents()
        window.focusNextChild()
        focused = QApplication.focusWidget()
        if isinstance(focused, QWidget):
            reached.add(focused.objectName())
    page = window.page("start")
    wanted = {button.objectName() for button in page.findChildren(QPushButton) if button.isVisible()}
    assert wanted <= reached
