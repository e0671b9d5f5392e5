"""One heavy job at a time: a further wish is refused in plain words, or takes the place of one that gives way."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from core.base.events import Progress
from gui_app.job import Job, Work
from gui_app.notify import Notifier


@dataclass(frozen=True)
class Task:
    """Heavy work: `name` completes "Graft is … just now"; `take` gets batches of events, `done` whether all is well."""

    name: str
    work: Work
    take: Callable[[tuple[object, ...]], None]
    done: Callable[[bool], None]
    gives_way: bool = False


class Desk(QObject):
    """Runs tasks one at a time and reports their errors."""

    def __init__(self, notifier: Notifier, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._task: Task | None = None
        self._next: Task | None = None
        self._failed = False
        self.job: Job | None = None

    def begin(self, task: Task) -> bool:
        """Start a task and say so; False if another one is under way and does not give way."""
        if self._task is None:
            self._start(task)
            return True
        if self._task.gives_way and self.job is not None:
            self._next = task
            self.job.stop()
            return True
        self._notifier.refuse(
            self.tr("Graft is {task} just now.").format(task=self._task.name),
            self.tr("Wait until that is done, or stop it first."),
        )
        return False

    def _start(self, task: Task) -> None:
        self._task, self._failed = task, False
        self.job = Job(task.work, self)
        self.job.events.connect(self._take)
        self.job.failed.connect(self._fail)
        self.job.finished.connect(self._end)
        self.job.start()

    def _take(self, batch: tuple[object, ...]) -> None:
        if self._task is not None and self._next is None:
            self._task.take(batch)

    def _fail(self, error: BaseException) -> None:
        self._failed = True
        self._notifier.report(error)

    def _end(self) -> None:
        task, following = self._task, self._next
        job = self.job
        self._task = self._next = self.job = None
        if job is not None:
            job.deleteLater()
        if task is not None:
            task.done(not self._failed and following is None)
        if following is not None:
            self._start(following)


def without_stale(batch: tuple[object, ...]) -> tuple[object, ...]:
    """Leave out each Progress that a later one of the same batch makes stale."""
    last = max((i for i, event in enumerate(batch) if isinstance(event, Progress)), default=-1)
    return tuple(event for i, event in enumerate(batch) if i == last or not isinstance(event, Progress))
