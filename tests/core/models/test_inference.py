"""Folding BatchNorm away changes how features are computed, not what they are."""

import pytest
import torch
from torch import Tensor, nn

from core.models.backbones import BACKBONES
from core.models.inference import Frozen, folded
from core.models.network import Network, build

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def learned(key: str) -> Network:
    """Return a network whose BatchNorm does something: fresh ones leave everything as it is."""
    network = build(BACKBONES[key], 2, None, seed=0).eval()
    random = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                assert isinstance(tensor, Tensor)
                tensor.uniform_(0.5, 1.5, generator=random)
    return network


def n_norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


@pytest.mark.parametrize("key", ["starter", "mobilenet_v3_small", "googlenet", "shufflenet_v2_x0_5", "regnet_y_400mf"])
def test_all_batch_norms_are_folded_and_the_features_are_the_same(key: str) -> None:
    network = learned(key)
    before = {name: value.clone() for name, value in network.state().items()}
    frozen = Frozen(network)
    with torch.inference_mode():
        expected = network.features(IMAGES)
    torch.testing.assert_close(frozen(IMAGES), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    assert n_norms(network.trunk)
    assert not n_norms(frozen)
    assert all(torch.equal(value, before[name]) for name, value in network.state().items())


def test_a_batch_norm_that_follows_no_convolution_stays() -> None:
    network = learned("densenet121")
    frozen = Frozen(network)
    with torch.inference_mode():
        expected = network.features(IMAGES)
    torch.testing.assert_close(frozen(IMAGES), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    assert 0 < n_norms(frozen) < n_norms(network.trunk)


class _SeenTwice(nn.Module):
    """The result of its convolution is used before the BatchNorm too, so that it must stay what it is."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

    def forward(self, images: Tensor) -> Tensor:
        seen = self.convolution(images)
        return seen + self.norm(seen)  # type: ignore[no-any-return]


class _Depends(nn.Module):
    """Code that asks for a value cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images: Tensor) -> Tensor:
        return self.norm(images) if images.sum() > 0 else images


def test_what_cannot_be_folded_stays_as_it_is() -> None:
    twice = _SeenTwice().eval()
    assert n_norms(folded(twice)) == 1
    torch.testing.assert_close(folded(twice)(IMAGES), twice(IMAGES))
    depends = _Depends().eval()
    assert folded(depends) is depends


def test_features_in_16_bits_are_close_and_come_as_32() -> None:
    network = learned("starter")
    exact, rough = Frozen(network)(IMAGES), Frozen(network, torch.bfloat16)(IMAGES)
    assert rough.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(exact, rough).min() > 0.999
    assert not torch.equal(exact, rough)


@pytest.mark.parametrize("key", ["vit_b_32", "convnext_tiny", "starter"])
def test_16_bits_leave_the_given_network_as_it_is(key: str) -> None:
    network = learned(key) if key == "starter" else build(BACKBONES[key], 2, None, seed=0)
    before = {name: value.clone() for name, value in network.state().items()}
    half = Frozen(network, torch.bfloat16)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}
    assert all(value.dtype == before[name].dtype for name, value in network.state().items())
    assert all(torch.equal(value, before[name]) for name, value in network.state().items())
