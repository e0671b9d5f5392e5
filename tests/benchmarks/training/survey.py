"""Reads the folder as `graft train` does before it trains, and keeps the split that all trainers are given."""

import time

import core.data.shortcut  # noqa: F401 - what the survey loads late, before the clock runs
from core.data.folder.scan import Scanned, scan
from core.data.near import near_duplicates
from core.data.survey import survey
from tests.benchmarks.training.job import DATASET, Job, Outcome
from tests.benchmarks.training.starts import provide


def train(job: Job) -> Outcome:
    """Write the split and, if they are not there yet, the starting weights; the seconds are those of the survey."""
    provide(job)
    begun = time.perf_counter()
    found = next(event.scan for event in scan(job.images) if isinstance(event, Scanned))
    made = survey(found, near_duplicates(found.readable))
    seconds = time.perf_counter() - begun
    assert made.dataset is not None, made.problem
    job.split.write_bytes(DATASET.dump_json(made.dataset))
    return Outcome(seconds)
