"""How long the planned run would take: measured beside the window, while the person looks at the plan."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from core.base.errors import UserError
from core.base.events import Stop
from core.base.folders import Folders
from gui_app.desk import Desk, Task
from gui_app.state import Store

if TYPE_CHECKING:
    from core.train.estimate import Estimate
    from core.train.plan import RunPlan

WAIT_MS = 400
"""Who turns a number does not mean every value on the way."""


class Estimating(QObject):
    """Keeps the estimate of the state that of its plan, as long as the Model page is looked at."""

    def __init__(self, store: Store, desk: Desk) -> None:
        super().__init__(store)
        self._store, self._desk = store, desk
        self._plan: RunPlan | None = None
        self._begun = self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._begin)
        store.changed.connect(self._look)

    def close(self) -> None:
        """Begin nothing any more."""
        self._closed = True
        self._timer.stop()

    def _look(self) -> None:
        state = self._store.state
        if state.plan is not self._plan:
            self._plan, self._begun = state.plan, False
            self._timer.stop()
            if state.estimate is not None:
                self._store.update(estimate=None)
                return  # that change is looked at too
        seen = state.page == "model" and not state.plan_problem and not state.training and state.reading is None
        if self._closed or self._plan is None or not seen:
            self._timer.stop()
        elif not self._begun and not self._timer.isActive():
            self._timer.start()

    def _begin(self) -> None:
        if self._plan is None:
            return
        self._begun = True
        work = partial(_estimated, self._plan, self._store.state.folders)
        take = partial(self._take, self._plan)
        self._desk.begin(Task(self.tr("measuring this computer"), work, take, lambda whole: None, gives_way=True))

    def _take(self, plan: "RunPlan", batch: tuple["Estimate", ...]) -> None:
        if batch and plan is self._plan:
            self._store.update(estimate=batch[-1])


def _estimated(plan: "RunPlan", folders: Folders, stop: Stop) -> Iterator["Estimate"]:
    from core.train.estimate import estimate

    try:
        yield estimate(plan, folders)
    except UserError:
        return  # training will say it, to a person who wants to train
