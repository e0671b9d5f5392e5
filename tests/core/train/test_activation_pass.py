"""A phase that begins behind its frozen layers learns what it would have learned by computing them anew."""

import errno
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from core.base.disposable import REMEDY
from core.base.events import EpochDone, Event, Warned
from core.base.folders import Folders
from core.models.backbones import BACKBONES
from core.models.inference import Frozen
from core.models.network import skeleton
from core.models.tensor_files import load_tensors
from core.models.weights import WeightStore
from core.results.session import train
from core.train import activations, run
from core.train.activation_pass import Held, will_hold
from core.train.squares import MEMORY_SHARE
from tests.core.conftest import planned


def trained(
    images: Path, folder: Path, folders: Folders, **values: object
) -> tuple[list[Event], dict[str, torch.Tensor]]:
    plan = planned(images, strategy="fine-tune-last", epochs=6, last_blocks=1, **values)
    events = list(train(plan, folder, folders))
    return events, load_tensors(folder / "best.safetensors")


def losses(events: list[Event]) -> list[tuple[float, float]]:
    return [(event.train_loss, event.val_loss) for event in events if isinstance(event, EpochDone)]


@pytest.mark.parametrize("augmentation", ["none", "light"])
def test_it_is_as_if_the_frozen_layers_were_computed_anew(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch, augmentation: str
) -> None:
    values = {"augmentation": augmentation, "learning_rate": 1e-2}
    events, learned = trained(images, tmp_path / "behind", folders, **values)
    monkeypatch.setattr(run, "division_of", lambda phase, network: None)
    expected, as_ever = trained(images, tmp_path / "whole", folders, **values)
    assert len(losses(events)) == 6
    torch.testing.assert_close(torch.tensor(losses(events)), torch.tensor(losses(expected)), rtol=5e-3, atol=1e-3)
    for name, value in learned.items():
        torch.testing.assert_close(value.float(), as_ever[name].float(), rtol=1e-2, atol=5e-3)
    begun = WeightStore(folders.weights).load(BACKBONES["tiny"])
    changed = [
        name
        for name, value in learned.items()
        if name in begun and not torch.allclose(value.float(), begun[name].float(), rtol=1e-2, atol=5e-3)
    ]
    last = BACKBONES["tiny"].groups[-1].prefixes
    assert {"layer2.0.weight", "layer2.1.weight", "layer2.1.bias"} <= set(changed)
    assert all(name.startswith(last) for name in changed)


def test_equal_runs_are_equal_bit_for_bit_wherever_it_is_kept(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, learned = trained(images, tmp_path / "first", folders, augmentation="none")
    monkeypatch.setattr(activations, "MEMORY_SHARE", 0.0)
    again, learned_again = trained(images, tmp_path / "again", folders, augmentation="none")
    assert losses(first) == losses(again)
    assert all(torch.equal(value, learned_again[name]) for name, value in learned.items())
    assert list(folders.activations.iterdir()) == []


def test_frozen_layers_see_each_image_once(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    compute = Frozen.forward

    def counted(self: Frozen, seen: torch.Tensor) -> torch.Tensor:
        computed.append(len(seen))
        return compute(self, seen)

    trained(
        images, tmp_path / "warm", folders, augmentation="none"
    )  # measures what an image costs, and stores features
    monkeypatch.setattr(Frozen, "forward", counted)
    trained(images, tmp_path / "plain", folders, augmentation="none")
    plan = planned(images)
    batches = sum(-(-len(plan.dataset.part(part)) // plan.evaluation_batch) for part in ("train", "val"))
    assert computed == [plan.evaluation_batch] * batches


def test_a_run_goes_on_where_nothing_can_be_kept(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = trained(images, tmp_path / "kept", folders, augmentation="none")
    monkeypatch.setattr(activations, "MEMORY_SHARE", 0.0)
    folders.activations.write_text("in the way")
    events, _ = trained(images, tmp_path / "not kept", folders, augmentation="none")
    said = [event.message for event in events if isinstance(event, Warned)]
    assert len(said) == 1
    assert said[0].startswith(f"What frozen layers make of images cannot be kept in “{folders.activations}”: ")
    assert said[0].endswith(f". {REMEDY} It is computed again in each epoch, which is slower.")
    assert "Errno" not in said[0]
    torch.testing.assert_close(torch.tensor(losses(events)), torch.tensor(losses(expected)), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_read_any_more_is_computed_again(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = trained(images, tmp_path / "kept", folders, augmentation="none")

    def broken(self: activations.Activations, chosen: list[int]) -> torch.Tensor:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(activations, "MEMORY_SHARE", 0.0)
    monkeypatch.setattr(activations.Activations, "_read", broken)
    events, _ = trained(images, tmp_path / "broken", folders, augmentation="none")
    torch.testing.assert_close(torch.tensor(losses(events)), torch.tensor(losses(expected)), rtol=1e-4, atol=1e-4)


def test_the_pass_is_a_stage_of_its_own(images: Path, tmp_path: Path, folders: Folders) -> None:
    plan = planned(images, strategy="fine-tune-last", epochs=6, last_blocks=1, augmentation="none")
    n_seen = len(plan.dataset.part("train")) + len(plan.dataset.part("val"))
    known = {stage.name: stage.images for stage in run.stages(plan)}
    assert known["frozen layers (last blocks)"] == n_seen
    everything = planned(images, strategy="fine-tune-all", epochs=6)
    assert not any("frozen" in stage.name for stage in run.stages(everything))


def test_what_is_kept_is_foretold(images: Path) -> None:
    plan = planned(images, strategy="fine-tune-last", last_blocks=1, augmentation="none")
    network = skeleton(plan.network, 2, plan.framing.size_px)
    n_train, n_val = len(plan.dataset.part("train")), len(plan.dataset.part("val"))
    row_bytes = 16 * 8 * 8 * 2
    assert will_hold(plan, network) == Held(memory=(n_train + n_val) * row_bytes)
    assert will_hold(planned(images, strategy="fine-tune-all"), network) == Held()


def test_each_part_takes_its_share_of_what_the_one_before_leaves(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(images, strategy="fine-tune-last", last_blocks=1, augmentation="none")
    network = skeleton(plan.network, 2, plan.framing.size_px)
    foretold = will_hold(plan, network)
    n_train, n_val = len(plan.dataset.part("train")), len(plan.dataset.part("val"))
    training = foretold.memory * n_train / (n_train + n_val)
    free = SimpleNamespace(available=training / MEMORY_SHARE + 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert will_hold(plan, network) == Held(memory=foretold.memory - training, disk=training)
