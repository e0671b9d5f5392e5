"""Writes resources/backbones.json from torchvision and the starter file: `python -m core.models.catalogue`."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import nn
from torchvision import models

from core.base.errors import UserError
from core.base.files import RESOURCES, sha256, write_bytes
from core.models.backbones import CATALOGUE, Backbone
from core.models.groups import Survey, survey
from core.models.network import hollow, last_layer

STARTER = RESOURCES / "starter.safetensors"

RECOMMENDED = {
    "mobilenet_v3_small": "Very small and quick: for old laptops and for cameras.",
    "mobilenet_v3_large": "Small and quick, and more exact than its small sister.",
    "resnet18": "A good first choice: quick, well known, forgiving.",
    "resnet50": "The usual standard: exact, and at home on any graphics card.",
    "vgg16": "Old and large; often still good at textures.",
    "efficientnet_v2_s": "Very exact for its size; wants larger images and more time.",
    "convnext_tiny": "A modern network, very exact; wants a graphics card.",
    "swin_t": "A transformer that sees fine and coarse; wants a graphics card.",
    "vit_b_16": "A plain transformer; strong with many images and a graphics card.",
}

_NOT_COMMERCIAL = "Its weights may not be used commercially (CC BY-NC 4.0)."

_FAMILIES = {
    "alexnet": "AlexNet",
    "convnext": "ConvNeXt",
    "densenet": "DenseNet",
    "efficientnet": "EfficientNet",
    "googlenet": "GoogLeNet",
    "inception": "Inception",
    "maxvit": "MaxViT",
    "mnasnet": "MNASNet",
    "mobilenet": "MobileNet",
    "regnet": "RegNet",
    "resnet": "ResNet",
    "resnext": "ResNeXt",
    "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet",
    "swin": "Swin",
    "vgg": "VGG",
    "vit": "ViT",
    "wide_resnet": "Wide ResNet",
}

# From a torchvision name without its family to what people write, tried in order.
_TITLES = (
    (r"^_v2_x(\d)_(\d)$", r" V2 ×\1.\2"),
    (r"^_v(\d)_([a-z])$", lambda found: f" V{found[1]}-{found[2].upper()}"),
    (r"^_v(\d)_([a-z]+)$", r" V\1 \2"),
    (r"^_v(\d)$", r" V\1"),
    (r"^_([a-z])_(\d+)$", lambda found: f"-{found[1].upper()}/{found[2]}"),
    (r"^_([xy])_(\d+)_(\d+)gf$", lambda found: f" {found[1].upper()} {found[2]}.{found[3]} GF"),
    (r"^_([xy])_(\d+)([gm])f$", lambda found: f" {found[1].upper()} {found[2]} {found[3].upper()}F"),
    (r"^_([a-z]\d?)$", lambda found: f"-{found[1].upper()}"),
    (r"^_([a-z]+)$", r" \1"),
    (r"^(\d)_(\d+)$", r" \1.\2"),
    (r"^(\d+)_(\d+)x(\d+d)$", r"-\1 \2×\3"),
    (r"^(\d+)_bn$", r"-\1 with BatchNorm"),
    (r"^(\d+)_2$", r"-\1"),
    (r"^(\d+)$", r"-\1"),
)


def torchvision_backbones() -> Iterator[Backbone]:
    """Yield an entry for each classification network that torchvision has, in alphabetical order."""
    for name in models.list_models(module=models):
        yield torchvision_backbone(name, hollow(name, _frame(name).crop_size[0]))


def torchvision_backbone(name: str, trunk: nn.Module) -> Backbone:
    """Return the entry for torchvision's newest weights of one network, given that network on the meta device."""
    weights, frame = models.get_model_weights(name).DEFAULT, _frame(name)
    size_px = frame.crop_size[0]
    seen = _survey(trunk, size_px)
    # With weights, GoogLeNet and Inception turn the usual normalisation into this one in a first step of their own
    # ("transform_input"). We give it at once, so that the network is the same with and without weights.
    own = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)} if hasattr(trunk, "transform_input") else {}
    family = max((start for start in _FAMILIES if name.startswith(start)), key=len)
    found = re.search(r"-([0-9a-f]{8,})\.pth$", weights.url)
    assert found, weights.url
    return Backbone(
        key=name,
        title=_title(name, family),
        family=_FAMILIES[family],
        architecture=name,
        parameters=sum(value.numel() for value in trunk.parameters()),
        file_mb=round(weights.meta["_file_size"], 1),
        imagenet_top1=round(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100, 5),
        layer_mb=seen.layer_mb,
        url=weights.url,
        sha256=found[1],
        size_px=size_px,
        resize_px=frame.resize_size[0],
        interpolation=frame.interpolation.value,
        feature_dim=seen.feature_dim,
        groups=seen.groups,
        note=RECOMMENDED.get(name, _NOT_COMMERCIAL if "SWAG" in weights.meta.get("license", "") else ""),
        recommended=name in RECOMMENDED,
        **({"mean": tuple(frame.mean), "std": tuple(frame.std)} | own),
    )


def starter_backbone(path: Path) -> Backbone:
    """Return the entry for the starter file; raises UserError if it is not there or is not one."""
    hint = "Make it with packaging/starter, then start this again."
    if not path.exists():
        raise UserError(f"The weights of the starter model are not there: {path}.", hint)
    try:
        with safe_open(path, "pt") as file:
            facts: dict[str, str] = file.metadata() or {}
        architecture, size_px = facts["architecture"], int(facts["image_size"])
        mean, std = tuple(json.loads(facts["mean"])), tuple(json.loads(facts["std"]))
    except (SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"The file {path} does not describe a starter model ({error}).", hint) from None
    trunk = hollow(architecture, size_px)
    seen = _survey(trunk, size_px)
    return Backbone(
        key="starter",
        title="Starter (built in)",
        family="Starter",
        architecture=architecture,
        parameters=sum(value.numel() for value in trunk.parameters()),
        file_mb=round(path.stat().st_size / 2**20, 1),
        imagenet_top1=None,
        layer_mb=seen.layer_mb,
        url=None,
        sha256=sha256(path),
        size_px=size_px,
        resize_px=round(size_px * 8 / 7),
        interpolation="bilinear",
        mean=mean,
        std=std,
        feature_dim=seen.feature_dim,
        groups=seen.groups,
        note="Always here, without a download. Trained only on drawings that a program made, "
        "so a downloaded model is more exact.",
        recommended=True,
    )


def text(backbones: list[Backbone]) -> str:
    """Return the catalogue as JSON, with one line for each layer group and one for the rest of an entry."""
    return "[\n" + ",\n".join(_entry(backbone) for backbone in backbones) + "\n]\n"


def _entry(backbone: Backbone) -> str:
    facts = {key: value for key, value in asdict(backbone).items() if key != "groups"}
    groups = ",\n    ".join(json.dumps(asdict(group), ensure_ascii=False) for group in backbone.groups)
    return f' {json.dumps(facts, ensure_ascii=False)[:-1]},\n  "groups": [\n    {groups}]}}'


def _frame(name: str) -> Any:  # noqa: ANN401 - torchvision gives no types
    """Return torchvision's preprocessing for its newest weights of a network."""
    return models.get_model_weights(name).DEFAULT.transforms()


def _survey(trunk: nn.Module, size_px: int) -> Survey:
    """Look at a network with its head, and leave it as it was."""
    name, head = last_layer(trunk)
    trunk.set_submodule(name, nn.Identity())
    seen = survey(trunk, size_px, name)
    trunk.set_submodule(name, head)
    return seen


def _title(name: str, family: str) -> str:
    rest = name[len(family) :]
    for pattern, written in _TITLES:
        if re.search(pattern, rest):
            return _FAMILIES[family] + re.sub(pattern, written, rest)
    return _FAMILIES[family] + rest


def main() -> None:
    """Rewrite the catalogue, the starter first."""
    write_bytes(CATALOGUE, text([starter_backbone(STARTER), *torchvision_backbones()]).encode())


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
