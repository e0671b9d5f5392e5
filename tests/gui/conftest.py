"""What tests of the window share."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from core.base.folders import Folders
from gui_app import job, theme
from gui_app.pages.data import DataPage
from gui_app.session import Session
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, draw_classes
from tests.gui.insects import Desk


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """Fail the test that leaves a job or a timer running."""
    yield
    jobs = job.running()
    assert job.settle(WAIT_MS), "a job did not stop when asked"
    QApplication.processEvents()
    QThreadPool.globalInstance().waitForDone(WAIT_MS)
    assert jobs == 0, f"{jobs} jobs left running"
    gc.unfreeze()  # else what stood when a search was spared would not be listed
    # by type: asking some objects for their class sets off warnings
    timers = [each for each in gc.get_objects() if issubclass(type(each), QTimer) and isValid(each) and each.isActive()]
    assert not timers, f"timers left running: {timers}"


@pytest.fixture
def app(qapp: QApplication, qtbot: QtBot) -> Iterator[QApplication]:
    """The application in the light look."""
    theme.apply(qapp, "light")
    yield qapp
    theme.apply(qapp, "light")


@pytest.fixture
def folders(graft_home: Path) -> Folders:
    """The folders of this test, with the weights of the tiny network in them."""
    from core.models.weights import WeightStore
    from tests.core.models.tiny import register, write_weights

    folders = Folders.of_user()
    WeightStore(folders.weights).add(register(), write_weights(graft_home / "tiny.safetensors"))
    return folders


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of two classes with 20 images each."""
    return draw_classes(tmp_path / "stripes", {"rows": 20, "columns": 20})


@pytest.fixture
def window(app: QApplication, qtbot: QtBot, folders: Folders) -> Iterator[MainWindow]:
    """The window as it stands once everything about this computer is known."""
    session = Session(folders)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)  # else no key would arrive
    session.warm_up()
    qtbot.waitUntil(lambda: job.running() == 0 and session.state.device is not None, timeout=WAIT_MS)
    yield window
    assert session.close(WAIT_MS)
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot, images: Path) -> MainWindow:
    """The window with a project whose images were read, set to the tiny network."""
    window.session.new_project(images)
    qtbot.waitUntil(lambda: window.session.state.dataset is not None and job.running() == 0, timeout=WAIT_MS)
    window.session.change_config({"backbone": "tiny", "device": "cpu"})
    qtbot.waitUntil(lambda: window.session.state.plan is not None and job.running() == 0, timeout=WAIT_MS)
    return window


@pytest.fixture
def desk(app: QApplication, qtbot: QtBot, folders: Folders) -> Desk:
    """The Data page with a few insects."""
    page = DataPage()
    qtbot.addWidget(page)
    page.resize(1100, 760)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    return Desk(page, folders, qtbot)
