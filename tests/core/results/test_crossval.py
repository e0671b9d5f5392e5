"""Cross-validation: each image is scored once by a network that never saw it."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.base.events import Finished, Progress, Warned
from core.base.folders import Folders
from core.results.crossval import cross_validate
from core.results.runs import load_run
from core.results.session import train
from core.train.plan import RunPlan
from tests.core.conftest import planned


@pytest.mark.parametrize("strategy", ["feature-extraction", "fine-tune-all"])
def test_every_image_is_scored_once_by_all_folds_together(
    images: Path, tmp_path: Path, folders: Folders, strategy: str
) -> None:
    plan = planned(images, strategy=strategy, epochs=2, folds=3)
    events = list(train(plan, tmp_path / "run", folders))
    assert isinstance(events[-1], Finished)
    record = load_run(tmp_path / "run")
    assert record.cross_validation is not None
    assert [row.path for row in sorted(record.cross_validation.judged, key=lambda row: row.path)] == [
        image.path for image in plan.dataset.images
    ]
    assert record.evaluation is not None and record.evaluation.n == len(plan.dataset.part("test"))
    told = [event for event in events if isinstance(event, Progress) and event.stage.startswith("cross-validation")]
    assert told and all(0 <= event.fraction <= 1 for event in told)


def test_without_the_wish_there_is_none(images: Path, tmp_path: Path, folders: Folders) -> None:
    list(train(planned(images, epochs=1), tmp_path / "run", folders))
    assert load_run(tmp_path / "run").cross_validation is None


def brought(plan: RunPlan) -> RunPlan:
    return replace(plan, dataset=replace(plan.dataset, brings_test=True))


def test_a_test_part_that_the_folder_brought_stays_out_of_it(images: Path, folders: Folders) -> None:
    plan = brought(planned(images, epochs=1))
    score = None
    folding = cross_validate(plan, 2, folders, lambda: False)
    while score is None:
        try:
            next(folding)
        except StopIteration as end:
            score = end.value
    test = {image.path for image in plan.dataset.part("test")}
    assert test.isdisjoint(row.path for row in score.judged)
    assert score.n == len(plan.dataset.images) - len(test)


def test_a_stop_keeps_the_run_and_its_own_score(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, epochs=1, folds=3)
    stopped: list[Progress] = []
    ended = None
    for event in train(plan, tmp_path / "run", folders, lambda: bool(stopped)):
        if isinstance(event, Progress) and event.stage.startswith("cross-validation 2"):
            stopped.append(event)
        ended = event
    assert isinstance(ended, Finished) and ended.accuracy is not None
    assert load_run(tmp_path / "run").cross_validation is None


def test_too_few_images_for_it_are_told_and_cost_nothing(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, epochs=1, folds=2)
    one_group = tuple(replace(image, group=str(image.label)) for image in plan.dataset.images)
    plan = replace(plan, dataset=replace(plan.dataset, images=one_group))
    events = list(train(plan, tmp_path / "run", folders))
    assert any(isinstance(event, Warned) and "too few images for cross-validation" in event.message for event in events)
    assert isinstance(events[-1], Finished) and events[-1].accuracy is not None
