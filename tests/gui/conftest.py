"""What tests of the window share."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app import job, theme

WAIT_MS = 20_000


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """Fail the test that leaves a job or a timer running."""
    yield
    jobs = job.running()
    assert job.settle(WAIT_MS), "a job did not stop when asked"
    QApplication.processEvents()
    QThreadPool.globalInstance().waitForDone(WAIT_MS)
    gc.collect()
    timers = [timer for timer in qapp.findChildren(QTimer) if timer.isActive()]
    assert jobs == 0, f"{jobs} jobs left running"
    assert not timers, f"timers left running: {timers}"


@pytest.fixture
def app(qapp: QApplication, qtbot: QtBot) -> Iterator[QApplication]:
    """The application in the light look."""
    theme.apply(qapp, "light")
    yield qapp
    theme.apply(qapp, "light")
