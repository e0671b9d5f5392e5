from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.base.events import Event, Progress, Warned, never
from core.base.folders import Folders
from core.models.network import build
from core.results.session import train
from core.train.batches import FeatureBatches
from core.train.plan import PlannedPhase, RunPlan
from core.train.ranges import HIGHEST, LOWEST, RatePoint, best_rate, try_rates
from core.train.run import stages
from tests.core.conftest import planned
from tests.core.models.tiny import register


def phase_of(plan: RunPlan) -> PlannedPhase:
    return replace(plan.phases[-1], batch_size=16)


def stripes(n: int = 64) -> FeatureBatches:
    """Return images, where a whole network learns, whose class is their brightness."""
    labels = torch.arange(n) % 2
    noise = torch.randn(n, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return FeatureBatches(noise + (labels * 2 - 1).view(n, 1, 1, 1).float(), labels)


def test_rates_rise_until_the_loss_bursts_and_the_network_is_as_before(images: Path) -> None:
    plan = planned(images, strategy="from-scratch")
    network = build(register(), 2, None, seed=0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    points = list(try_rates(plan, phase_of(plan), network, network, stripes(), never))
    rates = [point.rate for point in points]
    assert rates == sorted(rates)
    assert rates[0] == LOWEST
    assert rates[-1] <= HIGHEST
    assert all(np.isfinite(point.loss) for point in points)
    assert min(point.loss for point in points) < 0.8 * points[0].loss, "it learned on the way"
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_rate_taken_lies_well_below_the_one_where_the_loss_is_lowest() -> None:
    losses = [(1e-5, 2.0), (1e-4, 1.5), (1e-3, 0.9), (1e-2, 0.5), (1e-1, 1.4)]
    assert best_rate([RatePoint(rate, loss) for rate, loss in losses]) == 1e-3
    assert best_rate([RatePoint(1e-5, 1.0), RatePoint(1e-4, 1.2)]) is None
    assert best_rate([]) is None


def told(images: Path, out: Path, folders: Folders, **values: object) -> list[Event]:
    plan = planned(images, strategy="fine-tune-all", epochs=2, **values)
    return [event for event in train(plan, out, folders) if isinstance(event, Warned)]


def test_a_run_that_looks_for_its_rate_says_which_it_took(images: Path, tmp_path: Path, folders: Folders) -> None:
    (found,) = told(images, tmp_path / "run", folders, find_rate="on")
    assert isinstance(found, Warned)
    assert "learning rate" in found.message
    assert not told(images, tmp_path / "other", folders)


def test_progress_tells_of_every_stage(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.train.pace.EVERY_S", 0)
    plan = planned(images, strategy="fine-tune-all", epochs=2, find_rate="on")
    events = [event for event in train(plan, tmp_path / "run", folders) if isinstance(event, Progress)]
    assert list(dict.fromkeys(event.stage for event in events)) == [stage.name for stage in stages(plan)]
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1, abs=0.01)


def test_a_rate_that_was_chosen_is_not_replaced(images: Path, tmp_path: Path, folders: Folders) -> None:
    assert not told(images, tmp_path / "run", folders, find_rate="on", learning_rate=0.01)
