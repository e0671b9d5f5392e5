"""The recipe in packaging/starter: what it tells of its scenes is so, a stop changes nothing, and its result fits."""

from pathlib import Path

import pool
import pytest
import torch
import train
from pool import Pool
from safetensors.torch import load_file
from scenes import NUMBERS, Painter
from train import Training, export

from core.models import catalogue
from core.models.network import Network, hollow


@pytest.fixture(scope="module")
def small() -> Pool:
    """Two formulas of each kind and five textures."""
    with pytest.MonkeyPatch.context() as patch:
        for name, count in (("FRACTALS", 2), ("CONTOURS", 2), ("LIMBS", 2), ("TEXTURES", 5), ("DRAWINGS", 2)):
            patch.setattr(pool, name, count)
        return pool.make_pool(0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a step and the last statistics take a fraction of a second."""
    for name, value in (("_BATCH", 8), ("_SIDE", 32), ("_LAST_SIDE", 48), ("_STATISTICS_BATCHES", 1)):
        monkeypatch.setattr(train, name, value)


def agreement(told: torch.Tensor, seen: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([told, seen]))[0, 1])


def test_pool_follows_the_seed_and_every_formula_draws_something_of_its_own(small: Pool) -> None:
    assert small.stamps.shape == (6, 2, 2, 96, 96)
    assert (small.stamps[:, :, 0].float().mean((2, 3)) > 2).all(), "a drawing covers nothing"
    differences = torch.cdist(small.stamps[:, 0].flatten(1).float(), small.stamps[:, 0].flatten(1).float())
    assert (differences + 1e6 * torch.eye(6)).min() > 1000


def test_what_is_told_of_a_scene_is_seen_in_it(small: Pool) -> None:
    scenes = Painter(small, 0).paint(200, 48, 0.8)
    assert scenes.images.shape == (200, 3, 48, 48)
    assert scenes.numbers.shape == (200, NUMBERS)
    ground, noise, place = scenes.numbers[:, 9], scenes.numbers[:, -1], scenes.numbers[:, 18]
    corners = torch.stack([scenes.images[:, 0, y, x] for y in (1, -2) for x in (1, -2)]).median(0).values
    assert agreement(ground, corners) > 0.7
    assert agreement(noise, (scenes.images[..., 1:] - scenes.images[..., :-1]).abs().flatten(1).median(1).values) > 0.2
    assert place.abs().max() <= 0.4 * 0.8 + 0.1
    assert scenes.numbers[:, 12:15].min() >= 0, "which end of a texture is the bright one cannot be seen"
    edge = scenes.images[:, 1, :8]
    vertical, horizontal = edge.diff(dim=1)[:, :7, :47], edge.diff(dim=2)[:, :7, :47]
    down, across, both = ((a * b).mean((1, 2)) for a, b in ((vertical,) * 2, (horizontal,) * 2, (vertical, horizontal)))
    assert agreement(scenes.numbers[:, 16], (across - down) / (across + down)) > 0.5, "the ground runs elsewhere"
    assert agreement(scenes.numbers[:, 17], 2 * both / (across + down)) > 0.5, "the ground slants elsewhere"


def test_same_seed_paints_the_same_scenes(small: Pool) -> None:
    first, second, other = (Painter(small, seed).paint(4, 32, 0.8).images for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.usefixtures("quick")
def test_training_in_stretches_is_the_same_as_without_a_stop(small: Pool, tmp_path: Path) -> None:
    whole = Training(small, 0, None)
    whole.run(32, 1, tmp_path / "whole.pt")
    Training(small, 0, None).run(16, 1, tmp_path / "parts.pt")
    parts = Training(small, 0, None)
    parts.resume(tmp_path / "parts.pt")
    assert parts.progress.samples == 16
    parts.run(32, 1, tmp_path / "parts.pt")
    assert parts.progress.samples == whole.progress.samples == 32
    for name, value in whole.mean.state_dict().items():
        assert torch.allclose(value, parts.mean.state_dict()[name], atol=1e-5), name


@pytest.mark.usefixtures("quick")
def test_result_fits_the_catalogue_and_can_be_gone_on_from(small: Pool, tmp_path: Path) -> None:
    training = Training(small, 0, None)
    training.run(8, 1, tmp_path / "state.pt")
    export(training.result(), tmp_path / "starter.safetensors")
    backbone = catalogue.starter_backbone(tmp_path / "starter.safetensors")
    network = Network(backbone, hollow(backbone.architecture, backbone.size_px), 2)
    weights = load_file(tmp_path / "starter.safetensors")
    assert set(weights) == set(network.trunk.state_dict())
    further = Training(small, 1, tmp_path / "starter.safetensors")
    again = further.student.trunk.state_dict()
    assert all(torch.equal(again[name].half(), weights[name].half()) for name in weights)
    assert further.progress.strength > 0
