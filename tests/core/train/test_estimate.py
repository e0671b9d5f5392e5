"""What a person is told before a run begins."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from core.base.folders import Folders
from core.models.network import skeleton
from core.models.speed import Speed
from core.results.session import train
from core.train import activations
from core.train import estimate as estimate_module
from core.train.activation_pass import will_hold
from core.train.costs import Costs
from core.train.estimate import estimate
from core.train.plan import RunPlan
from core.train.replicas import PARTS
from tests.core.conftest import planned

MB = 2**20
COSTS = Costs(Speed("float32", 0.5), (Speed("float32", 0.25), Speed("float32", 2.0)), (0.0, 0.0))


@pytest.fixture
def plan(images: Path, monkeypatch: pytest.MonkeyPatch) -> RunPlan:
    monkeypatch.setattr(estimate_module, "costs", lambda plan, folders: COSTS)
    return planned(images, strategy="fine-tune-all", epochs=3)


def learning_s(plan: RunPlan) -> float:
    """Return the seconds of all steps, with the look at the validation images after each epoch that learns layers."""
    n_train, n_val, n_test = (len(plan.dataset.part(part)) for part in ("train", "val", "test"))
    head, everything = plan.phases
    head_s = head.epochs * n_train * 0.25
    mirror_s = 2 * n_val * 0.5
    return head_s + everything.epochs * (n_train * 2.0 + n_val * 0.5) + mirror_s + n_test * 0.5


def test_what_was_read_before_costs_nothing_again(plan: RunPlan, folders: Folders, tmp_path: Path) -> None:
    first = estimate(plan, folders)
    n_read = len(plan.dataset.part("train")) + len(plan.dataset.part("val"))
    assert first.seconds > learning_s(plan) + n_read * 0.5
    list(train(plan, tmp_path / "run", folders))
    again = estimate(plan, folders)
    # a few test images may be in the sample, which no run has read
    assert learning_s(plan) <= again.seconds < first.seconds
    assert (
        first.images_per_s
        == again.images_per_s
        == pytest.approx(plan.phases[1].epochs * len(plan.dataset.part("train")) / (learning_s(plan) - _rest_s(plan)))
    )
    weights_mb = sum(t.numel() for t in skeleton(plan.network, 2).state().values()) * 4 / MB
    squares_mb = len(plan.dataset.images) * plan.framing.resize_px**2 * 3 / MB
    vectors_mb = len(plan.dataset.images) * plan.network.feature_dim * 4 / MB
    assert first.disk_mb == pytest.approx(weights_mb + squares_mb + vectors_mb)
    assert weights_mb <= again.disk_mb < first.disk_mb


def _rest_s(plan: RunPlan) -> float:
    n_train, n_val, n_test = (len(plan.dataset.part(part)) for part in ("train", "val", "test"))
    return plan.phases[0].epochs * n_train * 0.25 + 2 * n_val * 0.5 + n_test * 0.5


def test_features_that_are_stored_cost_nothing_again(images: Path, folders: Folders, tmp_path: Path) -> None:
    plan = planned(images, strategy="feature-extraction", epochs=1)
    first = estimate(plan, folders)
    list(train(plan, tmp_path / "run", folders))
    again = estimate(plan, folders)
    vectors_mb = len(plan.dataset.images) * plan.network.feature_dim * 4 / MB
    assert first.disk_mb - again.disk_mb == pytest.approx(vectors_mb)
    assert again.seconds < first.seconds


def test_each_fold_is_another_run(plan: RunPlan, folders: Folders, tmp_path: Path) -> None:
    list(train(plan, tmp_path / "run", folders))
    once, folded = (
        estimate(plan, folders),
        estimate(replace(plan, config=plan.config.model_copy(update={"folds": 3})), folders),
    )
    assert folded.seconds - once.seconds == pytest.approx(
        3 * learning_s(plan), abs=5
    )  # reading a few images takes its time too


def test_memory_grows_with_the_batch_and_the_image_size(images: Path, folders: Folders) -> None:
    def needed_mb(**settings: object) -> float:
        plan = planned(images, strategy="from-scratch", epochs=1, **settings)
        held_bytes: int = psutil.Process().memory_info().rss
        return estimate(plan, folders).memory_mb - held_bytes / MB

    small, many, large = needed_mb(batch_size=8), needed_mb(batch_size=4096), needed_mb(batch_size=4096, image_size=64)
    assert many > small + 100
    assert large > 3 * many


def test_images_that_are_only_looked_at_need_memory_too(images: Path, folders: Folders) -> None:
    def needed_mb(batch_size: int) -> float:
        plan = planned(images, strategy="feature-extraction", epochs=1, batch_size=batch_size, image_size=256)
        held_bytes: int = psutil.Process().memory_info().rss
        return estimate(plan, folders).memory_mb - held_bytes / MB

    few, many = needed_mb(2), needed_mb(32)
    square_mb = 256 * 256 * 3 * 4 / MB  # what the network sees of an image, and makes of it with its first layer
    assert many - few > 30 * square_mb


@pytest.mark.parametrize(("units", "divided"), [("AVX2", True), ("AVX512", False)])
def test_activations_count_where_they_are_kept_and_gradients_of_each_part(
    plan: RunPlan, images: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch, units: str, divided: bool
) -> None:
    monkeypatch.setattr(psutil.Process, "memory_info", lambda self: SimpleNamespace(rss=0))
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: units)
    here = planned(images, strategy="fine-tune-last", epochs=6, last_blocks=1, augmentation="none")
    kept_mb = will_hold(here, skeleton(here.network, 2, here.framing.size_px)).memory / MB
    on_card = estimate(replace(here, device=replace(here.device, kind="cuda")), folders)
    in_memory = estimate(here, folders)
    gradients_mb = divided * PARTS * here.trained_parameters * 4 / MB  # of each part, beside their sum
    assert in_memory.memory_mb - on_card.memory_mb == pytest.approx(kept_mb + gradients_mb)
    monkeypatch.setattr(activations, "MEMORY_SHARE", 0.0)
    in_file = estimate(here, folders)
    assert in_file.memory_mb == pytest.approx(on_card.memory_mb + gradients_mb)
    assert in_file.disk_mb - in_memory.disk_mb == pytest.approx(kept_mb)


def test_what_is_not_loaded_yet_takes_its_time(
    plan: RunPlan, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(train(plan, tmp_path / "run", folders))
    loaded = estimate(plan, folders).seconds
    monkeypatch.delitem(sys.modules, estimate_module.SCORING)
    assert estimate(plan, folders).seconds == pytest.approx(loaded + estimate_module.LOADING_S, abs=1)
