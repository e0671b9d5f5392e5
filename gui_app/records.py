"""Reading what was kept of runs, for a job."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.base.events import Stop
from core.results.runs import RunSummary, list_runs, load_run


@dataclass(frozen=True)
class RunsListed:
    """The runs of the project, the newest first."""

    runs: tuple[RunSummary, ...]


def load(folder: Path, stop: Stop) -> Iterator[object]:
    """Yield the RunRecord of a run."""
    yield load_run(folder)


def after_run(runs_folder: Path, folder: Path, stop: Stop) -> Iterator[object]:
    """Yield the list of runs, and the run that just ended if anything was kept of it."""
    listed = list_runs(runs_folder)
    yield RunsListed(listed)
    if any(run.folder == folder and run.ending is not None for run in listed):
        yield load_run(folder)
