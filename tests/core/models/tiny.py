"""A network so small that tests need no weights and no patience; `register` makes it a choice like any other."""

from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor, nn

from core.models.backbones import BACKBONES, Backbone
from core.models.groups import survey
from core.models.network import ARCHITECTURES, Architecture, build, hollow, last_layer

SIZE_PX = 32


class _Tiny(nn.Module):
    """Three convolutions with BatchNorm, and a head after a dropout, under names like those of ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _convolution(3, 8)
        self.layer1 = _convolution(8, 16)
        self.layer2 = _convolution(16, 16)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(16, 1000))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.pool(self.layer2(self.layer1(self.conv1(images)))).flatten(1))
        return logits


def _convolution(channels_in: int, channels: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())


def register() -> Backbone:
    """Return the tiny backbone, which from now on is found under the key "tiny"."""
    if "tiny" not in BACKBONES:
        ARCHITECTURES.add(Architecture("tiny", lambda size_px: _Tiny()))
        BACKBONES.add(_backbone())
    return BACKBONES["tiny"]


def write_weights(file: Path, seed: int = 0) -> Path:
    """Write random weights of the tiny network as safetensors."""
    save_file(build(register(), 1000, None, seed).state(), file)
    return file


def _backbone() -> Backbone:
    trunk = hollow("tiny", SIZE_PX)
    parameters = sum(value.numel() for value in trunk.parameters())
    head, _ = last_layer(trunk)
    trunk.set_submodule(head, nn.Identity())
    seen = survey(trunk, SIZE_PX, head)
    return Backbone(
        key="tiny",
        title="Tiny",
        family="Tiny",
        architecture="tiny",
        parameters=parameters,
        file_mb=0.1,
        imagenet_top1=None,
        layer_mb=seen.layer_mb,
        url=None,
        sha256="",
        size_px=SIZE_PX,
        resize_px=SIZE_PX + 4,
        interpolation="bilinear",
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        feature_dim=seen.feature_dim,
        groups=seen.groups,
    )
