"""The desk: who waits, who is refused, and that everyone is told the end."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.base.events import Stop
from gui_app import job
from gui_app.desk import Desk, Task
from gui_app.notify import Notice, Notifier

WAIT_MS = 10_000


class Seen:
    """What tasks were told, and what was refused."""

    def __init__(self) -> None:
        self.got: list[object] = []
        self.ends: list[tuple[str, bool]] = []
        self.refused: list[str] = []

    def task(self, name: str, mark: str, *, gives_way: bool = True) -> Task:
        return Task(name, partial(until_stopped, mark), self.got.extend, partial(self._end, mark), gives_way)

    def _end(self, mark: str, whole: bool) -> None:
        self.ends.append((mark, whole))


def until_stopped(mark: str, stop: Stop) -> Iterator[object]:
    while not stop():
        yield mark
        threading.Event().wait(0.001)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def desk(qtbot: QtBot, seen: Seen, tmp_path: Path) -> Desk:
    notifier = Notifier(tmp_path)
    notifier.posted.connect(lambda notice: seen.refused.append(_words(notice)))
    return Desk(notifier)


def _words(notice: Notice) -> str:
    return f"{notice.text} {notice.hint}"


def test_another_kind_of_work_is_refused_while_one_that_gives_way_goes_on(desk: Desk, seen: Seen, qtbot: QtBot) -> None:
    reading = desk.begin(seen.task("reading", "a"))
    assert reading is not None
    assert desk.begin(seen.task("training", "b", gives_way=False)) is None
    assert seen.refused == ["Graft is reading just now. Wait until that is done."]
    qtbot.waitUntil(lambda: "a" in seen.got, timeout=WAIT_MS)
    reading.stop()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert seen.ends == [("a", True)]


def test_the_newest_of_a_kind_counts_and_each_is_told_its_end(desk: Desk, seen: Seen, qtbot: QtBot) -> None:
    jobs = [desk.begin(seen.task("reading", mark)) for mark in "abc"]
    qtbot.waitUntil(lambda: "c" in seen.got, timeout=WAIT_MS)
    assert seen.ends == [("b", False), ("a", False)]
    assert set(seen.got) == {"c"}
    assert jobs[2] is not None
    jobs[2].stop()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert seen.ends[-1] == ("c", True)


def test_work_can_be_stopped_before_its_turn_comes(desk: Desk, seen: Seen, qtbot: QtBot) -> None:
    desk.begin(seen.task("reading", "a"))
    waiting = desk.begin(seen.task("reading", "b"))
    assert waiting is not None
    waiting.stop()
    qtbot.waitUntil(lambda: len(seen.ends) == 2 and job.running() == 0, timeout=WAIT_MS)
    assert "b" not in seen.got
