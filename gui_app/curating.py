"""What a person says of the images is done here: corrections, groups, the split, and where images come from."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.base.errors import UserError
from core.base.events import Progress
from gui_app import projects
from gui_app.desk import Desk, Task, without_stale
from gui_app.job import Work
from gui_app.notify import Notifier
from gui_app.state import Store
from gui_app.unwritten import Unwritten

if TYPE_CHECKING:
    from core.data.decisions import Decisions
    from core.data.folder.scan import Scan
    from core.data.store.project import Project
    from core.data.survey import Survey
    from gui_app.correcting import Said


class Curating(QObject):
    """Writes every word into the project, a few at once and many beside the window, where what follows is put together.

    `read_again` is wanted when another reading of the folder was chosen, or images from elsewhere were added.
    """

    read_again = Signal()

    def __init__(self, store: Store, notifier: Notifier, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._notifier = notifier
        self._judging, self._writing = Desk(notifier, self), Desk(notifier, self)
        self._project: Project | None = None
        self._survey: Survey | None = None
        self._listed: Scan | None = None
        self._unwritten = Unwritten()
        self._reading = self._said_meanwhile = False

    def reading_begins(self) -> None:
        """Judge nothing from now on: what is shown is about to be replaced."""
        self._reading = True

    def reading_ends(self) -> None:
        """Judge again, and do now what was put off, whether the reading came to its end or not."""
        self._reading = False
        if self._said_meanwhile:
            self._said_meanwhile = False
            self._judge()

    def open(self, project: "Project", listed: "Scan | None", survey: "Survey | None") -> None:
        """Go on with the images of a project."""
        self._project, self._survey, self._listed, self._said_meanwhile = project, survey, listed, False
        self._store.update(changes=None, **(_shown(survey) if survey else _NOTHING))

    def list(self, event: projects.Found) -> None:
        """Show the images that are going to be read, and what is said of them already."""
        self._listed = event.listed
        listed = {"scan": event.scan, "table": event.table, "corrections": event.corrections}
        self._store.update(dataset=None, findings=(), data_problem="", **listed)

    def take(self, event: projects.Read) -> None:
        """Show what follows from the images."""
        self._survey, self._listed = event.survey, event.survey.found
        changes = event.changes or self._store.state.changes
        self._store.update(reading=None, changes=changes, table=event.table, **_shown(event.survey))
        if self._said_meanwhile and not self._reading:  # perhaps too late for this judgement
            self._said_meanwhile = False
            self._judge()

    def correct(self, said: "Said") -> None:
        """Keep the words of a person on single images; they hold at once."""
        self._unwritten.add(said)
        if not self._unwritten.few or self._keep(self._write_words):
            self._judge()

    def write_all(self) -> None:
        """Write what still waits: the project is about to be closed."""
        self._keep(self._write_words)

    def choose_grouping(self, key: str) -> None:
        """Keep other images together; the split is drawn anew if that is another choice than before."""
        anew = key != self._store.state.grouping
        self._decide(lambda known: replace(known, grouping=key, confirmed=True), anew)

    def change_split(self, shares: tuple[int, int, int]) -> None:
        """Draw the split anew, with other shares (percent of train, val and test)."""
        self._decide(lambda known: replace(known, shares=shares), True)

    def choose_reading(self, key: str) -> None:
        """Read the folder in another way; the split is drawn anew."""
        if self._keep(lambda project: _decide(project, lambda known: replace(known, reading=key), True)):
            self.read_again.emit()

    def add_images(self, paths: tuple[Path, ...]) -> None:
        """Take images from elsewhere into the project. The files stay where they are."""
        added = tuple(str(path.absolute()) for path in paths)

        def more(known: "Decisions") -> "Decisions":
            return replace(known, added=tuple(dict.fromkeys((*known.added, *added))))

        if self._keep(lambda project: _decide(project, more, False)):
            self.read_again.emit()

    def dismiss_changes(self) -> None:
        """Say no more of what is new in the folder."""
        self._store.update(changes=None)

    def export_labels(self, file: Path) -> None:
        """Write a table of file, label, group and part."""
        if self._survey is not None:
            self._write(self.tr("writing the labels"), partial(projects.export_labels, self._survey, file))

    def write_copy(self, folder: Path) -> None:
        """Write a copy of the images into class folders, with the corrections."""
        if self._survey is not None:
            self._write(self.tr("copying the images"), partial(projects.write_copy, self._survey, folder))

    def _decide(self, change: "Callable[[Decisions], Decisions]", anew: bool) -> None:
        self._tell(lambda project: _decide(project, change, anew))

    def _tell(self, write: "Callable[[Project], None]") -> None:
        if self._keep(write):
            self._judge()

    def _write_words(self, project: "Project") -> None:
        self._unwritten.write(project, self._store.state.table)

    def _judge(self) -> None:
        """Judge again, or only mark the images while they are being read: that ends in a judgement."""
        project, table = self._project, self._store.state.table
        if project is None or self._listed is None:
            return
        if self._survey is None or self._reading:
            self._said_meanwhile = True
            work: Work = partial(projects.write_and_mark, project, self._listed, table, self._unwritten)
        else:
            work = partial(projects.judge_again, project, self._survey, table, self._unwritten)
        take = partial(self._take_judged, project)
        self._judging.begin(Task(self.tr("sorting the images"), work, take, _nothing, gives_way=True))

    def _keep(self, write: "Callable[[Project], None]") -> bool:
        if self._project is None:
            return False
        try:
            write(self._project)
        except UserError as error:
            self._notifier.report(error, "corrections")
            return False
        self._notifier.succeed("corrections")
        return True

    def _take_judged(self, project: "Project", batch: tuple[object, ...]) -> None:
        for event in batch:
            late = project is not self._project or self._reading
            if isinstance(event, projects.Read) and not late:
                self.take(event)
            elif isinstance(event, projects.Found) and project is self._project and event.listed is self._listed:
                self._mark(event)

    def _mark(self, event: projects.Found) -> None:
        """Show what was said of the images while they are read."""
        if self._store.state.dataset is None:
            self._store.update(scan=event.scan, table=event.table, corrections=event.corrections)

    def _write(self, name: str, work: Work) -> None:
        self._store.update(busy=name)
        self._writing.begin(Task(name, work, self._take_written, self._written))

    def _take_written(self, batch: tuple[object, ...]) -> None:
        for event in without_stale(batch):
            if isinstance(event, Progress):
                self._store.update(busy=f"{event.stage} {event.done}/{event.total}")
            elif isinstance(event, projects.Written):
                self._notifier.info(self.tr("Written: {place}").format(place=event.place), stays=True)

    def _written(self, whole: bool) -> None:
        self._store.update(busy="")


def _decide(project: "Project", change: "Callable[[Decisions], Decisions]", anew: bool) -> None:
    project.decide(change(project.decisions()))
    if anew:
        project.forget_parts()


_NOTHING: dict[str, object] = {
    "dataset": None,
    "findings": (),
    "data_problem": "",
    "corrections": {},
    "groupings": (),
    "grouping": "",
    "grouping_confirmed": False,
}


def _shown(survey: "Survey") -> dict[str, object]:
    return {
        "scan": survey.scan,
        "dataset": survey.dataset,
        "findings": survey.findings,
        "data_problem": survey.problem,
        "corrections": survey.corrections,
        "groupings": survey.groupings,
        "grouping": survey.grouping,
        "grouping_confirmed": survey.decisions.confirmed,
        "shares": survey.decisions.shares,
    }


def _nothing(whole: bool) -> None:
    """Do nothing at the end of a judgement."""
