from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.base.events import EpochDone, PhaseStarted, Step
from core.base.folders import Folders
from core.models.device import Precision
from core.models.network import build
from core.results.session import train
from core.train.steps import LITTLE, Stepper, threads_for
from tests.core.conftest import planned
from tests.core.models.tiny import register


def losses(images: Path, out: Path, folders: Folders, precision: Precision) -> list[float]:
    plan = replace(planned(images, strategy="fine-tune-all", epochs=6, seed=1), precision=precision)
    return [event.val_loss for event in train(plan, out, folders) if isinstance(event, EpochDone)]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_the_bits_reach_nearly_the_same_loss(
    images: Path, tmp_path: Path, folders: Folders, precision: Precision
) -> None:
    full = losses(images, tmp_path / "full", folders, "float32")
    half = losses(images, tmp_path / "half", folders, precision)
    assert full != half, "the precision had no effect"
    assert min(half) == pytest.approx(min(full), rel=0.02)


def test_a_gradient_too_large_for_float16_is_left_out(images: Path) -> None:
    plan = replace(planned(images, strategy="from-scratch"), precision="float16")
    network = build(register(), 2, None, seed=0).train()
    stepper = Stepper(plan, plan.phases[0], network, network, steps=10)
    before = network.head.weight.clone()
    wild = torch.full((4, 3, 32, 32), 1e6)
    stepper.step(wild, torch.tensor([0, 1, 0, 1]), torch.Generator())
    assert torch.equal(network.head.weight, before)
    stepper.step(torch.randn(4, 3, 32, 32), torch.tensor([0, 1, 0, 1]), torch.Generator())


def gradient(images: Path, labels: list[int], weights: tuple[float, ...]) -> torch.Tensor:
    plan = replace(planned(images, strategy="from-scratch"), class_weights=weights, label_smoothing=0.0)
    network = build(register(), 2, None, seed=0).eval()
    stepper = Stepper(plan, plan.phases[0], network, network, steps=10)
    shown = torch.stack([torch.full((3, 32, 32), float(label)) for label in labels])
    stepper.step(shown, torch.tensor(labels), torch.Generator())
    assert network.head.weight.grad is not None
    return network.head.weight.grad


def test_a_class_that_weighs_more_is_learned_from_more(images: Path) -> None:
    first, second = gradient(images, [0], ()), gradient(images, [1], ())
    assert torch.allclose(gradient(images, [0, 1], ()), 0.5 * first + 0.5 * second, atol=1e-5)
    assert torch.allclose(gradient(images, [0, 1], (0.5, 1.5)), 0.25 * first + 0.75 * second, atol=1e-5)


def test_a_small_head_learns_in_one_thread_and_all_else_in_all(images: Path, tmp_path: Path, folders: Folders) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        plan = planned(images, strategy="fine-tune-all", epochs=4)
        used: list[set[int]] = []
        for event in train(plan, tmp_path / "whole", folders):
            if isinstance(event, PhaseStarted):
                used.append(set())
            elif isinstance(event, Step):
                used[-1].add(torch.get_num_threads())
        assert used == [{1}, {3}]
        left = train(plan, tmp_path / "left", folders)
        next(event for event in left if isinstance(event, Step))
        left.close()  # type: ignore[attr-defined]
        assert torch.get_num_threads() == 3
        head = torch.nn.Linear(10, 10)
        with threads_for(replace(plan.phases[0], batch_size=int(LITTLE)), head):
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
