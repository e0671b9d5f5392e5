"""The only QThread: order, nothing lost, stop, pause, failure, and no thread destroyed while it runs."""

import gc
import threading
import weakref
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.base.errors import UserError
from core.base.events import Stop
from gui_app import job
from gui_app.job import Job

WAIT_MS = 10_000


def collect(started: Job) -> tuple[list[object], list[BaseException]]:
    """Return lists that fill with what the job tells."""
    got: list[object] = []
    errors: list[BaseException] = []
    started.events.connect(lambda batch: got.extend(batch))
    started.failed.connect(errors.append)
    return got, errors


def until_stopped(stop: Stop) -> Iterator[object]:
    """Yield numbers until asked to stop; the last word is "kept"."""
    number = 0
    while not stop():
        yield number
        number += 1
        threading.Event().wait(0.001)
    yield "kept"


def test_all_events_arrive_in_order(qtbot: QtBot) -> None:
    counting = Job(lambda stop: iter(range(20_000)))
    got, errors = collect(counting)
    with qtbot.waitSignal(counting.finished, timeout=WAIT_MS):
        counting.start()
    assert got == list(range(20_000))
    assert errors == []


def test_events_come_in_batches_in_the_main_thread(qtbot: QtBot) -> None:
    work = Job(until_stopped)
    batches: list[tuple[object, ...]] = []
    threads: set[int] = set()
    work.events.connect(batches.append)
    work.events.connect(lambda batch: threads.add(threading.get_ident()))
    work.start()
    qtbot.waitUntil(lambda: len(batches) >= 3, timeout=WAIT_MS)
    work.stop()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert threads == {threading.get_ident()}
    assert max(len(batch) for batch in batches) > 1
    assert batches[-1][-1] == "kept"


def test_events_before_a_failure_arrive_and_the_error_keeps_its_traceback(qtbot: QtBot) -> None:
    def failing(stop: Stop) -> Iterator[object]:
        yield from range(100)
        raise UserError("bad.png cannot be read.", "Remove it.")

    broken = Job(failing)
    got, errors = collect(broken)
    with qtbot.waitSignal(broken.finished, timeout=WAIT_MS):
        broken.start()
    assert got == list(range(100))
    assert [str(error) for error in errors] == ["bad.png cannot be read. Remove it."]
    assert errors[0].__traceback__ is not None


@pytest.mark.parametrize("error", [ValueError("bug"), SystemExit(3), KeyboardInterrupt()])
def test_no_error_ends_the_process(qtbot: QtBot, error: BaseException) -> None:
    def failing(stop: Stop) -> Iterator[object]:
        yield 1
        raise error

    broken = Job(failing)
    _, errors = collect(broken)
    with qtbot.waitSignal(broken.finished, timeout=WAIT_MS):
        broken.start()
    assert errors == [error]


def test_paused_work_stands_still_and_goes_on(qtbot: QtBot) -> None:
    work = Job(until_stopped)
    got, _ = collect(work)
    work.start()
    qtbot.waitUntil(lambda: len(got) > 5, timeout=WAIT_MS)
    work.pause()
    qtbot.wait(3 * job.BATCH_MS)  # what was on its way arrives
    held = len(got)
    qtbot.wait(3 * job.BATCH_MS)
    assert len(got) == held
    work.resume()
    qtbot.waitUntil(lambda: len(got) > held, timeout=WAIT_MS)
    work.stop()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert got[:-1] == list(range(len(got) - 1))


def test_stop_wakes_paused_work(qtbot: QtBot) -> None:
    work = Job(until_stopped)
    work.start()
    work.pause()
    with qtbot.waitSignal(work.finished, timeout=WAIT_MS):
        work.stop()


def test_a_forgotten_job_is_not_destroyed_while_it_runs(qtbot: QtBot) -> None:
    release = threading.Event()

    def waiting(stop: Stop) -> Iterator[object]:
        release.wait()
        yield "done"

    got: list[object] = []
    forgotten = Job(waiting)
    forgotten.events.connect(lambda batch: got.extend(batch))
    forgotten.start()
    del forgotten
    release.set()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert got == ["done"]


def test_settle_is_bounded(qtbot: QtBot) -> None:
    release = threading.Event()

    def deaf(stop: Stop) -> Iterator[object]:
        release.wait()
        yield 1

    work = Job(deaf)
    work.start()
    assert not job.settle(20)
    release.set()
    assert job.settle(WAIT_MS)
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_settle_waits_for_no_more_than_the_next_event(qtbot: QtBot) -> None:
    closed = threading.Event()

    def keeping(stop: Stop) -> Iterator[object]:
        try:
            while True:
                yield "still at it"
                threading.Event().wait(0.01)
        finally:
            closed.set()

    Job(keeping).start()
    assert job.settle(WAIT_MS)
    assert closed.is_set()
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


class Much:
    """What a job works on."""


def test_what_a_job_worked_on_goes_with_it(qtbot: QtBot) -> None:
    much = Much()
    left = weakref.ref(much)
    done = Job(partial(_named, much))
    gc.disable()  # by counting alone: old rings are not searched for while the window stands
    try:
        with qtbot.waitSignal(done.finished, timeout=WAIT_MS):
            done.start()
        done.deleteLater()
        del done, much
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert left() is None
    finally:
        gc.enable()


def _named(much: Much, stop: Stop) -> Iterator[object]:
    yield type(much).__name__


class Large:
    """Stands for what takes much memory."""


def holding(how: str, held: list[weakref.ref[Large]], stop: Stop) -> Iterator[object]:
    large = Large()
    held.append(weakref.ref(large))
    yield 1
    if how == "fails":
        raise MemoryError(large is None)
    while how == "is abandoned" and not stop():
        yield 2


@pytest.mark.parametrize("how", ["ends", "fails", "is abandoned"])
def test_memory_is_given_back_once_the_work_has_let_go_of_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    held: list[weakref.ref[Large]] = []
    found: list[tuple[Large | None, bool]] = []
    main = threading.get_ident()
    monkeypatch.setattr(job, "give_memory_back", lambda: found.append((held[0](), threading.get_ident() == main)))
    work = Job(partial(holding, how, held))
    work.events.connect(lambda batch: work.abandon() if how == "is abandoned" else None)
    with qtbot.waitSignal(work.finished, timeout=WAIT_MS):
        work.start()
    assert found == [(None, False)]
