"""Convolutions that learn as matrix products: the same numbers, on many processors sooner than by oneDNN."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

LEAST_CHANNELS = 64  # given and made; with fewer the products are too small to be worth it
AT_ONCE = 2**20
"""Numbers (4 MB) that are laid out for one product."""
MANY_WEIGHTS, FEW_PLACES = 2**20, 1000
"""A convolution with so many weights and so few places in a batch is a product on the way there and back, too: oneDNN
lays all weights out anew each time, which then takes longer than what it computes with them sooner."""


class Kernel(NamedTuple):
    """How a convolution looks at images; each is (height, width)."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    def places(self, size: Iterable[int]) -> tuple[int, int]:
        """Return how many places it looks at in images of a size, in height and width."""
        height, width = (
            (length + 2 * beside - own) // step + 1 for length, own, step, beside in zip(size, *self, strict=True)
        )
        return height, width


def quick_convolutions(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which layers are to be computed that learn afterwards.

    It changes something only on a processor with AVX2 and not AVX-512: there oneDNN computes the gradients of weights
    at half the speed of everything else, and is slow with many weights. Other processors were not measured.
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
            images, weight, bias, stride, padding, *_ = args
            return _Convolution.apply(images, weight, bias, Kernel(tuple(weight.shape[2:]), stride, padding))
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
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, kernel: Kernel) -> Tensor:  # noqa: ANN401 - torch's
        ctx.save_for_backward(images, weight)
        ctx.kernel, places = kernel, kernel.places(images.shape[2:])
        few = min(places) > 0 and len(images) * places[0] * places[1] <= FEW_PLACES  # torch refuses images without any
        ctx.as_product = weight.numel() >= MANY_WEIGHTS and few
        if ctx.as_product:
            return product(images, weight, bias, kernel)
        return functional.conv2d(images, weight, bias, kernel.stride, kernel.padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        images, weight = ctx.saved_tensors
        kernel: Kernel = ctx.kernel
        to_images, _, to_bias, _ = ctx.needs_input_grad
        of_images = _image_gradient(images, weight, gradient, kernel, ctx.as_product) if to_images else None
        of_bias = gradient.sum(dim=(0, 2, 3)) if to_bias else None
        return of_images, weight_gradient(images, gradient, kernel), of_bias, None


def _image_gradient(images: Tensor, weight: Tensor, gradient: Tensor, kernel: Kernel, as_product: bool) -> Tensor:
    if as_product:
        return image_gradient(images.shape[2:], weight, gradient, kernel)
    how = (kernel.stride, kernel.padding, (1, 1), False, (0, 0), 1)
    wanted = (True, False, False)  # with the gradient of a bias, oneDNN would compute that of the weights, too
    of_images: Tensor = torch.ops.aten.convolution_backward(gradient, images, weight, None, *how, wanted)[0]
    return of_images


def product(images: Tensor, weight: Tensor, bias: Tensor | None, kernel: Kernel) -> Tensor:
    """Return what a convolution makes, (N, O, h, w), of images (N, C, H, W) with weights (O, C, *kernel)."""
    n, places = len(images), kernel.places(images.shape[2:])
    # torch lets the next layer change this in place, but not a view of it
    made = torch.empty((n, len(weight), *places), dtype=images.dtype, memory_format=torch.channels_last)
    by_place = _by_place(made)
    for _, row, seen in _seen(images, kernel, n):
        by_place.addmm_(seen, _row_of(weight, row).T, beta=1 if row else 0)
    if bias is not None:
        by_place += bias
    return made


def image_gradient(size: torch.Size, weight: Tensor, gradient: Tensor, kernel: Kernel) -> Tensor:
    """Return the gradient of the images of a size (H, W), from that of what a convolution made of them, (N, O, h, w).

    Each row of the kernel is one product, and each of its places adds to what it has seen.
    """
    n, _, height, width = gradient.shape
    channels = weight.shape[1]
    framed, inside = _frame(gradient, n, channels, size, kernel)
    by_place = _by_place(gradient)
    down, right = kernel.stride
    for row in range(kernel.size[0]):
        of_row = (by_place @ _row_of(weight, row)).view(n, height, width, kernel.size[1], channels)
        lines = framed[:, row : row + down * (height - 1) + 1 : down]
        for column in range(kernel.size[1]):
            lines[:, :, column : column + right * (width - 1) + 1 : right].add_(of_row[:, :, :, column])
    return inside.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def weight_gradient(images: Tensor, gradient: Tensor, kernel: Kernel) -> Tensor:
    """Return the gradient (O, C, *kernel) of a convolution's weights.

    `images` are what it was given, (N, C, H, W), and `gradient` that of what it made of them, (N, O, h, w); quick if
    both are channels_last. Each row of the kernel is one product: what it has seen at all places, laid out as a matrix
    (Chellapilla et al. 2006), by the gradient there.
    """
    (n, channels), (outputs, *places) = images.shape[:2], gradient.shape[1:]
    height, width = kernel.size
    at_once = min(n, max(1, AT_ONCE // (places[0] * places[1] * width * channels)))
    result = images.new_empty(outputs, height, width * channels)
    by_place = _by_place(gradient)
    for where, row, seen in _seen(images, kernel, at_once):
        # what is added to is not yet written for the first images
        result[:, row].addmm_(by_place[where].T, seen, beta=1 if where.start else 0)
    return result.view(outputs, height, width, channels).permute(0, 3, 1, 2)


def _seen(images: Tensor, kernel: Kernel, at_once: int) -> Iterator[tuple[slice, int, Tensor]]:
    """Yield which places, which row of the kernel, and what it has seen there, for so many images at once.

    The places are rows of `_by_place`; what was seen is a matrix (places, width of the kernel * C), always in the same
    piece of memory.
    """
    places, (n, channels, *size) = kernel.places(images.shape[2:]), images.shape
    framed, inside = _frame(images, at_once, channels, size, kernel)
    of_image, down, right, _ = framed.stride()
    strides = (of_image, down * kernel.stride[0], right * kernel.stride[1], 1)
    seen = images.new_empty(at_once, *places, kernel.size[1] * channels)
    for start in range(0, n, at_once):
        shown = images[start : start + at_once].permute(0, 2, 3, 1)
        inside[: len(shown)].copy_(shown)
        seen, first = seen[: len(shown)], start * places[0] * places[1]
        for row in range(kernel.size[0]):
            seen.copy_(framed.as_strided(seen.shape, strides, row * down))
            matrix = seen.view(-1, seen.shape[-1])
            yield slice(first, first + len(matrix)), row, matrix


def _frame(like: Tensor, n: int, channels: int, size: Iterable[int], kernel: Kernel) -> tuple[Tensor, Tensor]:
    """Return room (n, H, W, C) for images with the zeros that are padded around them, and the part for the images."""
    (height, width), (above, beside) = size, kernel.padding
    framed = like.new_zeros(n, height + 2 * above, width + 2 * beside, channels)
    return framed, framed[:, above : above + height, beside : beside + width]


def _by_place(gradient: Tensor) -> Tensor:
    return gradient.permute(0, 2, 3, 1).reshape(-1, gradient.shape[1])


def _row_of(weight: Tensor, row: int) -> Tensor:
    """Return the weights (O, width of the kernel * C) of a row of the kernel; a copy unless they are channels_last."""
    return weight[:, :, row].transpose(1, 2).reshape(len(weight), -1)
