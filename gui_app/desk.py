"""One heavy job at a time: a further wish is refused in plain words, or takes the place of one of its kind."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from core.base.events import Progress
from gui_app.job import BATCH_MS, Job, Work
from gui_app.notify import Notifier


@dataclass(frozen=True)
class Task:
    """Heavy work: `name` completes "Graft is … just now"; `take` gets what happened in each `batch_ms`, `done` whether
    all is well.

    One that `gives_way` is stopped for a newer one of its name; `done` is called all the same. The error of a task goes
    once another one `about` the same (or else of the same name) succeeds.
    """

    name: str
    work: Work
    take: Callable[[tuple[object, ...]], None]
    done: Callable[[bool], None]
    gives_way: bool = False
    about: str = ""
    batch_ms: int = BATCH_MS


@dataclass(frozen=True)
class _Place:
    task: Task
    job: Job


class Desk(QObject):
    """Runs tasks one at a time and reports their errors."""

    def __init__(self, notifier: Notifier, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._now: _Place | None = None
        self._next: _Place | None = None
        self._failed = False

    @property
    def busy(self) -> bool:
        """Whether a task is under way."""
        return self._now is not None

    def begin(self, task: Task) -> Job | None:
        """Return the job of a task, which starts as soon as it may; None if another one is under way and stays.

        The job can be stopped and paused before it starts.
        """
        if self._now is not None and not (self._now.task.gives_way and self._now.task.name == task.name):
            self._refuse(self._now.task)
            return None
        place = _Place(task, Job(task.work, self, batch_ms=task.batch_ms))
        if self._now is None:
            self._start(place)
            return place.job
        replaced, self._next = self._next, place
        self._now.job.stop()
        if replaced is not None:
            replaced.job.deleteLater()
            replaced.task.done(False)
        return place.job

    def _refuse(self, present: Task) -> None:
        hint = self.tr("Wait until that is done.") if present.gives_way else self.tr("Wait for its end, or stop it.")
        self._notifier.refuse(self.tr("Graft is {task} just now.").format(task=present.name), hint)

    def _start(self, place: _Place) -> None:
        self._now, self._failed = place, False
        place.job.events.connect(self._take)
        place.job.failed.connect(self._fail)
        place.job.finished.connect(self._end)
        place.job.start()

    def _take(self, batch: tuple[object, ...]) -> None:
        if self._now is not None and self._next is None:
            self._now.task.take(batch)

    def _fail(self, error: BaseException) -> None:
        self._failed = True
        self._notifier.report(error, (self._now.task.about or self._now.task.name) if self._now else "")

    def _end(self) -> None:
        ended, following = self._now, self._next
        whole = not self._failed and following is None
        if ended is not None and whole:
            self._notifier.succeed(ended.task.about or ended.task.name)
        self._now = self._next = None
        if following is not None:
            self._start(following)
        if ended is not None:
            ended.job.deleteLater()
            ended.task.done(whole)


def without_stale(batch: tuple[object, ...]) -> tuple[object, ...]:
    """Leave out each Progress that a later one of the same batch makes stale."""
    last = max((i for i, event in enumerate(batch) if isinstance(event, Progress)), default=-1)
    return tuple(event for i, event in enumerate(batch) if i == last or not isinstance(event, Progress))
