"""Divides any image network into layer groups, from the stem to the last block, by what a trial forward pass shows.

A group ends where the image becomes coarser (its side shrinks by a quarter or more), as in ResNet's four layers or the
five blocks of VGG. What comes before the first block made of several layers is the stem. A network that never becomes
coarser, such as ViT, has its blocks dealt into six groups.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, gelu, hardswish, layer_norm, relu, silu
from torch.overrides import TorchFunctionMode

from core.models.backbones import LayerGroup

_COARSER = 0.75
_DEALT = 6
_FLOAT_BYTES = 4


@dataclass
class _Unit:
    """A layer or block that is never divided. `side` is that of the square map it puts out, in positions."""

    name: str
    parameters: dict[str, int]
    block: bool
    starts: bool
    side: float = 0.0


@dataclass
class _Cut:
    """Neighbouring units; `side` is that of the first."""

    units: list[_Unit] = field(default_factory=list)

    @property
    def side(self) -> float:
        return self.units[0].side

    @property
    def names(self) -> dict[str, int]:
        return {name: size for unit in self.units for name, size in unit.parameters.items()}


@dataclass(frozen=True)
class Survey:
    """What a trial forward pass shows: the layer groups, head left out, and how many features the head gets.

    `layer_mb` is what the layer with most of it takes and gives for one image, in float32.
    """

    groups: tuple[LayerGroup, ...]
    feature_dim: int
    layer_mb: float


def survey(trunk: nn.Module, size_px: int, head: str) -> Survey:
    """Look at a network on the meta device that has `nn.Identity` in place of the module named `head`."""
    total = sum(parameter.numel() for parameter in trunk.parameters())
    units = list(_units(trunk, "", total))
    features, widest = _measure(trunk, units, size_px)
    cuts = _cut(units)
    if len(cuts) == 2:
        cuts = [cuts[0], *_deal(cuts[1])]
    every = [*(name for name, _ in trunk.named_parameters()), f"{head}."]
    groups = tuple(_group(number, cut, every) for number, cut in enumerate(cuts))
    return Survey(groups, features.shape[1], round(widest * _FLOAT_BYTES / 2**20, 2))


def _units(module: nn.Module, path: str, total: int) -> Iterator[_Unit]:
    """Yield what is not a mere container, in order; a block with over half of the parameters counts as a container."""
    own = {f"{path}{name}": value.numel() for name, value in module.named_parameters(recurse=False)}
    if own:
        yield _Unit(path, own, block=False, starts=False)
    for name, child in module.named_children():
        inner = {f"{path}{name}.{key}": value for key, value in child.named_parameters()}
        sizes = {key: value.numel() for key, value in inner.items()}
        layer = not any(True for _ in child.children())
        container = isinstance(child, nn.Sequential | nn.ModuleList | nn.ModuleDict) or sum(sizes.values()) > total / 2
        if not sizes:
            continue
        if container and not layer:
            yield from _units(child, f"{path}{name}.", total)
        else:
            matrix = any(value.ndim > 1 for value in inner.values())
            yield _Unit(f"{path}{name}", sizes, block=not layer, starts=matrix)


class _ShapesOnly(TorchFunctionMode):
    """Leaves out what changes no shape, and takes most of the time on the meta device."""

    _LEFT_OUT = (batch_norm, layer_norm, relu, gelu, silu, hardswish)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        return args[0] if func in self._LEFT_OUT else func(*args, **(kwargs or {}))


def _measure(trunk: nn.Module, units: list[_Unit], size_px: int) -> tuple[Tensor, int]:
    """Fill in the sides by one forward pass; return its result and the most numbers that a layer takes and gives.

    Parameters that stand alone have the side of what comes before them.
    """
    modules = dict(trunk.named_modules())
    seen: dict[str, float] = {}
    sizes: list[int] = []

    def note(name: str, output: Tensor) -> None:
        seen[name] = _side(output)

    def count(_: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        sizes.append(sum(value.numel() for value in (*inputs, output) if isinstance(value, Tensor)))

    hooks = [
        modules[unit.name].register_forward_hook(lambda _m, _i, output, name=unit.name: note(name, output))
        for unit in units
        if unit.name in modules
    ]
    hooks += [module.register_forward_hook(count) for module in modules.values() if not list(module.children())]
    with _ShapesOnly():
        features: Tensor = trunk.eval()(torch.empty(1, 3, size_px, size_px, device="meta"))
    for hook in hooks:
        hook.remove()
    side = float(size_px)
    for unit in units:
        side = unit.side = seen.get(unit.name, side)
    return features, max(sizes)


def _side(output: Tensor) -> float:
    """Return the side of a map (N, C, H, W) or (N, H, W, C) or of a list of tokens (N, L, C); 1 for features (N, C)."""
    shape = output.shape
    if len(shape) == 4:
        return float(shape[2] if shape[2] == shape[3] else shape[1])
    return float(shape[1]) ** 0.5 if len(shape) == 3 else 1.0


def _cut(units: list[_Unit]) -> list[_Cut]:
    cuts = [_Cut()]
    for unit in units:
        now = cuts[-1]
        is_first_block = unit.block and len(cuts) == 1 and not any(each.block for each in now.units)
        if now.units and unit.starts and (is_first_block or unit.side <= _COARSER * now.side):
            cuts.append(_Cut())
        cuts[-1].units.append(unit)
    return cuts


def _deal(cut: _Cut) -> list[_Cut]:
    """Divide one group into six of equally many blocks; what is no block stays with the block before it."""
    starts = [index for index, unit in enumerate(cut.units) if unit.block]
    edges = [starts[len(starts) * part // _DEALT] for part in range(_DEALT)]
    return [_Cut(cut.units[a:b]) for a, b in pairwise([*edges, len(cut.units)])]


def _group(number: int, cut: _Cut, every: list[str]) -> LayerGroup:
    return LayerGroup(
        name=f"block{number}" if number else "stem",
        title=f"Block {number}" if number else "Stem",
        prefixes=_prefixes(list(cut.names), every),
        parameters=sum(cut.names.values()),
    )


def _prefixes(names: list[str], every: list[str]) -> tuple[str, ...]:
    """Return the shortest module paths that hold all of `names` and nothing else of `every`."""
    found: list[str] = []
    for name in names:
        if not name.startswith(tuple(found)) or not found:
            others = [other for other in every if other not in names]
            found.append(next(path for path in _paths(name) if not any(other.startswith(path) for other in others)))
    return tuple(found)


def _paths(name: str) -> Iterator[str]:
    parts = name.split(".")
    for length in range(1, len(parts)):
        yield ".".join(parts[:length]) + "."
    yield name
