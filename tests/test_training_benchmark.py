"""The benchmark of training works on a handful of images: Graft, the bound, and what is kept of the results."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from core.models.network import build
from tests.benchmarks.training import accuracy, bound, graft, speed, survey
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.peers import tutorial
from tests.benchmarks.training.records import Records
from tests.benchmarks.training.starts import started
from tests.benchmarks.training.table import interval
from tests.core.conftest import draw

N_TRAIN, N_TEST, SIZE_PX = 10, 4, 32


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Return a job on two kinds of stripes, laid out and surveyed."""
    source = tmp_path / "set"
    for part, first, count in (("train", 0, N_TRAIN), ("val", N_TRAIN, N_TEST)):
        for kind, name in enumerate(("rows", "columns")):
            for seed in range(first, first + count):
                draw(source / part / name / f"{seed:02d}.png", kind, seed, SIZE_PX)
    images = accuracy.arranged(source, tmp_path / "arranged", ("train", "val"))
    job = Job("graft", "feature-extraction", "random-1", images, tmp_path, epochs=2, size_px=SIZE_PX)
    survey.train(job)
    return job


def test_the_split_tests_on_what_the_set_is_tested_on(job: Job) -> None:
    dataset = job.dataset()
    assert {image.path for image in dataset.part("test")} == {
        f"test/{name}/{seed:02d}.png" for name in ("rows", "columns") for seed in range(N_TRAIN, N_TRAIN + N_TEST)
    }
    assert len(dataset.part("train")) + len(dataset.part("val")) == 2 * N_TRAIN


def test_graft_and_the_bound_are_measured(job: Job) -> None:
    whole, least = graft.train(job), bound.train(job)
    assert whole.n_test == 2 * N_TEST
    assert whole.accuracy is not None
    assert len(whole.epoch_seconds) == 2
    assert math.isclose(least.seconds, least.parts["decode"] + least.parts["forward"])
    table = speed.table("feature-extraction", {"survey": [Outcome(1)], "graft": [whole], "bound": [least]})
    assert "| bound |" in table


def test_everyone_starts_from_the_same_random_weights(job: Job) -> None:
    given = started(job).state_dict()
    plan = graft.planned(replace(job, mode="fine-tune-all"))
    assert (plan.strategy, plan.config.seed) == ("from-scratch", 1)
    drawn = build(plan.network, 2, None, plan.config.seed, SIZE_PX).state()
    assert all(given[name].equal(value) for name, value in drawn.items() if not name.startswith("fc."))


def test_the_tutorials_loop_is_measured(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.training.data.WORKERS", 0)
    outcome = tutorial.train(replace(job, trainer="tutorial", epochs=1))
    assert outcome.accuracy is not None
    assert (len(outcome.epoch_seconds), outcome.n_test, outcome.batch_size) == (1, 2 * N_TEST, 4)


def test_a_training_that_is_in_the_records_is_not_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = Records(tmp_path / "accuracy.jsonl")
    wanted = accuracy.Wanted(["ants_bees"], ["graft"], ["fine-tune-all"], ["starter"], [0, 1], epochs=3)
    for key, right in zip(wanted.trainings(), (0.5, 0.7), strict=True):
        records.add(key, Outcome(seconds=9, cpu_seconds=4, accuracy=right, n_test=10))
    accuracy.run(tmp_path / "nowhere", tmp_path / "work", wanted, records)  # would fail: there are no images
    assert f"60.0 ± {interval([50, 70]):.1f} (4 s)" in capsys.readouterr().out
    assert [json.loads(line)["seed"] for line in records.file.read_text().splitlines()] == [0, 1]


def test_the_interval_is_students() -> None:
    assert math.isclose(interval([1, 2, 3]), 4.30 / math.sqrt(3), rel_tol=1e-3)


def test_a_peer_that_is_surely_better_is_named() -> None:
    wanted = accuracy.Wanted(["ants_bees", "neu_steel"], ["graft", "timm"], seeds=[0, 1])
    cells = {
        ("ants_bees", "graft"): (0.80, 0.81),
        ("ants_bees", "timm"): (0.95, 0.96),
        ("neu_steel", "graft"): (0.7, 0.9),
        ("neu_steel", "timm"): (0.8, 0.9),
    }
    said = accuracy.behind(wanted, {name: [Outcome(1, accuracy=a) for a in of_one] for name, of_one in cells.items()})
    assert [sentence[:52] for sentence in said] == ["Graft is behind timm on ants_bees by 15.0 points (su"]
