"""A running mean of the weights: calmer than the weights themselves while the rate is still high."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average:
    """Exponential moving average of all that a network learns (Polyak 1992; with the warm-up of Tarvainen 2017).

    The running statistics of BatchNorm are averaged along with the weights that they belong to, as in timm's
    ModelEmaV2; nothing has to be measured anew before the averaged network is used.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
        statistics = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        self._live: list[Tensor] = [tensor.detach() for tensor in (*learning, *statistics)]
        self._mean = [tensor.clone() for tensor in self._live]
        self._decay, self._steps = decay, 0

    @torch.no_grad()
    def update(self) -> None:
        """Take the network as it is after a step into the mean; the first steps weigh more."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        get_ema_multi_avg_fn(decay)(self._mean, self._live, self._steps)  # type: ignore[no-untyped-call]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network be its own mean for a while; then it goes on learning from where it was."""
        learnt = [tensor.clone() for tensor in self._live]
        self._set(self._mean)
        try:
            yield
        finally:
            self._set(learnt)

    @torch.no_grad()
    def _set(self, values: list[Tensor]) -> None:
        torch._foreach_copy_(self._live, values)
