"""Asking a trained model: it is loaded once and kept until another run is chosen."""

import os
import shutil
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from core.base.errors import UserError
from core.base.events import Stop
from gui_app.desk import Desk, Task
from gui_app.job import Job
from gui_app.notify import Notifier
from gui_app.state import Store
from gui_app.warmup import NoDevice, find_device

if TYPE_CHECKING:
    from core.results.predict import Predicted, Predictor


@dataclass(frozen=True)
class _Loaded:
    run: Path
    predictor: "Predictor"


class Predicting(QObject):
    """Predicts files and pasted images with the run that is shown."""

    def __init__(self, store: Store, notifier: Notifier, desk: Desk) -> None:
        super().__init__(store)
        self._store, self._notifier, self._desk = store, notifier, desk
        self._loaded: _Loaded | None = None
        self._job: Job | None = None
        self._pasted = 0

    def predict_paths(self, paths: Sequence[Path]) -> None:
        """Predict files; a folder stands for all images in it."""
        state = self._store.state
        if state.shown is None:
            self._notifier.refuse(self.tr("There is no trained model to ask yet."), self.tr("Train one first."))
            return
        run = state.shown.folder
        work = partial(self._asking, run, state.config.device, tuple(paths))
        job = self._desk.begin(Task(self.tr("predicting"), work, partial(self._take, run), self._done))
        if job is not None:
            self._job = job
            self._store.update(predicting=True)

    def predict_image(self, image: QImage) -> None:
        """Predict an image that has no file; the cache keeps it, so that it can be shown and listed like others."""
        self._pasted += 1
        folder = self._pasted_folder
        file = folder / f"{self.tr('pasted')} {self._pasted}.png"
        folder.mkdir(parents=True, exist_ok=True)
        if not image.save(str(file)):
            self._notifier.refuse(
                self.tr("The pasted image cannot be used."), self.tr("Save it as a file and open that.")
            )
            return
        self.predict_paths([file])

    def stop(self) -> None:
        """Ask no further; what was predicted stays."""
        if self._job is not None:
            self._job.stop()

    def clear(self) -> None:
        """Forget all predictions and delete what was pasted for them."""
        self._store.update(predictions=())
        self.delete_pasted()

    def delete_pasted(self) -> None:
        """Delete the files of pasted images, which belong to nobody but the person."""
        shutil.rmtree(self._pasted_folder, ignore_errors=True)

    def save_csv(self, file: Path) -> None:
        """Write all predictions as a table, the same as the command line writes."""
        from core.base.tables import write_rows
        from core.results.tables import prediction_rows

        state = self._store.state
        if state.shown is None:
            return
        write_rows(file, prediction_rows(state.predictions, state.shown.plan.dataset.classes))
        self._notifier.info(self.tr("Saved {file}.").format(file=file))

    def forget(self) -> None:
        """Stop asking and let the model and all that it said go; the run that is shown then is loaded when asked."""
        self._loaded = None
        self.stop()
        self.clear()

    @property
    def _pasted_folder(self) -> Path:
        return self._store.state.folders.cache / "pasted" / str(os.getpid())

    def _asking(self, run: Path, wish: str, paths: tuple[Path, ...], stop: Stop) -> Iterator[object]:
        files = tuple(_files(paths, stop))
        if not files and not stop():
            raise UserError("There are no images in what was chosen.", "Choose image files, or a folder with images.")
        loaded = self._loaded  # the window may forget it meanwhile
        if loaded is None or loaded.run != run:
            loaded = self._loaded = yield from _load(run, wish)
        yield from loaded.predictor.predict(files, stop)

    def _take(self, run: Path, batch: tuple[object, ...]) -> None:
        for event in batch:
            if isinstance(event, NoDevice):
                self._notifier.info(event.problem, self.tr("The processor asks the model instead."))
        state = self._store.state
        if state.shown is not None and state.shown.folder == run:
            said = tuple(cast("Predicted", event) for event in batch if not isinstance(event, NoDevice))
            self._store.update(predictions=(*state.predictions, *said))

    def _done(self, whole: bool) -> None:
        self._job = None
        self._store.update(predicting=False)


def _load(run: Path, wish: str) -> Generator[NoDevice, None, _Loaded]:
    """Load the model of a run on the wished device; where that is missing, say so and take the processor."""
    from core.results.predict import Predictor

    found = find_device(wish)
    if isinstance(found, NoDevice):
        yield found
        found = find_device("cpu")
    if isinstance(found, NoDevice):
        raise UserError(found.problem)
    return _Loaded(run, Predictor.load(run, found.device))


def _files(paths: Sequence[Path], stop: Stop) -> Iterator[Path]:
    from core.data.images import SUFFIXES

    for path in paths:
        if stop():
            return
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        else:
            yield path
