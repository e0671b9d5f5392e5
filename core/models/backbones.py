"""The pretrained networks that can be chosen, one entry each, read from resources/backbones.json (without torch)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.base.files import RESOURCES
from core.base.registry import Registry

CATALOGUE = RESOURCES / "backbones.json"


@dataclass(frozen=True)
class LayerGroup:
    """Neighbouring layers that are frozen or trained together. `parameters` counts the numbers they hold.

    A parameter belongs to the group when its torchvision name starts with one of them: `name.startswith(prefixes)`.
    """

    name: str
    title: str
    prefixes: tuple[str, ...]
    parameters: int


@dataclass(frozen=True)
class Backbone:
    """One pretrained network and all that is needed to use it.

    `architecture` is torchvision's name of the network, `sha256` the hash of the file at `url` or its first digits. An
    image is brought to `resize_px`; the network sees the central `size_px` of it, minus `mean`, divided by `std` (of
    pixels from 0 to 1; red, green, blue). `layer_mb` is what the layer with most of it takes and gives for one image,
    in float32; `imagenet_top1` is from 0 to 1; `parameters` includes the original head. `groups` go from the stem to
    the last block; the head is not among them.
    """

    key: str
    title: str
    family: str
    architecture: str
    parameters: int
    file_mb: float
    imagenet_top1: float | None
    layer_mb: float
    url: str | None
    sha256: str
    size_px: int
    resize_px: int
    interpolation: Literal["bilinear", "bicubic"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    feature_dim: int
    groups: tuple[LayerGroup, ...]
    note: str = ""
    recommended: bool = False


def read_catalogue(path: Path) -> tuple[Backbone, ...]:
    """Return the backbones of a catalogue file, in its order."""
    return tuple(_backbone(entry) for entry in json.loads(path.read_text(encoding="utf-8")))


def _backbone(entry: dict[str, Any]) -> Backbone:
    groups = tuple(LayerGroup(**{**group, "prefixes": tuple(group["prefixes"])}) for group in entry["groups"])
    return Backbone(**{**entry, "mean": tuple(entry["mean"]), "std": tuple(entry["std"]), "groups": groups})


BACKBONES: Registry[Backbone] = Registry("pretrained model", lambda backbone: backbone.key)
for _entry in read_catalogue(CATALOGUE):
    BACKBONES.add(_entry)
