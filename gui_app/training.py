"""A run from the button to its end: started, paused, stopped, and its events folded into what the Train page shows."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.base.events import Stop
from core.base.folders import Folders
from gui_app import interpreter
from gui_app.desk import Desk, Task
from gui_app.job import Job
from gui_app.live import LiveRun
from gui_app.notify import Notifier
from gui_app.state import Store

if TYPE_CHECKING:
    from core.train.plan import RunPlan

TOLD_MS = 500
"""Each time that the window wakes it takes a core from the run, and with it the others, which wait for that one; so the
run loses some three times as long as the window computes. Twice a second is enough for numbers."""


class Training(QObject):
    """Runs one plan at a time. `ended` carries the folder of the run and whether it came to a regular end."""

    ended = Signal(object, bool)

    def __init__(self, store: Store, notifier: Notifier, desk: Desk) -> None:
        super().__init__(store)
        self._store, self._notifier, self._desk = store, notifier, desk
        self._job: Job | None = None

    def start(self, runs_folder: Path) -> None:
        """Train as planned, in a new folder."""
        from core.results.runs import new_run_folder

        state = self._store.state
        if state.plan is None or state.plan_problem:
            self._notifier.refuse(state.plan_problem or self.tr("There is nothing to train yet."))
            return
        folder = new_run_folder(runs_folder)
        work = partial(_training, state.plan, folder, state.folders)
        done = partial(self._done, folder)
        job = self._desk.begin(Task(self.tr("training"), work, self._take, done, batch_ms=TOLD_MS))
        if job is not None:
            self._job = job
            self._store.update(live=LiveRun(state.plan), training=True, paused=False, page="train")

    def pause(self) -> None:
        """Hold the run."""
        if self._job is not None:
            self._job.pause()
            self._store.update(paused=True)

    def resume(self) -> None:
        """Let the run go on."""
        if self._job is not None:
            self._job.resume()
            self._store.update(paused=False)

    def stop(self) -> None:
        """End the run at the next safe point and keep its best epoch."""
        if self._job is not None:
            self._job.stop()
            self._store.update(paused=False, busy=self.tr("Stopping and keeping the best"))

    def _take(self, batch: tuple[object, ...]) -> None:
        live = self._store.state.live
        if live is not None:
            live.feed(batch)
            self._store.update(live=live)

    def _done(self, folder: Path, whole: bool) -> None:
        self._job = None
        self._store.update(training=False, paused=False, busy="")
        self.ended.emit(folder, whole)


def _training(plan: "RunPlan", folder: Path, folders: Folders, stop: Stop) -> Iterator[object]:
    from core.results.session import train

    yield from train(plan, folder, folders, stop)
    interpreter.search()
