"""Graft as its command line uses it: a plan from the defaults, and `core.results.session.train`."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sklearn.metrics  # noqa: F401 - what the score loads late, before the clock runs

from core.base.config import make_config
from core.base.events import EpochDone, Event, Finished
from core.models.device import choose_device
from core.models.weights import WeightStore
from core.results.runs import load_run
from core.results.session import train as train_session
from core.train.plan import RunPlan, plan
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.starts import RANDOM, backbone_of


def planned(job: Job) -> RunPlan:
    """Return Graft's own plan. Random weights are nothing to keep: all layers then learn from scratch.

    That strategy draws the same weights from the seed as the others are given.
    """
    found = RANDOM.fullmatch(job.backbone)
    scratch = found is not None and job.mode == "fine-tune-all"
    backbone = backbone_of(job.backbone)
    config = make_config(
        backbone=backbone.key,
        strategy="from-scratch" if scratch else job.mode,
        epochs=job.epochs,
        seed=int(found[1]) if found else job.seed,
        device=job.device,
        image_size=job.size_px,
        batch_size=job.batch_size,
        patience=job.epochs if job.every_epoch else None,
    )
    ready = WeightStore(job.folders.weights).ready(backbone)
    return plan(config, job.dataset(), choose_device(job.device), ready)


def train(job: Job) -> Outcome:
    """Plan, train and score; caches that an earlier job left are used."""
    begun = time.perf_counter()
    made = planned(job)
    folder = Path(tempfile.mkdtemp(dir=job.work)) / "run"
    events = list(train_session(made, folder, job.folders))
    seconds = time.perf_counter() - begun
    end = events[-1]
    assert isinstance(end, Finished)
    recorded = load_run(folder).plan
    precision = recorded.features_precision if job.mode == "feature-extraction" else recorded.precision
    return Outcome(
        seconds=seconds,
        epoch_seconds=_of_last_phase(made, events),
        accuracy=end.accuracy,
        n_test=end.n_test,
        batch_size=recorded.phases[-1].batch_size,
        precision=precision or "float32",
        parts={"epochs": end.epochs},
    )


def _of_last_phase(made: RunPlan, events: Sequence[Event]) -> tuple[float, ...]:
    title = made.phases[-1].title
    return tuple(event.seconds for event in events if isinstance(event, EpochDone) and event.phase == title)
