"""What pages wish for is done here: projects are opened, jobs started, and the state replaced."""

import operator
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.base.config import make_config
from core.base.errors import UserError
from core.base.events import Progress
from core.base.folders import Folders
from gui_app import job, projects
from gui_app.curating import Curating
from gui_app.desk import Desk, Task, without_stale
from gui_app.estimating import Estimating
from gui_app.job import Work
from gui_app.notify import Notifier
from gui_app.predicting import Predicting
from gui_app.records import RunsListed, after_run, load
from gui_app.state import PageKey, ProjectInfo, State, Store
from gui_app.training import Training
from gui_app.warmup import DeviceFound, NoDevice, WeightsReady, warm_up
from gui_app.weights import Weights

if TYPE_CHECKING:
    from core.data.store.project import Project
    from core.results.runs import RunRecord
    from gui_app.correcting import Said


class Session(QObject):
    """The one that acts. `place_wanted` asks for another folder to keep the project of these images in."""

    place_wanted = Signal(Path)

    def __init__(self, folders: Folders, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.notifier = Notifier(folders.data / "log", self)
        self.store = Store(State(folders), self)
        self._desk = Desk(self.notifier, self)
        # short looks that need not wait for a run; the newest is the one that counts
        self._devices, self._records, self._notes, trials = (Desk(self.notifier, self) for _ in range(4))
        self._training = Training(self.store, self.notifier, self._desk)
        self._training.ended.connect(self._run_ended)
        self._predicting = Predicting(self.store, self.notifier, self._desk)
        self._weights = Weights(self.store, self.notifier, self._desk)
        self._curating = Curating(self.store, self.notifier, self)
        self._curating.read_again.connect(self.rescan)
        self._project: Project | None = None
        self._planned_for: tuple[object, ...] = ()
        self.store.changed.connect(self._plan_again)
        self._estimating = Estimating(self.store, trials)

    @property
    def state(self) -> State:
        """What is known now."""
        return self.store.state

    def warm_up(self) -> None:
        """Find out about weights and devices beside the window, which must stand already."""
        self.store.update(recent=projects.recent(self.state.folders))
        self._find_device()

    def close(self, wait_ms: int) -> bool:
        """Stop all work, wait for it at most `wait_ms`, and let the project go; False if some work did not end."""
        self._estimating.close()
        ended = job.settle(wait_ms)
        self._predicting.delete_pasted()
        self._curating.write_all()
        if ended and self._project is not None:
            self._project.close()
            self._project = None
        return ended

    # projects and their images

    def new_project(self, images: Path, home: Path | None = None) -> None:
        """Open the project of a folder of images, making it in `home` if there is none."""
        home = home or projects.projects_home()
        problem = self._place_problem(home, images)
        if self._is_open(images):
            self.go("data")
        elif problem:
            self.notifier.refuse(problem, self.tr("Choose another folder for the project."))
            self.place_wanted.emit(images)
        else:
            self._open(partial(projects.open_images, images, self._place(home)))

    def open_folder(self, folder: Path) -> None:
        """Open a project, or the project of a folder of images, whichever `folder` is."""
        if folder.suffix == projects.SUFFIX:
            self.open_project(folder.absolute())
        else:
            self.new_project(folder.absolute())

    def open_project(self, folder: Path) -> None:
        """Open a project folder."""
        if self.state.project is not None and folder == self.state.project.folder:
            self.go("data")
        else:
            self._open(partial(projects.open_project, folder))

    def try_samples(self) -> None:
        """Draw the sample images and open their project."""
        if self._is_open(self.state.folders.samples):
            self.go("data")
            return
        place = self._place(projects.projects_home())
        self._open(partial(projects.open_samples, self.state.folders, place))

    def change_folder(self, images: Path) -> None:
        """Go on with the project of another folder of images."""
        self.new_project(images)

    def rescan(self) -> None:
        """Read the images of the project again; no image changes its side of the split."""
        if self._project is not None:
            self._open(partial(projects.read, self._project), about="reading")

    def go(self, page: PageKey) -> None:
        """Show a page."""
        self.store.update(page=page)

    # what a person says of the images

    def correct(self, said: "Said") -> None:
        """Keep corrections of single images."""
        self._curating.correct(said)

    def choose_grouping(self, key: str) -> None:
        """Choose what keeps images on one side of the split."""
        self._curating.choose_grouping(key)

    def change_split(self, shares: tuple[int, int, int]) -> None:
        """Draw the split anew with these shares, in percent."""
        self._curating.change_split(shares)

    def choose_reading(self, key: str) -> None:
        """Read the folder in another way."""
        self._curating.choose_reading(key)

    def add_images(self, paths: tuple[Path, ...]) -> None:
        """Take images from elsewhere into the project."""
        self._curating.add_images(paths)

    def dismiss_changes(self) -> None:
        """Say no more of what is new in the folder."""
        self._curating.dismiss_changes()

    def export_labels(self, file: Path) -> None:
        """Write a table of the labels."""
        self._curating.export_labels(file)

    def write_copy(self, folder: Path) -> None:
        """Write a corrected copy of the images."""
        self._curating.write_copy(folder)

    # model and settings

    def change_config(self, changes: Mapping[str, object]) -> None:
        """Change settings of the next run, and keep them in the project."""
        try:
            config = make_config(**{**self.state.config.model_dump(), **changes})
            if self._project is not None:
                self._project.save_config(config)
        except UserError as error:
            self.notifier.report(error)
            return
        new_device = config.device != self.state.config.device
        self.store.update(config=config)
        if new_device:
            self._find_device()

    def add_weights(self, key: str, file: Path) -> None:
        """Take pretrained weights from a file."""
        self._weights.add(key, file)

    def download_weights(self, key: str) -> None:
        """Fetch pretrained weights from the internet."""
        self._weights.download(key)

    def cancel_download(self) -> None:
        """Stop the download."""
        self._weights.cancel()

    # runs

    def start_training(self) -> None:
        """Begin a run with the present plan."""
        if self._project is not None:
            self._training.start(self._project.runs_folder)

    def pause(self) -> None:
        """Hold the run."""
        self._training.pause()

    def resume(self) -> None:
        """Let the run go on."""
        self._training.resume()

    def stop(self) -> None:
        """End the run and keep its best epoch."""
        self._training.stop()

    def show_run(self, folder: Path) -> None:
        """Show the results of a run."""
        self._look(partial(load, folder), self._show_chosen)

    # the trained model in use

    def predict_paths(self, paths: Sequence[Path]) -> None:
        """Ask the model of the shown run about files and folders."""
        self._predicting.predict_paths(paths)

    def predict_image(self, image: QImage) -> None:
        """Ask the model of the shown run about a pasted image."""
        self._predicting.predict_image(image)

    def stop_predicting(self) -> None:
        """Ask no further; what was predicted stays."""
        self._predicting.stop()

    def clear_predictions(self) -> None:
        """Forget all predictions."""
        self._predicting.clear()

    def save_csv(self, file: Path) -> None:
        """Write all predictions as a table."""
        try:
            self._predicting.save_csv(file)
        except UserError as error:
            self.notifier.report(error)

    # what jobs tell

    def _place(self, home: Path) -> projects.Place:
        return projects.Place(home, self.state.project.folder if self.state.project else None)

    def _is_open(self, images: Path) -> bool:
        return self.state.project is not None and images.resolve() == self.state.project.images_root

    def _place_problem(self, home: Path, images: Path) -> str:
        if home.resolve().is_relative_to(images.resolve()):
            return self.tr("A project in “{home}” would lie among the images.").format(home=home)
        return "" if _can_write(home) else self.tr("Graft cannot write in “{home}”.").format(home=home)

    def _open(self, work: Work, about: str = "opening") -> None:
        done = partial(self._reading_ended, self._project if self._desk.busy else None)
        task = Task(self.tr("reading images"), work, self._take, done, gives_way=True, about=about)
        if self._desk.begin(task) is not None:
            self._curating.reading_begins()

    def _reading_ended(self, left: "Project | None", whole: bool) -> None:
        """Read the project again whose reading was left for one that came to nothing."""
        self.store.update(reading=None)
        if not self._desk.busy:
            self._curating.reading_ends()
        if not whole and left is not None and left is self._project and not self._desk.busy:
            self.rescan()

    def _find_device(self) -> None:
        # all of the warming up again: this look may take the place of one that has told nothing yet
        work = partial(warm_up, self.state.folders, self.state.config.device)
        self._devices.begin(Task(self.tr("looking for a graphics card"), work, self._take, _nothing, gives_way=True))

    def _look(self, work: Work, show: "Callable[[RunRecord], None]") -> None:
        task = Task(
            self.tr("reading a run"), work, partial(self._take_records, self._project, show), _nothing, gives_way=True
        )
        self._records.begin(task)

    def _take(self, batch: tuple[object, ...]) -> None:
        for event in without_stale(batch):
            match event:
                case projects.Opened():
                    self._opened(event)
                case projects.Found():
                    self._curating.list(event)
                case Progress():
                    self.store.update(reading=event)
                case projects.Read():
                    self._curating.take(event)
                case WeightsReady():
                    self.store.update(weights_ready=event.keys)
                case NoDevice():
                    self.store.update(device=None, device_problem=event.problem)
                case DeviceFound():
                    self.store.update(device=event.device, device_problem="")

    def _opened(self, event: projects.Opened) -> None:
        self._curating.write_all()
        if self._project is not None:
            self._project.close()
        project = self._project = event.project
        info = ProjectInfo(project.name, project.folder, project.images_root)
        self._predicting.forget()
        new_device = event.config.device != self.state.config.device
        self.store.update(
            page="data",
            project=info,
            config=event.config,
            scan=event.scan,
            table=event.table,
            runs=event.runs,
            shown=None,
            live=None,
            recent=projects.newest_first(project.folder, self.state.recent),
        )
        remember = partial(projects.keep_recent, self.state.folders, project.folder)
        self._notes.begin(Task(self.tr("noting the project"), remember, _passed_over, _nothing, gives_way=True))
        self._curating.open(project, event.scan, event.survey)
        self._say_if_images_are_gone(info)
        if new_device:
            self._find_device()
        finished = [run for run in event.runs if run.ending is not None]
        if finished:
            self._look(partial(load, finished[0].folder), self._show)

    def _say_if_images_are_gone(self, info: ProjectInfo) -> None:
        if not info.images_root.is_dir():
            self.notifier.refuse(
                self.tr("The images of this project are not at “{folder}” any more.").format(folder=info.images_root),
                self.tr("Connect the drive or put the folder back. Finished runs can be looked at and used."),
            )

    def _take_records(
        self, project: "Project | None", show: "Callable[[RunRecord], None]", batch: tuple[object, ...]
    ) -> None:
        if project is not self._project:
            return  # it comes too late: another project was opened meanwhile
        for event in batch:
            if isinstance(event, RunsListed):
                self.store.update(runs=event.runs)
            else:
                show(cast("RunRecord", event))

    def _show(self, record: "RunRecord", page: PageKey | None = None) -> None:
        self._predicting.forget()
        self.store.update(shown=record, page=page or self.state.page)

    def _show_chosen(self, record: "RunRecord") -> None:
        if not self.state.training:
            self.store.update(live=None)  # the run that ended last is no longer the one to look at
        self._show(record, "results")

    def _show_ended(self, record: "RunRecord") -> None:
        """Show the run that ended only to a person who waits for it: nobody loses what they look at."""
        if self.state.page == "train":
            self._show(record, "results")
            return
        if self.state.shown is None:
            self._show(record)
        self.notifier.info(self.tr("The training has ended."), self.tr("Choose it among the runs to see its score."))

    def _run_ended(self, folder: Path, whole: bool) -> None:
        if self._project is not None:
            self._look(partial(after_run, folder), self._show_ended)

    def _plan_again(self) -> None:
        """Plan whenever something changed that the plan depends on; it is a matter of milliseconds."""
        state = self.state
        depends = (state.config, state.dataset, state.device, state.weights_ready, state.device_problem)
        if len(self._planned_for) == len(depends) and all(map(operator.is_, depends, self._planned_for)):
            return  # compared by identity: a data set may hold 100,000 images
        self._planned_for = depends
        if state.dataset is None or state.device is None:
            self.store.update(plan=None, plan_problem=state.device_problem)
            return
        from core.train.plan import plan

        made = None
        try:
            made = plan(state.config, state.dataset, state.device, weights_ready=True)
            plan(state.config, state.dataset, state.device, state.config.backbone in state.weights_ready)
        except UserError as error:
            self.store.update(plan=made, plan_problem=error.message)
        else:
            self.store.update(plan=made, plan_problem="")


def _can_write(folder: Path) -> bool:
    """Say whether a folder can be written, or made if it is not there yet."""
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _passed_over(batch: tuple[object, ...]) -> None:
    """Take nothing from work that tells nothing."""


def _nothing(whole: bool) -> None:
    """Do nothing at the end of a look."""
