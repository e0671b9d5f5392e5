"""Opening projects and reading their images: generators of events for a job, no Qt. And which projects are recent.

What lies below is imported inside the generators, that is in the job's thread: it takes longer than a window may wait.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.config import RunConfig
from core.base.events import Stop
from core.base.files import write_json
from core.base.folders import Folders
from gui_app import interpreter
from gui_app.image_table import ImageTable, image_table
from gui_app.unwritten import Unwritten

if TYPE_CHECKING:
    from core.data.corrections import Field
    from core.data.folder.changes import Changes
    from core.data.folder.scan import Scan
    from core.data.near import Clusters
    from core.data.store.project import Project
    from core.data.survey import Known, Survey
    from core.results.runs import RunSummary

SUFFIX = ".graft"
SAMPLES_NAME = "Sample images"
RECENT_KEPT = 8


@dataclass(frozen=True)
class Opened:
    """A project is open, with all that it remembers; without a survey, only the list of its files stands, if that."""

    project: "Project"
    config: RunConfig
    scan: "Scan | None"
    table: ImageTable | None
    survey: "Survey | None"
    runs: "tuple[RunSummary, ...]"


@dataclass(frozen=True)
class Found:
    """The list of files stands, they are still to be read. `scan` has the words of a person on them, `listed` not."""

    listed: "Scan"
    scan: "Scan"
    table: ImageTable
    corrections: "Mapping[tuple[str, Field], str]"


@dataclass(frozen=True)
class Read:
    """All images were read. `changes` is what is new since they were read before, if they were."""

    survey: "Survey"
    table: ImageTable
    changes: "Changes | None" = None


@dataclass(frozen=True)
class Written:
    """A file or a folder was written that a person asked for."""

    place: Path


def projects_home() -> Path:
    """Return where new projects go: never beside the images, always where people look for their documents."""
    home = os.environ.get("GRAFT_HOME")
    if home:
        return Path(home) / "projects"
    import platformdirs

    return platformdirs.user_documents_path() / "Graft"


@dataclass(frozen=True)
class Place:
    """Where projects are kept, and which one is open in this window, so that its lock is not taken for another's."""

    home: Path
    here: Path | None = None


def open_images(images: Path, place: Place, stop: Stop, name: str = "") -> Iterator[object]:
    """Open the project of an images folder, or make it as soon as images were found, and read them.

    A new project is called `name`, or else as the folder is. Raises UserError if there are no images, the project is
    open elsewhere, or the place cannot be written.
    """
    from core.data.folder.scan import Examined, Listed, Scanned, scan
    from core.data.store.project import Project

    images = images.resolve()
    project, free = _known_project(images, place, name or images.name or "Images")
    if project is not None:
        yield from _opened(project, stop)
        return
    for event in scan(images, stop):
        if isinstance(event, Listed):
            project = Project.create(free, images)
            table = image_table(event.scan)
            interpreter.pass_over()
            yield Opened(project, project.config(), event.scan, table, None, ())
        elif isinstance(event, Examined) and project is not None:
            project.keep(event.images)
        elif isinstance(event, Scanned) and project is not None:
            yield from _judged(project, event.scan, None, stop)
        else:
            yield event


def open_project(folder: Path, stop: Stop) -> Iterator[object]:
    """Open a project and read its images if that was not finished; UserError if it is none or open elsewhere."""
    from core.data.store.project import Project

    yield from _opened(Project.open(folder), stop)


def open_samples(folders: Folders, place: Place, stop: Stop) -> Iterator[object]:
    """Draw the sample images, if that is still to be done, and open their project."""
    from core.data.samples.drawing import SamplesDrawn, draw_samples

    for event in draw_samples(folders.samples, stop=stop):
        yield event
        if isinstance(event, SamplesDrawn):
            yield from open_images(event.folder, place, stop, SAMPLES_NAME)


def read(project: "Project", stop: Stop) -> Iterator[object]:
    """Read the images of a project again and keep what was found; no image changes its side of the split."""
    from core.data.folder.changes import changes
    from core.data.folder.scan import Examined, Listed, Scanned, scan

    before, decided = project.scan(), project.decisions()
    known = project.read_before()
    for event in scan(project.images_root, stop, reading=decided.reading, added=decided.added, before=known):
        if isinstance(event, Listed):
            yield _found(project, event.scan)
        elif isinstance(event, Examined):
            project.keep(event.images)
        elif isinstance(event, Scanned):
            changed = changes(before, event.scan) if before else None
            near = None if changed is None or changed else project.near()
            yield from _judged(project, event.scan, near, stop, changed)
        else:
            yield event


def write_and_mark(
    project: "Project", listed: "Scan", table: "ImageTable | None", unwritten: Unwritten, stop: Stop
) -> Iterator[Found]:
    """Write what a person said while the images are read, and tell what it makes of the list of files."""
    unwritten.write(project, table)
    yield _found(project, listed)


def judge_again(
    project: "Project", before: "Survey", table: "ImageTable | None", unwritten: Unwritten, stop: Stop
) -> Iterator[object]:
    """Write what a person said, and put together anew what follows from the images."""
    from core.data.survey import survey

    unwritten.write(project, table)
    made = survey(before.found, before.near, replace(_known(project, before.found), shortcut=before.shortcut))
    project.remember(made.drawn or made.dataset)
    yield from _told(project, made, stop)


def export_labels(survey: "Survey", file: Path, stop: Stop) -> Iterator[object]:
    """Write the table of labels. Raises UserError."""
    from core.data.store.export import write_labels

    write_labels(survey, file)
    yield Written(file)


def write_copy(survey: "Survey", folder: Path, stop: Stop) -> Iterator[object]:
    """Copy the images with their corrections into class folders. Raises UserError."""
    from core.data.store.export import Copied
    from core.data.store.export import write_copy as copy

    for event in copy(survey, folder, stop):
        yield Written(event.folder) if isinstance(event, Copied) else event


def _opened(project: "Project", stop: Stop) -> Iterator[object]:
    from core.data.survey import survey, with_shortcut
    from core.results.runs import list_runs

    scanned = project.scan()
    known = survey(scanned, project.near(), _known(project, scanned)) if scanned is not None else None
    table = _table(known) if known is not None else None
    yield Opened(project, project.config(), scanned, table, known, list_runs(project.runs_folder))
    if known is None or known.dataset is None:
        yield from read(project, stop)
    else:
        yield _read(with_shortcut(known, stop))


def _found(project: "Project", listed: "Scan") -> Found:
    from core.data.corrections import corrected, present

    said = present(project.journal(), listed)
    scan = corrected(listed, said)
    table = image_table(scan)
    interpreter.pass_over()
    return Found(listed, scan, table, said)


def _read(made: "Survey", changed: "Changes | None" = None) -> Read:
    return Read(made, _table(made), changed)


def _table(made: "Survey") -> ImageTable:
    table = image_table(made.scan, made.dataset, made.findings, made.corrections)
    interpreter.pass_over()
    return table


def _judged(
    project: "Project", found: "Scan", near: "Clusters | None", stop: Stop, changed: "Changes | None" = None
) -> Iterator[Read]:
    """Yield what follows from the images that were read, their near-duplicates found unless they are known."""
    from core.data.near import near_duplicates
    from core.data.survey import survey

    near = near_duplicates(found.readable, stop) if near is None else near
    if not stop():
        made = survey(found, near, _known(project, found))
        project.save(found, made.drawn or made.dataset, near)
        yield from _told(project, made, stop, changed)


def _told(project: "Project", made: "Survey", stop: Stop, changed: "Changes | None" = None) -> Iterator[Read]:
    """Yield a survey, and again once it was seen what beside the pictures gives the labels away."""
    from core.data.survey import with_shortcut

    decided = project.decisions()
    if not decided.grouping:  # a person may have decided meanwhile: only a guess where there is none is kept
        project.decide(replace(decided, grouping=made.decisions.grouping))
    yield _read(made, changed)
    yield _read(with_shortcut(made, stop))


def _known(project: "Project", found: "Scan") -> "Known":
    from core.data.corrections import present
    from core.data.survey import Known

    return Known(present(project.journal(), found), project.known(), project.decisions())


def _known_project(images: Path, place: Place, name: str) -> "tuple[Project | None, Path]":
    """Return the project of these images if there is one already, and the first folder that is free if not."""
    from core.data.store.project import Project, belongs_to

    number = 1
    while (folder := place.home / f"{name}{f' {number}' if number > 1 else ''}{SUFFIX}").exists():
        number += 1
        if folder != place.here and belongs_to(folder, images):  # that of these images would not be opened again
            return Project.open(folder), folder
    return None, folder


def recent(folders: Folders) -> tuple[Path, ...]:
    """Return the projects that were open last and are still there, the last one first."""
    try:
        listed = json.loads(_recent_file(folders).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    if not isinstance(listed, list):
        return ()
    return tuple(Path(item) for item in listed if isinstance(item, str) and Path(item).is_dir())


def newest_first(project: Path, recent: Iterable[Path]) -> tuple[Path, ...]:
    """Return the recent projects with this one at the front."""
    return (project, *(other for other in recent if other != project))[:RECENT_KEPT]


def keep_recent(folders: Folders, project: Path, stop: Stop) -> Iterator[object]:
    """Write down that a project is recent; beside the window, since a busy disk may take its time."""
    write_json(_recent_file(folders), [str(path) for path in newest_first(project, recent(folders))])
    yield from ()


def _recent_file(folders: Folders) -> Path:
    return folders.data / "recent.json"
