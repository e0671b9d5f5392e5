from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from core.train import convolutions
from core.train.convolutions import Kernel, image_gradient, product, quick_convolutions, weight_gradient

CPU = torch.device("cpu")


def numbers(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(len(shape)))


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("at_once", [1, 500, 2**20])
@pytest.mark.parametrize(
    "kernel",
    [
        Kernel((3, 3), (1, 1), (1, 1)),
        Kernel((3, 3), (2, 2), (1, 1)),
        Kernel((1, 7), (1, 1), (0, 3)),
        Kernel((2, 5), (3, 2), (0, 0)),
    ],
)
def test_products_give_what_torch_gives(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel, at_once: int, memory_format: torch.memory_format
) -> None:
    monkeypatch.setattr(convolutions, "AT_ONCE", at_once)
    images = numbers(5, 4, 11, 13).contiguous(memory_format=memory_format).requires_grad_()
    weight = numbers(6, 4, *kernel.size).contiguous(memory_format=memory_format).requires_grad_()
    bias = numbers(6)
    made = nn.functional.conv2d(images, weight, bias, kernel.stride, kernel.padding)
    gradient = numbers(*made.shape).contiguous(memory_format=memory_format)
    of_images, of_weight = torch.autograd.grad(made, (images, weight), gradient)
    with torch.no_grad():
        torch.testing.assert_close(product(images, weight, bias, kernel), made)
        torch.testing.assert_close(image_gradient(images.shape[2:], weight, gradient, kernel), of_images)
        torch.testing.assert_close(weight_gradient(images, gradient, kernel), of_weight)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Return the shapes of the weights whose gradients are computed as products, on whatever processor."""
    seen: list[tuple[int, ...]] = []

    def noted(images: Tensor, gradient: Tensor, kernel: Kernel) -> Tensor:
        seen.append((gradient.shape[1], images.shape[1], *kernel.size))
        return weight_gradient(images, gradient, kernel)

    monkeypatch.setattr(convolutions, "weight_gradient", noted)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    return seen


@pytest.mark.parametrize("many_weights", [0, convolutions.MANY_WEIGHTS])
def test_a_network_gets_the_gradients_that_it_would_have_got(
    replaced: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch, many_weights: int
) -> None:
    products: list[int] = []

    def made_product(images: Tensor, weight: Tensor, bias: Tensor | None, kernel: Kernel) -> Tensor:
        products.append(len(weight))
        return product(images, weight, bias, kernel)

    monkeypatch.setattr(convolutions, "product", made_product)
    monkeypatch.setattr(convolutions, "MANY_WEIGHTS", many_weights)
    layers = nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 3), nn.Conv2d(64, 96, 3, stride=2), nn.ReLU(inplace=True)
    )
    images = torch.rand(4, 3, 20, 20, requires_grad=True)
    wanted = [images, *layers.parameters()]
    expected = torch.autograd.grad(layers(images).square().sum(), wanted)
    with quick_convolutions(CPU):
        result = layers(images)
    torch.testing.assert_close(torch.autograd.grad(result.square().sum(), wanted), expected, rtol=1e-4, atol=1e-2)
    assert replaced == [(96, 64, 3, 3), (64, 64, 3, 3)]
    assert products == ([] if many_weights else [96])  # the other one looks at more places than are few


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
    with quick_convolutions(CPU):
        layer(torch.rand(2, layer.in_channels, 9, 9, dtype=layer.weight.dtype)).sum().backward()
    assert layer.weight.grad is not None
    assert replaced == []


def test_sixteen_bits_and_other_processors_are_left_to_torch(
    replaced: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = nn.Conv2d(64, 64, 3)
    with torch.autocast("cpu", torch.bfloat16), quick_convolutions(CPU):
        made = layer(torch.rand(2, 64, 9, 9))
    assert made.dtype == torch.bfloat16
    made.sum().backward()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert isinstance(quick_convolutions(CPU), nullcontext)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert isinstance(quick_convolutions(torch.device("cuda")), nullcontext)
    assert replaced == []


def test_images_that_are_too_small_are_refused_as_by_torch(
    replaced: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolutions, "MANY_WEIGHTS", 0)
    for size in ((2, 2), (2, 9), (1, 1)):
        with quick_convolutions(CPU), pytest.raises(RuntimeError, match="Kernel size"):
            nn.Conv2d(64, 64, 3)(torch.rand(2, 64, *size))


def test_what_is_not_learned_keeps_nothing(replaced: list[tuple[int, ...]]) -> None:
    layer = nn.Conv2d(64, 64, 3).requires_grad_(False)
    images = torch.rand(2, 64, 9, 9, requires_grad=True)
    with quick_convolutions(CPU):
        layer(images).sum().backward()
        assert not layer(images.detach()).requires_grad
    assert replaced == []
