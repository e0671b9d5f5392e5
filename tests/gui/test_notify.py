"""The one funnel: a bug leaves the window alive and a log behind."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.base.errors import UserError
from gui_app.notify import MessageBar, Notice, Notifier, install
from tests.gui.helpers import WAIT_MS


@pytest.fixture
def told(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Notifier, list[Notice]]]:
    """An installed notifier and what it tells; the hooks are put back afterwards."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    notifier = Notifier(tmp_path / "log")
    notices: list[Notice] = []
    notifier.posted.connect(notices.append)
    install(notifier)
    yield notifier, notices
    for handler in list(logging.getLogger("graft").handlers):
        logging.getLogger("graft").removeHandler(handler)
        handler.close()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_bug_is_logged_with_its_traceback_and_the_place_of_the_log_is_told(
    told: tuple[Notifier, list[Notice]],
) -> None:
    notifier, notices = told
    error = raised(ValueError("a bug"))
    sys.excepthook(ValueError, error, error.__traceback__)
    assert notices[0].tone == "bad" and str(notifier.log_file) in notices[0].hint
    log = notifier.log_file.read_text(encoding="utf-8")
    assert "ValueError: a bug" in log and "in raised" in log


def test_what_a_person_can_mend_is_told_as_it_stands_and_not_logged(told: tuple[Notifier, list[Notice]]) -> None:
    notifier, notices = told
    notifier.report(UserError("a.png is broken.", "Remove it."))
    assert notices == [Notice("bad", "a.png is broken.", "Remove it.")]
    assert not notifier.log_file.exists()


def test_an_error_in_any_thread_is_told_in_the_main_thread(told: tuple[Notifier, list[Notice]], qtbot: QtBot) -> None:
    _, notices = told

    def fail() -> None:
        raise ZeroDivisionError

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(notices) == 1, timeout=WAIT_MS)


def test_an_error_goes_when_work_of_its_kind_succeeds(told: tuple[Notifier, list[Notice]], qtbot: QtBot) -> None:
    notifier, _ = told
    bar = MessageBar(notifier)
    qtbot.addWidget(bar)
    notifier.report(UserError("a.png is broken."), "reading images")
    notifier.succeed("copying the images")
    assert not bar.isHidden()
    notifier.succeed("reading images")
    assert bar.isHidden()


def test_a_full_disk_is_told_as_what_it_is(told: tuple[Notifier, list[Notice]]) -> None:
    notifier, notices = told
    notifier.report(OSError(28, "No space left on device"))
    assert "No space left on device" in notices[0].text
