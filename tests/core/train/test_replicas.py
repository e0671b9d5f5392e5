import copy
import gc
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Barrier

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import backward
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.ops import StochasticDepth

from core.base.events import Finished, PhaseStarted
from core.base.folders import Folders
from core.models.network import Network, build
from core.results.session import train
from core.train import steps
from core.train.replicas import Replicas
from core.train.steps import Stepper, divides, set_learning
from tests.core.conftest import planned
from tests.core.models.tiny import register


@pytest.fixture(autouse=True)
def several_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be a processor on which batches are divided."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def network(norms_frozen: bool = False) -> Network:
    """Return a network that learns, in double precision, so that only a mistake makes a difference."""
    made = build(register(), 2, None, seed=0).double().train()
    for module in made.modules():
        if isinstance(module, _BatchNorm) and norms_frozen:
            module.eval()
    return made


def shown(n: int) -> Tensor:
    return torch.rand(n, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(n))


def gradients(layers: nn.Module) -> list[Tensor]:
    return [parameter.grad for parameter in layers.parameters() if parameter.grad is not None]


def statistics(layers: nn.Module) -> list[Tensor]:
    return [own.clone() for own in layers.buffers() if own.is_floating_point()]


@pytest.mark.parametrize("n", [8, 13, 7])
def test_the_parts_together_are_the_batch(n: int) -> None:
    whole, divided = network(norms_frozen=True).trunk, network(norms_frozen=True).trunk
    expected, features = whole(shown(n)), Replicas(divided, nullcontext)(shown(n))
    torch.testing.assert_close(features, expected)
    backward(expected.square().sum())
    backward(features.square().sum())
    assert len(gradients(divided)) == len(list(divided.parameters()))
    torch.testing.assert_close(gradients(divided), gradients(whole))


def test_statistics_are_of_each_part_and_the_running_ones_their_mean() -> None:
    divided, apart = network().trunk, (network().trunk, network().trunk)
    replicas = Replicas(divided, nullcontext)
    for n in (16, 17):  # the second time they go on from what the first has left
        expected = [one(part) for one, part in zip(apart, shown(n).tensor_split(2), strict=True)]
        features = replicas(shown(n))
        backward(features.sum())
        torch.testing.assert_close(features, torch.cat(expected))
        means = [(one + other) / 2 for one, other in zip(*map(statistics, apart), strict=True)]
        torch.testing.assert_close(statistics(divided), means)
        for one in apart:
            one.load_state_dict(divided.state_dict())
    alone, _ = apart
    backward(alone(shown(5)).sum() + replicas(shown(5)).sum())  # too few for two
    torch.testing.assert_close(statistics(divided), statistics(alone))
    apart[1].load_state_dict(divided.state_dict())
    expected = [one(part) for one, part in zip(apart, shown(16).tensor_split(2), strict=True)]
    backward(replicas(shown(16)).sum())
    means = [(one + other) / 2 for one, other in zip(*map(statistics, apart), strict=True)]
    torch.testing.assert_close(statistics(divided), means)


def test_statistics_that_are_kept_stay_to_the_last_bit() -> None:
    divided = network(norms_frozen=True).trunk
    for own in divided.buffers():
        if own.is_floating_point():
            own.uniform_(0.1, 1)
    before = statistics(divided)
    backward(Replicas(divided, nullcontext)(shown(12)).sum())
    assert all(torch.equal(one, other) for one, other in zip(statistics(divided), before, strict=True))


def test_parts_are_computed_at_the_same_time_each_on_its_core_there_and_back() -> None:
    together = Barrier(2)

    def meet(module: nn.Module, *_: object) -> None:
        together.wait(10)
        assert torch.get_num_threads() == 1

    divided = network().trunk
    divided.get_submodule("layer1.0").register_forward_hook(meet)
    divided.get_submodule("layer1.0").register_full_backward_hook(meet)
    backward(Replicas(divided, nullcontext)(shown(16)).sum())
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(
    ("norms_frozen", "parts"), [(False, [2, 8, 11, 6, 6, 9, 8]), (True, [2, 4, 4, 6, 5, 6, 6, 9, 8])]
)
def test_parts_are_not_too_small_for_what_is_taken_of_them(norms_frozen: bool, parts: list[int]) -> None:
    seen: list[int] = []
    divided = network(norms_frozen).trunk
    divided.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    replicas = Replicas(divided, nullcontext)
    for n in (2, 8, 11, 12, 17):
        backward(replicas(shown(n)).sum())
    assert sorted(seen) == sorted(parts)


def test_a_step_is_the_same_on_any_number_of_cores(images: Path) -> None:
    plan = planned(images, strategy="from-scratch", batch_size=16)
    made: list[list[Tensor]] = []
    for cores in (1, 2, 3):
        torch.set_num_threads(cores)
        torch.manual_seed(0)  # the head draws a dropout
        learner = build(register(), 2, None, seed=0)
        set_learning(learner, plan.phases[0])
        stepper = Stepper(plan, plan.phases[0], learner, learner, steps=10)
        random = torch.Generator().manual_seed(1)
        for _ in range(3):
            seen = torch.rand(16, 3, 32, 32, generator=random)
            stepper.step(seen, torch.arange(16) % 2, random)
        made.append(list(copy.deepcopy(learner.state_dict()).values()))
    first, *others = made
    assert all(torch.equal(one, again) for other in others for one, again in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("layer", "draws"),
    [
        (nn.Dropout(0.5), True),
        (StochasticDepth(0.5, "row"), True),
        (nn.Dropout(0), False),
        (nn.Dropout().eval(), False),
    ],
)
def test_layers_that_draw_are_computed_part_after_part(layer: nn.Module, draws: bool) -> None:
    names: list[str] = []
    layer.register_forward_pre_hook(lambda *_: names.append(threading.current_thread().name))
    layers = nn.Sequential(nn.Flatten(), layer, nn.Linear(3072, 2, dtype=torch.float64))
    backward(Replicas(layers, nullcontext)(shown(16)).sum())
    assert len(names) == 2
    assert {name.startswith("compute") for name in names} == {not draws}


def test_all_cores_are_shared_out_and_given_back() -> None:
    torch.set_num_threads(4)
    divided, cores = network().trunk, set[int]()
    divided.register_forward_pre_hook(lambda *_: cores.add(torch.get_num_threads()))
    backward(Replicas(divided, nullcontext)(shown(16)).sum())
    assert cores == {2}
    assert torch.get_num_threads() == 4


def test_a_part_that_fails_leaves_nothing_behind() -> None:
    class Failing(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise RuntimeError("not enough memory")

    gc.collect()
    gc.disable()  # what only a collection finds may stay for long
    before = threading.active_count()
    try:
        replicas = Replicas(nn.Sequential(Failing()), nullcontext)
        with pytest.raises(RuntimeError, match="not enough memory"):
            replicas(shown(16))
        del replicas
        until = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < until:
            time.sleep(0.01)
        assert threading.active_count() == before
    finally:
        gc.enable()


@pytest.mark.parametrize("strategy", ["fine-tune-all", "fine-tune-last", "from-scratch"])
def test_a_run_learns_in_parts_with_quick_convolutions_and_its_head_alone_does_not(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    parts: list[int] = []
    quick: list[str] = []
    there = Replicas.there

    def counted(self: Replicas, inputs: Tensor) -> list[Tensor]:
        made = there(self, inputs)
        parts.append(len(made))
        return made

    def noted(device: torch.device) -> AbstractContextManager[object]:
        quick.append(threading.current_thread().name)
        return nullcontext()

    monkeypatch.setattr(Replicas, "there", counted)
    monkeypatch.setattr(steps, "quick_convolutions", noted)
    plan = planned(images, strategy=strategy, epochs=2, batch_size=12)
    for event in train(plan, tmp_path / "run", folders):
        if isinstance(event, PhaseStarted):  # what was measured before, or learned by the head, does not count
            parts.clear()
            quick.clear()
    assert 24 < len(plan.dataset.part("train")) < 32
    assert parts == plan.phases[-1].epochs * [2, 2, 1]
    assert any(name.startswith("compute") for name in quick)


def test_a_processor_with_wide_units_learns_from_whole_batches(
    images: Path, tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(images, strategy="fine-tune-all", epochs=2, batch_size=12)
    head, everything = plan.phases
    assert (divides(plan, head), divides(plan, everything)) == (False, True)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert not divides(plan, everything)
    monkeypatch.delattr(Replicas, "there")
    assert [event for event in train(plan, tmp_path / "run", folders) if isinstance(event, Finished)]
