from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from core.train import convolutions
from core.train.convolutions import quick_gradients, weight_gradient

CPU = torch.device("cpu")


def numbers(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(len(shape)))


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("at_once", [1, 500, 2**20])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [((3, 3), (1, 1), (1, 1)), ((3, 3), (2, 2), (1, 1)), ((1, 7), (1, 1), (0, 3)), ((2, 5), (3, 2), (0, 0))],
)
def test_gradients_of_weights_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    at_once: int,
    memory_format: torch.memory_format,
) -> None:
    monkeypatch.setattr(convolutions, "AT_ONCE", at_once)
    images = numbers(5, 4, 11, 13).contiguous(memory_format=memory_format)
    weight = numbers(6, 4, *kernel).requires_grad_()
    made = nn.functional.conv2d(images, weight, None, stride, padding)
    gradient = numbers(*made.shape).contiguous(memory_format=memory_format)
    (expected,) = torch.autograd.grad(made, weight, gradient)
    torch.testing.assert_close(weight_gradient(images, gradient, kernel, stride, padding), expected)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Return the shapes of the weights whose gradients are computed as products, on whatever processor."""
    seen: list[tuple[int, ...]] = []

    def noted(images: Tensor, gradient: Tensor, kernel: tuple[int, int], *others: tuple[int, int]) -> Tensor:
        seen.append((gradient.shape[1], images.shape[1], *kernel))
        return weight_gradient(images, gradient, kernel, *others)

    monkeypatch.setattr(convolutions, "weight_gradient", noted)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    return seen


def test_a_network_gets_the_gradients_that_it_would_have_got(replaced: list[tuple[int, ...]]) -> None:
    layers = nn.Sequential(nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 3, bias=True), nn.Conv2d(64, 96, 3, stride=2))
    images = torch.rand(4, 3, 20, 20, requires_grad=True)
    wanted = [images, *layers.parameters()]
    expected = torch.autograd.grad(layers(images).square().sum(), wanted)
    with quick_gradients(CPU):
        result = layers(images)
    torch.testing.assert_close(torch.autograd.grad(result.square().sum(), wanted), expected, rtol=1e-4, atol=1e-2)
    assert replaced == [(96, 64, 3, 3), (64, 64, 3, 3)]


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(64, 64, 1),
        nn.Conv2d(64, 64, 3, groups=2),
        nn.Conv2d(64, 64, 3, dilation=2),
        nn.Conv2d(64, 64, 3, padding="same"),
        nn.Conv2d(32, 64, 3),
        nn.Conv2d(64, 64, 3).double(),
    ],
)
def test_all_others_are_left_to_torch(replaced: list[tuple[int, ...]], layer: nn.Conv2d) -> None:
    with quick_gradients(CPU):
        layer(torch.rand(2, layer.in_channels, 9, 9, dtype=layer.weight.dtype)).sum().backward()
    assert layer.weight.grad is not None
    assert replaced == []


def test_sixteen_bits_and_other_processors_are_left_to_torch(
    replaced: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = nn.Conv2d(64, 64, 3)
    with torch.autocast("cpu", torch.bfloat16), quick_gradients(CPU):
        made = layer(torch.rand(2, 64, 9, 9))
    assert made.dtype == torch.bfloat16
    made.sum().backward()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert isinstance(quick_gradients(CPU), nullcontext)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert isinstance(quick_gradients(torch.device("cuda")), nullcontext)
    assert replaced == []


def test_what_is_not_learned_keeps_nothing(replaced: list[tuple[int, ...]]) -> None:
    layer = nn.Conv2d(64, 64, 3).requires_grad_(False)
    images = torch.rand(2, 64, 9, 9, requires_grad=True)
    with quick_gradients(CPU):
        layer(images).sum().backward()
        assert not layer(images.detach()).requires_grad
    assert replaced == []
