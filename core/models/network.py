"""One network class for all backbones: torchvision's own layers, and a new head for the classes at hand."""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torchvision import models
from torchvision.models.resnet import BasicBlock
from torchvision.models.vision_transformer import VisionTransformer, interpolate_embeddings

from core.base.errors import UserError
from core.base.registry import Registry
from core.models.backbones import Backbone


@dataclass(frozen=True)
class Architecture:
    """How to build a network for square images of a given side in pixels; its head is its last linear layer."""

    key: str
    make: Callable[[int], nn.Module]


ARCHITECTURES: Registry[Architecture] = Registry("architecture", lambda architecture: architecture.key)

# Auxiliary heads are of use only when training from scratch for weeks; naming init_weights avoids a warning.
_WITHOUT_AUXILIARY = {"aux_logits": False, "init_weights": True}


def _arguments(name: str, size_px: int) -> dict[str, Any]:
    families: dict[str, dict[str, Any]] = {
        "googlenet": _WITHOUT_AUXILIARY,
        "inception": _WITHOUT_AUXILIARY,
        "vit": {"image_size": size_px},
        "maxvit": {"input_size": (size_px, size_px)},
    }
    return families.get(name.split("_")[0], {})


def _torchvision(name: str, size_px: int) -> nn.Module:
    made: nn.Module = models.get_model(name, weights=None, **_arguments(name, size_px))
    return made


for _name in models.list_models(module=models):
    ARCHITECTURES.add(Architecture(_name, partial(_torchvision, _name)))


def _resnet10(size_px: int) -> nn.Module:
    made: nn.Module = models.ResNet(BasicBlock, [1, 1, 1, 1])
    return made


# Half of ResNet-18, which torchvision has no name for: small enough to ship.
ARCHITECTURES.add(Architecture("resnet10", _resnet10))


class Head(nn.Linear):
    """The last layer: features (N, D) to logits (N, classes), in training after the dropout that the network has there.

    The dropout is here and not in the features, so that stored features and computed ones are treated alike.
    """

    def __init__(self, features: int, n_classes: int, dropout: float) -> None:
        super().__init__(features, n_classes)
        self.dropout = dropout

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits."""
        return super().forward(functional.dropout(features, self.dropout, self.training))

    @torch.no_grad()
    def draw(self, seed: int) -> None:
        """Set weights and bias anew, uniform within 1/sqrt(D), the same for the same seed."""
        generator = torch.Generator().manual_seed(seed)
        bound = 1 / math.sqrt(self.in_features)
        for parameter in self.parameters():
            parameter.copy_((torch.rand(parameter.shape, generator=generator, device="cpu") * 2 - 1) * bound)


class Network(nn.Module):
    """A backbone and a head, made by `build`; `state` and `load` know its tensors by torchvision's names.

    The head always follows the average over positions and has a bias. In two networks torchvision has it otherwise, so
    theirs must be changed for a `state()` of ours: SqueezeNet needs nn.Identity for `classifier[2]` (a ReLU after the
    last layer), MaxViT an nn.Linear with bias for `classifier[5]`.
    """

    def __init__(self, backbone: Backbone, trunk: nn.Module, n_classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head_name, last = last_layer(trunk)
        self._kernel = last.weight.shape[2:]
        self.head = Head(last.weight.shape[1], n_classes, _take_dropout(trunk, self.head_name))
        trunk.set_submodule(self.head_name, nn.Identity())
        self.trunk = trunk
        self._frozen: tuple[nn.Module, ...] = ()

    def features(self, images: Tensor) -> Tensor:
        """Return what the head sees, (N, D), of normalised images (N, 3, H, W)."""
        seen: Tensor = self.trunk(images)
        return seen

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (N, classes), of normalised images (N, 3, H, W)."""
        logits: Tensor = self.head(self.features(images))
        return logits

    def state(self) -> dict[str, Tensor]:
        """Return all tensors (not copied) under torchvision's names and in its shapes."""
        head = {f"{self.head_name}.{name}": value for name, value in self.head.state_dict().items()}
        weight = f"{self.head_name}.weight"
        return {**self.trunk.state_dict(), **head, weight: head[weight].reshape(*head[weight].shape, *self._kernel)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy all tensors from such a `state`; raises RuntimeError if names or shapes are others."""
        start = f"{self.head_name}."
        head = {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
        self.head.load_state_dict({name: value.reshape(value.shape[:2]) for name, value in head.items()})
        self._load_trunk({name: value for name, value in state.items() if not name.startswith(start)})

    def _load_trunk(self, state: Mapping[str, Tensor]) -> None:
        # An older MNASNet refuses a state without the version that only torch's own state_dict carries.
        carrier = self.trunk.state_dict()
        carrier.update(state)
        missing = [name for name in carrier if name not in state]
        if missing:
            raise RuntimeError(f"{len(missing)} tensors are missing, such as {missing[0]}")
        self.trunk.load_state_dict(carrier)

    def group_parameters(self) -> tuple[list[nn.Parameter], ...]:
        """Return the parameters of each layer group from the stem on, then those of the head."""
        named = list(self.trunk.named_parameters())
        groups = ([value for name, value in named if name.startswith(g.prefixes)] for g in self.backbone.groups)
        return (*groups, list(self.head.parameters()))

    def freeze(self, n_trained_groups: int) -> None:
        """Let the last groups and the head learn and nothing else.

        What is frozen computes the same in training as in use: BatchNorm keeps its statistics, dropout is off.
        """
        n_frozen = max(0, len(self.backbone.groups) - n_trained_groups)
        for number, parameters in enumerate(self.group_parameters()):
            for parameter in parameters:
                parameter.requires_grad_(number >= n_frozen)
        self._frozen = tuple(_modules_before(self.trunk, self.backbone, n_frozen))
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set training mode for all but what is frozen."""
        super().train(mode)
        for module in self._frozen:
            module.training = False
        return self


def build(
    backbone: Backbone, n_classes: int, weights: Mapping[str, Tensor] | None, seed: int, size_px: int | None = None
) -> Network:
    """Return a network for `n_classes` with the given pretrained weights, or with random ones if None.

    A head among the weights is left out. `size_px` is the side of the images if it is not the backbone's own.
    Raises UserError if the architecture cannot see images of this size.
    """
    size_px = size_px or backbone.size_px
    with torch.random.fork_rng(devices=[]):  # torch draws for each layer that is made, also where weights come after
        if weights is None:
            torch.manual_seed(seed)
            network = _make(backbone, n_classes, size_px, _real)
        else:
            network = skeleton(backbone, n_classes, size_px).to_empty(device="cpu")
            network._load_trunk(_pretrained(network, weights))
    network.head.draw(seed)
    return network


def restore(backbone: Backbone, n_classes: int, state: Mapping[str, Tensor], size_px: int | None = None) -> Network:
    """Return the network that a `Network.state()` was taken from; raises like `build` and `Network.load`."""
    network = skeleton(backbone, n_classes, size_px).to_empty(device="cpu")
    network.load(state)
    return network


def skeleton(backbone: Backbone, n_classes: int, size_px: int | None = None) -> Network:
    """Return a network on the meta device: names and shapes, no memory, no initialisation. Raises like `build`."""
    return _make(backbone, n_classes, size_px or backbone.size_px, hollow)


def hollow(architecture: str, size_px: int) -> nn.Module:
    """Return torchvision's network on the meta device."""
    with _OnMeta():
        return _real(architecture, size_px).to("meta")


def _real(architecture: str, size_px: int) -> nn.Module:
    return ARCHITECTURES[architecture].make(size_px)


def _make(backbone: Backbone, n_classes: int, size_px: int, how: Callable[[str, int], nn.Module]) -> Network:
    if size_px != backbone.size_px:
        _require_fit(backbone, size_px)
    return Network(backbone, how(backbone.architecture, size_px), n_classes)


def _require_fit(backbone: Backbone, size_px: int) -> None:
    """Try one image that holds no numbers: some networks refuse a size when they are made, some when they are used."""
    try:
        hollow(backbone.architecture, size_px).eval()(torch.empty(1, 3, size_px, size_px, device="meta"))
    except (AssertionError, ValueError, RuntimeError):
        raise UserError(
            f"{backbone.title} cannot work with images of {size_px} × {size_px} pixels.",
            f"Set the image size to {backbone.size_px} pixels, or choose another model.",
        ) from None


class _OnMeta(TorchFunctionMode):
    """Makes parameters without memory. Narrower than torch.device("meta"), where RegNet cannot compute its widths."""

    _FACTORIES = (torch.empty, torch.zeros, torch.ones, torch.randn, torch.rand)
    # Slow on meta tensors, and of no effect.
    _FILLS = (Tensor.uniform_, Tensor.fill_, Tensor.zero_, nn.init.normal_, nn.init.kaiming_uniform_, nn.init.uniform_)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        given = dict(kwargs or {})
        filled = (args[0] if args else given.get("tensor")) if func in self._FILLS else None
        if filled is not None and filled.is_meta:
            return filled
        meta = {"device": "meta"} if func in self._FACTORIES else {}
        return func(*args, **{**given, **meta})


def last_layer(trunk: nn.Module) -> tuple[str, nn.Linear | nn.Conv2d]:
    """Return name and module of a network's head: its last linear layer, or (SqueezeNet has none) convolution."""
    layers = [(name, module) for name, module in trunk.named_modules() if isinstance(module, nn.Linear)]
    return layers[-1] if layers else _last_convolution(trunk)


def _last_convolution(trunk: nn.Module) -> tuple[str, nn.Conv2d]:
    return [(name, module) for name, module in trunk.named_modules() if isinstance(module, nn.Conv2d)][-1]


def _take_dropout(trunk: nn.Module, head_name: str) -> float:
    """Remove the dropout directly before the head and return its rate; 0 if there is none."""
    leaves = [(name, module) for name, module in trunk.named_modules() if not any(True for _ in module.children())]
    index = [name for name, _ in leaves].index(head_name)
    name, before = leaves[index - 1]
    if not isinstance(before, nn.Dropout):
        return 0.0
    trunk.set_submodule(name, nn.Identity())
    return before.p


def _modules_before(trunk: nn.Module, backbone: Backbone, n_frozen: int) -> Iterable[nn.Module]:
    """Yield the modules of the first groups; one without parameters belongs to the group before it."""
    current = 0
    for name, module in trunk.named_modules():
        own = next((n for n, g in enumerate(backbone.groups) if f"{name}.".startswith(g.prefixes)), None)
        current = current if own is None else own
        is_leaf = not any(True for _ in module.children())
        if current < n_frozen and (is_leaf or own is not None):
            yield module


def _pretrained(network: Network, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the part of the weights that is the trunk's, with ViT's positions fitted to the size of the images."""
    found = {name: value for name, value in weights.items() if not name.startswith(f"{network.head_name}.")}
    if isinstance(network.trunk, VisionTransformer):
        found = interpolate_embeddings(network.trunk.image_size, network.trunk.patch_size, OrderedDict(found))
    return found
