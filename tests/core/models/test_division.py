"""A network in two parts is the same network, and what its second part learns, it has learned."""

import pytest
import torch
from torch import Tensor, nn

from core.models.backbones import BACKBONES
from core.models.division import divide
from core.models.inference import Frozen
from core.models.network import build
from tests.core.models.tiny import register

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def answered(network: nn.Module, seen: Tensor, mode: bool) -> Tensor:
    """Return the logits, with the same random numbers for the layers that draw some."""
    network.train(mode)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        logits: Tensor = network(seen)
    return logits


@pytest.mark.parametrize(
    ("key", "trained"),
    [
        ("starter", 2),
        ("starter", 0),
        ("mobilenet_v3_small", 1),
        ("shufflenet_v2_x0_5", 2),
        ("squeezenet1_1", 1),
    ],
)
def test_both_parts_together_are_the_network(key: str, trained: int) -> None:
    network = build(BACKBONES[key], 3, None, 0, 64)
    network.freeze(trained)
    division = divide(network)
    assert division
    for mode in (False, True):
        before = {name: value.clone() for name, value in network.state_dict(keep_vars=True).items()}
        whole = answered(network, IMAGES, mode)
        network_learned = {name: value.clone() for name, value in network.state_dict().items()}
        with torch.no_grad():
            for name, value in network.state_dict(keep_vars=True).items():
                value.copy_(before[name])
        activations = division.before(IMAGES)
        torch.testing.assert_close(answered(division.after, activations, mode), whole, rtol=0, atol=0)
        assert all(torch.equal(value, network_learned[name]) for name, value in network.state_dict().items())


def test_all_that_learns_gets_a_gradient_and_nothing_else_does() -> None:
    network = build(register(), 3, None, 0)
    network.freeze(1)
    division = divide(network)
    assert division
    division.after.train()
    division.after(Frozen(division.before)(IMAGES).clone()).sum().backward()
    assert all(parameter.requires_grad == (parameter.grad is not None) for parameter in network.parameters())


def test_the_division_leaves_the_mode_of_the_network_as_it_was() -> None:
    network = build(register(), 2, None, 0).eval()
    network.freeze(1)
    assert divide(network)
    assert not any(module.training for module in network.modules())


class _Asking(nn.Module):
    """What it does depends on the images, which no trace can follow."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        answer: Tensor = self.inner(images if images.sum() > 0 else -images)
        return answer


def test_a_network_that_learns_as_a_whole_or_cannot_be_traced_is_not_divided() -> None:
    network = build(register(), 2, None, 0)
    network.freeze(99)
    assert divide(network) is None
    network.freeze(1)
    assert divide(network)
    network.trunk = _Asking(network.trunk)
    assert divide(network) is None
