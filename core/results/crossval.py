"""Cross-validation: the plan of a run carried out on other splits, so that each image is in a test part once."""

import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from core.base.events import Event, Progress, Stop
from core.base.folders import Folders
from core.data.dataset import Dataset
from core.data.folds import folds
from core.results.metrics import Evaluation, Judged, evaluate
from core.results.predict import Predictor
from core.results.runs import RunWriter
from core.results.scoring import judge, said_of
from core.train.pace import Pace
from core.train.plan import RunPlan
from core.train.run import begin, run, stages


def cross_validate(plan: RunPlan, k: int, folders: Folders, stop: Stop) -> Generator[Event, None, Evaluation | None]:
    """Train `k` times, each time without another fold, and return the score of all folds together; None if stopped.

    A test part that the folder brought stays out of it: it may be of another kind than the rest. Yields progress.
    Nothing is kept of the `k` networks. Raises UserError if there are too few images.
    """
    dataset = _without_brought_test(plan.dataset)
    judged: list[Judged] = []
    for number, fold in enumerate(folds(dataset, k, plan.config.seed), start=1):
        fold_plan = replace(plan, dataset=fold)
        with tempfile.TemporaryDirectory(prefix="graft-fold-") as place:
            yield from _trained(fold_plan, Path(place) / "run", folders, stop, (number, k))
            if stop():
                return None
            judged += _judged(Predictor.load(Path(place) / "run", plan.device), fold_plan, folders)
    return evaluate(dataset.root, dataset.classes, judged) if judged else None


def _without_brought_test(dataset: Dataset) -> Dataset:
    if not dataset.brings_test:
        return dataset
    return replace(dataset, images=tuple(image for image in dataset.images if image.part != "test"))


def _trained(
    plan: RunPlan, folder: Path, folders: Folders, stop: Stop, fold: tuple[int, int]
) -> Generator[Event, None, None]:
    """Train on one split; of its events only progress is told, as of the whole."""
    number, k = fold
    RunWriter(folder, plan).close()
    for event in run(plan, begin(plan, folders), folder, folders, stop, Pace(stages(plan))):
        if isinstance(event, Progress):
            left = None if event.seconds_left is None else event.seconds_left * (k - number + 1)
            fraction = (number - 1 + event.fraction) / k
            yield replace(event, stage=f"cross-validation {number} of {k}", fraction=fraction, seconds_left=left)


def _judged(predictor: Predictor, plan: RunPlan, folders: Folders) -> list[Judged]:
    images = plan.dataset.part("test")
    rows = zip(images, said_of(predictor, plan, images, folders), strict=True)
    return [judge(image.path, image.label, row.probabilities) for image, row in rows if not row.problem]
