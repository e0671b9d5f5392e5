"""Opening projects and reading their images: generators of events for a job, no Qt. And which projects are recent."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.findings import Finding, findings
from core.data.samples import SamplesDrawn, draw_samples

from core.base.config import RunConfig
from core.base.errors import UserError
from core.base.events import Stop
from core.base.files import write_json
from core.base.folders import Folders
from core.data.dataset import Dataset
from core.data.project import Project
from core.data.scan import Scan, Scanned, scan
from core.data.split import make_dataset
from core.results.runs import RunSummary, list_runs

SUFFIX = ".graft"
RECENT_KEPT = 8


@dataclass(frozen=True)
class Opened:
    """A project is open, with all that it remembers."""

    project: Project
    config: RunConfig
    scan: Scan | None
    dataset: Dataset | None
    findings: tuple[Finding, ...]
    runs: tuple[RunSummary, ...]


@dataclass(frozen=True)
class Read:
    """All images were read. Without a dataset, `problem` says why no model can be taught with them."""

    scan: Scan
    dataset: Dataset | None
    findings: tuple[Finding, ...]
    problem: UserError | None


def projects_home() -> Path:
    """Return where new projects go: never beside the images, always where people look for their documents."""
    home = os.environ.get("GRAFT_HOME")
    if home:
        return Path(home) / "projects"
    import platformdirs

    return platformdirs.user_documents_path() / "Graft"


def open_images(images: Path, home: Path, stop: Stop) -> Iterator[object]:
    """Open the project of an images folder in `home`, making it if there is none, and read its images if not yet done.

    Raises UserError if the folder is not there, the project is open elsewhere, or `home` cannot be written.
    """
    if not images.is_dir():
        raise UserError(f"The folder “{images}” is not there.", "Choose the folder that holds your images.")
    if images.suffix == SUFFIX:
        yield from open_project(images, stop)
    else:
        yield from _opened(_project_for(images.resolve(), home), stop)


def open_project(folder: Path, stop: Stop) -> Iterator[object]:
    """Open a project and read its images if that was not finished; UserError if it is none or open elsewhere."""
    yield from _opened(Project.open(folder), stop)


def open_samples(folders: Folders, home: Path, stop: Stop) -> Iterator[object]:
    """Draw the sample images, if that is still to be done, and open their project."""
    for event in draw_samples(folders.samples, stop=stop):
        yield event
        if isinstance(event, SamplesDrawn):
            yield from open_images(event.folder, home, stop)


def read(project: Project, stop: Stop) -> Iterator[object]:
    """Read all images of a project and keep what was found; no image changes its side of the split."""
    before = project.dataset()
    known = {image.path: image.part for image in before.images} if before is not None else {}
    for event in scan(project.images_root, stop):
        yield event
        if isinstance(event, Scanned):
            yield _judged(project, event.scan, known)


def _opened(project: Project, stop: Stop) -> Iterator[object]:
    scanned, dataset = project.scan(), project.dataset()
    found = findings(scanned, dataset) if scanned is not None else ()
    yield Opened(project, project.config(), scanned, dataset, found, list_runs(project.runs_folder))
    if dataset is None:
        yield from read(project, stop)


def _judged(project: Project, scanned: Scan, known: dict[str, Any]) -> Read:
    try:
        dataset = make_dataset(scanned, project.config().seed, known)
    except UserError as problem:
        return Read(scanned, None, findings(scanned, None), problem)
    project.save(scanned, dataset)
    return Read(scanned, dataset, findings(scanned, dataset), None)


def _project_for(images: Path, home: Path) -> Project:
    """Reopen the project of these images, or make one under the first name that is free."""
    name, number = images.name or "Images", 1
    while (folder := home / f"{name}{f' {number}' if number > 1 else ''}{SUFFIX}").exists():
        project = Project.open(folder)
        if project.images_root == images:
            return project
        project.close()
        number += 1
    return Project.create(folder, images)


def recent(folders: Folders) -> tuple[Path, ...]:
    """Return the projects that were open last and are still there, the last one first."""
    try:
        listed = json.loads(_recent_file(folders).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    if not isinstance(listed, list):
        return ()
    return tuple(Path(item) for item in listed if isinstance(item, str) and Path(item).is_dir())


def remember(folders: Folders, project: Path) -> tuple[Path, ...]:
    """Put a project to the front of the recent ones and return them."""
    kept = (project, *(other for other in recent(folders) if other != project))[:RECENT_KEPT]
    write_json(_recent_file(folders), [str(path) for path in kept])
    return kept


def _recent_file(folders: Folders) -> Path:
    return folders.data / "recent.json"
