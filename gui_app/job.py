"""Long work beside the window: the only QThread of the program. Work is a generator; its yields arrive as signals."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from traceback import clear_frames

from PySide6.QtCore import QDeadlineTimer, QObject, QThread, QTimer, Signal

from core.base.events import Stop
from core.base.process import give_memory_back

BATCH_MS = 50
"""Events are handed over in batches, so that a thousand steps a second cost the window nothing."""

Work = Callable[[Stop], Iterator[object]]


class _Thread(QThread):
    """Draws from the generator until its end; keeps what it yields, and the error that it may end with."""

    def __init__(self, work: Work, stop: Stop) -> None:
        super().__init__()
        self._work = work
        self._stop = stop
        self.yielded: deque[object] = deque()
        self.error: BaseException | None = None
        self.abandoned = False

    def run(self) -> None:
        """Run the work; nothing may rise out of a thread, so every error is kept for the main thread."""
        try:
            self._draw()
        except BaseException as error:  # noqa: BLE001 - told by `failed`, where UserErrors and bugs part ways
            self.error = error
            clear_frames(error.__traceback__)  # which would hold all that the work had
        give_memory_back()

    def _draw(self) -> None:
        events = self._work(self._stop)
        for event in events:
            self.yielded.append(event)  # a deque's append and popleft are atomic
            if self.abandoned:
                break
        if isinstance(events, Generator):
            events.close()


class Job(QObject):
    """One piece of long work. Signals come in the main thread: `events` in order and whole, `failed`, then `finished`.

    `failed` carries the exception with its traceback. `finished` always comes last, and exactly once.
    """

    events = Signal(tuple)
    failed = Signal(object)
    finished = Signal()

    def __init__(self, work: Work, parent: QObject | None = None, *, batch_ms: int = BATCH_MS) -> None:
        super().__init__(parent)
        self._stopped = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._thread = _Thread(work, partial(_stop_asked, self._going, self._stopped))
        self._thread.finished.connect(self._end)
        self._timer = QTimer(self)
        self._timer.setInterval(batch_ms)
        self._timer.timeout.connect(self._hand_over)

    def start(self) -> None:
        """Begin. The job keeps itself until its thread has ended, whoever else forgets it."""
        _running.add(self)
        self._timer.start()
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end at its next safe point; wakes it if it is paused."""
        self._stopped.set()
        self._going.set()

    def abandon(self) -> None:
        """Ask the work to end, and ask nothing of it after what it yields next, whatever it would still do."""
        self._thread.abandoned = True
        self.stop()

    def pause(self) -> None:
        """Hold the work at its next safe point."""
        self._going.clear()

    def resume(self) -> None:
        """Let paused work go on."""
        self._going.set()

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stopped.is_set()

    def wait(self, wait_ms: int) -> bool:
        """Block until the thread has ended, at most `wait_ms`; say whether it has."""
        return self._thread.wait(QDeadlineTimer(wait_ms))

    def _hand_over(self) -> None:
        batch = []
        while self._thread.yielded:
            batch.append(self._thread.yielded.popleft())
        if batch:
            self.events.emit(tuple(batch))

    def _end(self) -> None:
        self._timer.stop()
        self._thread.wait()  # `finished` is sent just before the thread is truly gone
        _running.discard(self)
        self._hand_over()
        if self._thread.error is not None:
            self.failed.emit(self._thread.error)
        self.finished.emit()


def _stop_asked(going: threading.Event, stopped: threading.Event) -> bool:
    """Answer the work; a method of the job would let both hold each other, and all that the work was given."""
    going.wait()
    return stopped.is_set()


_running: set[Job] = set()


def running() -> int:
    """Return how many jobs have not ended."""
    return len(_running)


def settle(wait_ms: int) -> bool:
    """Abandon all jobs and wait for their threads, at most `wait_ms` together; say whether all have ended."""
    deadline = QDeadlineTimer(wait_ms)
    for job in list(_running):
        job.abandon()
    return all(job.wait(max(deadline.remainingTime(), 0)) for job in list(_running))
