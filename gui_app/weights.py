"""Pretrained weights on request: download with cancel, or a file that the person has. Nothing else goes online."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from core.base.events import Progress, Stop
from gui_app.desk import Desk, Task, without_stale
from gui_app.job import Job
from gui_app.notify import Notifier
from gui_app.state import Store
from gui_app.warmup import WeightsReady, ready_weights


class Weights(QObject):
    """Brings weights to this computer."""

    def __init__(self, store: Store, notifier: Notifier, desk: Desk) -> None:
        super().__init__(store)
        self._store, self._notifier, self._desk = store, notifier, desk
        self._downloading = Desk(notifier, self)  # a download runs beside other work
        self._download: Job | None = None

    def add(self, key: str, file: Path) -> None:
        """Take weights from a file, after comparing it with the network."""
        work = partial(self._adding, key, file)
        self._desk.begin(Task(self.tr("reading a file of weights"), work, self._take, self._added))

    def download(self, key: str) -> None:
        """Fetch weights from the internet."""
        started = self._downloading.begin(
            Task(
                self.tr("downloading weights"),
                partial(self._fetching, key),
                partial(self._take_part, key),
                self._fetched,
            )
        )
        if started is not None:
            self._download = started
            self._store.update(download=(key, Progress(self.tr("connecting"), 0, 0, 0.0)))

    def cancel(self) -> None:
        """Stop the download; what has come is kept, and the next try goes on from there."""
        if self._download is not None:
            self._download.stop()

    def _adding(self, key: str, file: Path, stop: Stop) -> Iterator[object]:
        from core.models.backbones import BACKBONES
        from core.models.weights import WeightStore

        folders = self._store.state.folders
        WeightStore(folders.weights).add(BACKBONES[key], file)
        yield ready_weights(folders)

    def _fetching(self, key: str, stop: Stop) -> Iterator[object]:
        from core.models.backbones import BACKBONES
        from core.models.weights import WeightStore

        folders = self._store.state.folders
        yield from WeightStore(folders.weights).download(BACKBONES[key], stop)
        yield ready_weights(folders)

    def _take(self, batch: tuple[object, ...]) -> None:
        for event in batch:
            if isinstance(event, WeightsReady):
                self._store.update(weights_ready=event.keys)

    def _take_part(self, key: str, batch: tuple[object, ...]) -> None:
        for event in without_stale(batch):
            if isinstance(event, Progress):
                self._store.update(download=(key, event))
        self._take(batch)

    def _added(self, whole: bool) -> None:
        if whole:
            self._notifier.info(self.tr("The weights fit and are ready."))

    def _fetched(self, whole: bool) -> None:
        self._download = None
        self._store.update(download=None)
