"""A network divided where its frozen layers end: what lies before is computed once, what comes after it learns."""

import operator
from dataclasses import dataclass
from typing import Self

from torch import Tensor, nn
from torch.fx import Graph, GraphModule, Node, Tracer

from core.models.network import Network


@dataclass(frozen=True)
class Division:
    """`before` maps normalised images (N, 3, H, W) to activations (N, ...), `after` these to logits (N, classes)."""

    before: GraphModule
    after: "After"


class After(nn.Module):
    """What comes after the division: the network's own layers and head, so that it is the network that learns."""

    def __init__(self, network: Network, trunk: nn.Module) -> None:
        super().__init__()
        self.network, self.trunk = network, trunk

    def train(self, mode: bool = True) -> Self:
        """Set training mode as the network does it, which spares what is frozen."""
        self.training = mode
        self.network.train(mode)
        return self

    def forward(self, activations: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.network.head(self.trunk(activations))
        return logits


def divide(network: Network) -> Division | None:
    """Return the network in two: at the last place to which only frozen layers lead and through which all goes.

    None if nothing is frozen, if there is no such place, or if the code of the network cannot be traced.
    """
    mode = network.training
    network.train()  # what does not learn is then in evaluation
    try:
        graph = _Tracer().trace(network.trunk)
        cut = _cut(graph, network.trunk)
    except (RuntimeError, TypeError, ValueError):
        return None
    finally:
        network.train(mode)
    if cut is None:
        return None
    before, after = (_made(network.trunk, part) for part in (_before(graph, cut), _after(graph, cut)))
    return Division(before, After(network, after))


class _Tracer(Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Keep what has no parts as it is: what it does may depend on whether it learns (stochastic depth)."""
        return super().is_leaf_module(m, module_qualified_name) or not any(True for _ in m.children())


def _cut(graph: Graph, trunk: nn.Module) -> Node | None:
    """Return the last node before all that learns whose result is all that is needed from there on."""
    order = {node: number for number, node in enumerate(graph.nodes)}
    last_use = {node: max((order[user] for user in node.users), default=-1) for node in order}
    of_images, learning = set[Node](), set[Node]()
    needed: list[Node] = []
    found: Node | None = None
    for node, number in order.items():
        parents = set(node.all_input_nodes)
        if _learns(node, trunk) or parents & learning:
            learning.add(node)
        if node.op != "placeholder" and not parents & of_images:
            continue  # a constant, which both parts can have
        if node in learning or node.op == "output":
            break
        of_images.add(node)
        needed = [other for other in (*needed, node) if last_use[other] > number]
        if needed == [node] and node.op != "placeholder" and not _several(node):
            found = node
    return found


def _learns(node: Node, trunk: nn.Module) -> bool:
    if node.op == "call_module":
        module = trunk.get_submodule(str(node.target))
        return module.training or any(parameter.requires_grad for parameter in module.parameters())
    if node.op == "get_attr":
        where, _, name = str(node.target).rpartition(".")
        return bool(getattr(trunk.get_submodule(where), name).requires_grad)
    return False


def _several(node: Node) -> bool:
    """Say whether the result may be more than one tensor."""
    return any(user.target is operator.getitem for user in node.users)


def _before(graph: Graph, cut: Node) -> Graph:
    part, copies = Graph(), dict[Node, Node]()
    for node in graph.nodes:
        copies[node] = part.node_copy(node, copies.__getitem__)
        if node is cut:
            break
    part.output(copies[cut])
    return part


def _after(graph: Graph, cut: Node) -> Graph:
    part = Graph()
    copies = {cut: part.placeholder("activations")}
    for node in graph.nodes:
        of_images = node.op == "placeholder" or any(parent not in copies for parent in node.all_input_nodes)
        if node is not cut and not of_images:
            copies[node] = part.node_copy(node, copies.__getitem__)
    return part


def _made(trunk: nn.Module, part: Graph) -> GraphModule:
    made = GraphModule(trunk, part)
    part.eliminate_dead_code()  # constants of the other part
    made.recompile()
    return made
