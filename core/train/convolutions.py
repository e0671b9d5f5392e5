"""Gradients of convolutions' weights as matrix products: the same numbers, on many processors sooner than by oneDNN."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

LEAST_CHANNELS = 64  # given and made; with fewer the products are too small to be worth it
AT_ONCE = 2**20
"""Numbers (4 MB) that are laid out for one product."""


def quick_gradients(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which layers are to be computed that learn afterwards.

    It changes something only on a processor with AVX2 and not AVX-512: there oneDNN computes the gradients of weights
    at half the speed of everything else. Other processors were not measured.
    """
    quicker = device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2"
    return _Replacing() if quicker else nullcontext()


class _Replacing(TorchFunctionMode):
    """Takes the place of torch's convolution wherever it is called."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        if func is torch.conv2d and not kwargs and len(args) == 7 and _suits(*args):
            return _Convolution.apply(*args[:5])
        return func(*args, **(kwargs or {}))


def _suits(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int] | str,
    dilation: tuple[int, int],
    groups: int,
) -> bool:
    return (
        weight.requires_grad
        and torch.is_grad_enabled()
        and images.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not isinstance(padding, str)
        and dilation == (1, 1)
        and groups == 1
        and weight.shape[2:].numel() > 1
        and min(weight.shape[:2]) >= LEAST_CHANNELS
    )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.stride, ctx.padding, ctx.biased = stride, padding, None if bias is None else [len(bias)]
        return functional.conv2d(images, weight, bias, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        images, weight = ctx.saved_tensors
        others = (ctx.needs_input_grad[0], False, ctx.biased is not None and ctx.needs_input_grad[2])
        of_images, _, of_bias = torch.ops.aten.convolution_backward(
            gradient, images, weight, ctx.biased, ctx.stride, ctx.padding, (1, 1), False, (0, 0), 1, others
        )
        kernel = (weight.shape[2], weight.shape[3])
        of_weight = weight_gradient(images, gradient, kernel, ctx.stride, ctx.padding)
        return of_images, of_weight, of_bias, None, None


def weight_gradient(
    images: Tensor, gradient: Tensor, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Return the gradient (O, C, *kernel) of a convolution's weights.

    `images` are what it was given, (N, C, H, W), and `gradient` that of what it made of them, (N, O, h, w); quick if
    both are channels_last. Each row of the kernel is one product: what it has seen at all places, laid out as a matrix
    (Chellapilla et al. 2006), by the gradient there.
    """
    height, width = kernel
    n, channels = images.shape[:2]
    outputs, *places = gradient.shape[1:]
    at_once = min(n, max(1, AT_ONCE // (places[0] * places[1] * width * channels)))
    result = images.new_zeros(outputs, height, width * channels)
    seen = images.new_empty(at_once, *places, width * channels)
    for start in range(0, n, at_once):
        part = slice(start, start + at_once)
        framed = functional.pad(
            images[part].permute(0, 2, 3, 1), (0, 0, *padding[1:] * 2, *padding[:1] * 2)
        ).contiguous()
        by_place = gradient[part].permute(0, 2, 3, 1).reshape(-1, outputs)
        of_image, down, right, _ = framed.stride()
        strides = (of_image, down * stride[0], right * stride[1], 1)
        seen = seen[: len(framed)]
        for row in range(height):
            seen.copy_(framed.as_strided(seen.shape, strides, row * down))
            result[:, row].addmm_(by_place.T, seen.view(len(by_place), -1))
    return result.view(outputs, height, width, channels).permute(0, 3, 1, 2)
