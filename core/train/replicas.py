"""Learning in two parts on some processors: half of the cores take each through the layers, there and back."""

import copy
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import cycle
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.modules.dropout import _DropoutNd
from torchvision.ops import StochasticDepth

from core.models.side_by_side import threads

PARTS = 2
"""How many a batch has: what BatchNorm takes its statistics of must not depend on the number of cores."""

SMALLEST_PART, SMALLEST_WITH_STATISTICS = 4, 6
"""Images in a part, and where BatchNorm takes statistics of them, of which 4 say too little and 8 enough. The last
batch of an epoch may have somewhat smaller parts than the others."""

Given = TypeVar("Given")
Done = TypeVar("Done")


class Replicas:
    """The same layers once for each part of a batch, with one set of weights: data parallelism within a processor.

    Cores that share a batch wait for each other after every layer; cores with a part each do so twice in a step.
    BatchNorm takes the statistics of each part, as it does where several computers share a batch (Li et al. 2020) and
    in "ghost batches" (Hoffer et al. 2017); the running ones are the mean over the parts. No layer may change in place
    what it is given of the batch.
    """

    def __init__(self, layers: nn.Module, context: Callable[[], AbstractContextManager[object]]) -> None:
        # torch knows shared weights by their identity
        shared = {id(parameter): parameter for parameter in layers.parameters()}
        self._each = [layers, *(copy.deepcopy(layers, dict(shared)) for _ in range(1, PARTS))]
        self._learning = [parameter for parameter in layers.parameters() if parameter.requires_grad]
        self._statistics = [list(_followed(one)) for one in self._each]
        self._smallest = SMALLEST_WITH_STATISTICS if self._statistics[0] else SMALLEST_PART
        self._draws = _draws(layers)
        self._context = context
        cores = torch.get_num_threads()
        at_once = min(PARTS, cores)
        # each part has the same thread there and back: what memory it has had there is what it gets again
        self._threads = [threads(1, cores // at_once) for _ in range(at_once)]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return what the layers make of a batch; on the way back the weights get their gradients."""
        result: Tensor = _SideBySide.apply(self, inputs, *self._learning)
        return result

    def there(self, inputs: Tensor) -> list[Tensor]:
        """Return the results of the parts, each with what its way back needs.

        Layers that draw have one row of random numbers, which parts at the same time would not share alike each time.
        """
        n = PARTS if len(inputs) >= PARTS * self._smallest else 1
        compute = map if self._draws else self._side_by_side
        return list(compute(self._compute, self._each[:n], inputs.tensor_split(n)))

    def back(self, results: list[Tensor], gradient: Tensor) -> list[Tensor | None]:
        """Return the gradients of what learns, summed over the parts in their order."""
        total: list[Tensor | None] = [None] * len(self._learning)
        for part in self._side_by_side(self._differentiate, results, gradient.tensor_split(len(results))):
            total = [_sum(before, more) for before, more in zip(total, part, strict=True)]
        self._share_statistics(len(results))  # not sooner: the way back needs them as they were
        return total

    def _side_by_side(
        self, do: Callable[[Given, Tensor], Done], given: Sequence[Given], parts: Sequence[Tensor]
    ) -> Iterator[Done]:
        """Yield what is made of each part, in their order; a single one is left to the caller, which has all cores."""
        if len(parts) == 1:
            yield do(given[0], parts[0])
            return
        turns = zip(cycle(self._threads), given, parts, strict=False)
        begun = deque(thread.submit(do, one, part) for thread, one, part in turns)
        while begun:
            yield begun.popleft().result()  # kept no longer, be it a result or a failure

    def _compute(self, layers: nn.Module, inputs: Tensor) -> Tensor:
        with torch.enable_grad(), self._context():
            result: Tensor = layers(inputs)
        return result

    def _differentiate(self, result: Tensor, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(result, self._learning, gradient, allow_unused=True)

    def _share_statistics(self, n: int) -> None:
        """Let all replicas have the mean of the running statistics of the first `n`, which have just computed."""
        first, *others = self._statistics
        if not first:
            return
        for other in others[: n - 1]:
            torch._foreach_add_(first, other)
        torch._foreach_div_(first, n)
        for other in others:
            torch._foreach_copy_(other, first)


class _SideBySide(torch.autograd.Function):
    """The parts as one operation."""

    @staticmethod
    def forward(ctx: Any, replicas: Replicas, inputs: Tensor, *_learning: Tensor) -> Tensor:  # noqa: ANN401 - torch's
        ctx.replicas, ctx.results = replicas, replicas.there(inputs)
        return torch.cat([result.detach() for result in ctx.results])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        results, ctx.results = ctx.results, None
        return (None, None, *ctx.replicas.back(results, gradient))


def _draws(layers: nn.Module) -> bool:
    drawing = (module for module in layers.modules() if isinstance(module, _DropoutNd | StochasticDepth))
    return any(module.training and module.p for module in drawing)


def _followed(layers: nn.Module) -> Iterator[Tensor]:
    """Yield the statistics that follow the images."""
    for module in layers.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training and module.track_running_stats:
            yield from (own for own in module.buffers() if own.is_floating_point())


def _sum(before: Tensor | None, more: Tensor | None) -> Tensor | None:
    if before is None or more is None:
        return more if before is None else before
    return before + more
