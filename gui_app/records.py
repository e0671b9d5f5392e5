"""Reading what was kept of runs, for a job: imported in its thread, like all that lies below the window."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.events import Stop

if TYPE_CHECKING:
    from core.results.runs import RunSummary


@dataclass(frozen=True)
class RunsListed:
    """The runs of the project, the newest first."""

    runs: "tuple[RunSummary, ...]"


def load(folder: Path, stop: Stop) -> Iterator[object]:
    """Yield the list of runs and the RunRecord of a run. The list too: a look may take the place of one after a run."""
    from core.results.runs import list_runs, load_run

    yield RunsListed(list_runs(folder.parent))
    yield load_run(folder)


def after_run(folder: Path, stop: Stop) -> Iterator[object]:
    """Yield the list of runs, and the run that just ended if anything was kept of it."""
    from core.results.runs import list_runs, load_run

    listed = list_runs(folder.parent)
    yield RunsListed(listed)
    if any(run.folder == folder and run.ending is not None for run in listed):
        yield load_run(folder)
