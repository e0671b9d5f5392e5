"""The contract of every backbone that can be chosen, held on the meta device so that giants cost nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models

from core.base.errors import UserError
from core.models import catalogue
from core.models.backbones import BACKBONES, CATALOGUE, Backbone, read_catalogue
from core.models.network import Network, hollow

SHIPPED = read_catalogue(CATALOGUE)
WITH_OTHER_HEADS = {"maxvit_t": {"classifier.5.bias"}}


def written_now(backbone: Backbone, trunk: nn.Module) -> Backbone:
    """Return the entry as the catalogue command would write it."""
    if backbone.key == "starter":
        return catalogue.starter_backbone(catalogue.STARTER)
    return catalogue.torchvision_backbone(backbone.key, trunk)


@pytest.mark.parametrize("backbone", SHIPPED, ids=lambda backbone: backbone.key)
def test_backbone_keeps_the_contract(backbone: Backbone) -> None:
    trunk = hollow(backbone.architecture, backbone.size_px)
    parameters = dict(trunk.named_parameters())
    own = {name: value.shape[1:] for name, value in trunk.state_dict().items()}
    assert written_now(backbone, trunk) == backbone

    network = Network(backbone, trunk, 7)
    assert (network.head.in_features, network.head.out_features) == (backbone.feature_dim, 7)
    state = network.state()
    assert list(own) == [name for name in state if name not in WITH_OTHER_HEADS.get(backbone.key, ())]
    assert own == {name: value.shape[1:] for name, value in state.items() if name in own}
    assert {name for name, _ in trunk.named_buffers()} <= set(own), "a buffer would not be saved"

    body = [name for name in parameters if not name.startswith(f"{network.head_name}.")]
    owners = [[g for g, group in enumerate(backbone.groups) if name.startswith(group.prefixes)] for name in body]
    assert all(len(each) == 1 for each in owners), "each parameter is in exactly one group"
    assert 3 <= len(backbone.groups) <= 8
    assert not any(f"{network.head_name}.weight".startswith(group.prefixes) for group in backbone.groups)
    counts = [sum(value.numel() for value in values) for values in network.group_parameters()]
    assert counts[:-1] == [group.parameters for group in backbone.groups]


def test_groups_follow_the_order_of_the_forward_pass() -> None:
    resnet, vit, vgg = (BACKBONES[key].groups for key in ("resnet50", "vit_b_16", "vgg16"))
    assert [group.prefixes for group in resnet] == [("conv1.", "bn1."), *((f"layer{n}.",) for n in (1, 2, 3, 4))]
    assert [group.name for group in resnet] == ["stem", "block1", "block2", "block3", "block4"]
    assert vit[0].prefixes == ("class_token", "conv_proj.", "encoder.pos_embedding")
    assert vit[-1].prefixes[-1] == "encoder.ln."
    assert vgg[-1].prefixes == ("classifier.0.", "classifier.3.")


def test_the_largest_layer_is_told() -> None:
    before_and_behind = 2 * 64 * 224 * 224 * 4
    assert BACKBONES["vgg16"].layer_mb == before_and_behind / 2**20


def test_features_have_the_promised_length() -> None:
    for key in ("starter", "squeezenet1_1", "vit_b_32"):
        backbone = BACKBONES[key]
        network = Network(backbone, hollow(backbone.architecture, backbone.size_px), 7).to("meta").eval()
        images = torch.empty(2, 3, backbone.size_px, backbone.size_px, device="meta")
        assert network.features(images).shape == (2, backbone.feature_dim)
        assert network(images).shape == (2, 7)


def test_catalogue_lists_all_of_torchvision_and_the_starter() -> None:
    assert [backbone.key for backbone in SHIPPED] == ["starter", *models.list_models(module=models)]
    assert len({backbone.title for backbone in SHIPPED}) == len(SHIPPED)
    assert sum(backbone.recommended for backbone in SHIPPED) == 10
    assert "CC BY-NC" in BACKBONES["vit_h_14"].note


def test_written_catalogue_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "backbones.json"
    file.write_text(catalogue.text(list(SHIPPED)), encoding="utf-8")
    assert read_catalogue(file) == SHIPPED
    assert file.read_bytes() == CATALOGUE.read_bytes()


def test_missing_or_wrong_starter_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"starter model are not there: .*starter\.safetensors\. Make it with"):
        catalogue.starter_backbone(tmp_path / "starter.safetensors")
    (tmp_path / "wrong").write_bytes(b"no weights at all")
    with pytest.raises(UserError, match="does not describe a starter model"):
        catalogue.starter_backbone(tmp_path / "wrong")


def test_choosing_does_not_load_torch() -> None:
    light = "import sys, core.models.backbones, core.models.weights, core.models.device; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
