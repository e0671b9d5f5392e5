"""A network that only computes: BatchNorm is folded into the convolutions before it."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node, symbolic_trace
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.models.network import Network


class Frozen(nn.Module):
    """The features of a network as it is now, to be made anew once it has learned; or what a part of it computes."""

    def __init__(self, network: Network | GraphModule, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        layers = network.trunk if isinstance(network, Network) else network
        trunk = folded(layers.eval())
        if dtype != torch.float32:
            given = set(layers.parameters())
            made_here = {id(tensor): tensor for tensor in trunk.parameters() if tensor not in given}
            trunk = copy.deepcopy(trunk, made_here).to(dtype)  # what folding made is no one else's, and need not be
        self._trunk = trunk.to(memory_format=torch.channels_last)
        self._dtype = dtype

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Return features (N, D), or activations (N, ...), as float32 of normalised images (N, 3, H, W)."""
        seen: Tensor = self._trunk(images.to(self._dtype))
        return seen.float()


def folded(trunk: nn.Module) -> nn.Module:
    """Return the same function (within rounding) in which each convolution does the work of the BatchNorm that follows.

    `trunk` itself stays as it is. Scale and shift of a BatchNorm in evaluation go into weight and bias of the
    convolution (Jacob et al. 2018, section 3.2). Where there is none, or the code cannot be traced, returns `trunk`.
    """
    if not any(isinstance(module, nn.BatchNorm2d) for module in trunk.modules()):
        return trunk
    try:
        traced = symbolic_trace(trunk)
    except (RuntimeError, TypeError, ValueError):
        return trunk
    modules = dict(traced.named_modules())
    for norm in list(traced.graph.nodes):
        before = _alone_before(norm, modules)
        if before:
            _fold(traced, before, norm, modules)
    traced.recompile()
    traced.delete_all_unused_submodules()
    return traced.eval()


def _alone_before(norm: Node, modules: Mapping[str, nn.Module]) -> Node | None:
    """Return the convolution whose result only this BatchNorm sees; None for every other node."""
    if not isinstance(_module(norm, modules), nn.BatchNorm2d):
        return None
    (before,) = norm.all_input_nodes
    alone = isinstance(_module(before, modules), nn.Conv2d) and len(before.users) == 1
    return before if alone else None


def _module(node: Node, modules: Mapping[str, nn.Module]) -> nn.Module | None:
    return modules[str(node.target)] if node.op == "call_module" else None


def _fold(traced: GraphModule, before: Node, norm: Node, modules: Mapping[str, nn.Module]) -> None:
    convolution, statistics = _module(before, modules), _module(norm, modules)
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(statistics, nn.BatchNorm2d)
    traced.set_submodule(str(before.target), fuse_conv_bn_eval(convolution, statistics))
    norm.replace_all_uses_with(before)
    traced.graph.erase_node(norm)
