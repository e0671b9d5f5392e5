"""Networks that are really computed: the same answers as torchvision's, freezing, seeds, sizes of images."""

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from core.base.errors import UserError
from core.models.backbones import BACKBONES
from core.models.network import Network, build, restore, skeleton
from tests.core.models.tiny import register

TINY = register()


def images(side: int = 32, count: int = 4) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def names_that_learn(network: Network) -> set[str]:
    return {name.split(".")[0] for name, value in network.trunk.named_parameters() if value.requires_grad}


def snapshot(network: Network) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state().items()}


@pytest.mark.parametrize("key", ["resnet18", "mobilenet_v3_small", "mnasnet0_5"])
def test_plain_torchvision_gives_the_same_logits(key: str) -> None:
    network = build(BACKBONES[key], 3, None, seed=1).eval()
    plain = models.get_model(key, weights=None, num_classes=3).eval()
    weights = plain.state_dict()  # MNASNet wants the version that this carries
    assert set(weights) == set(network.state())
    weights.update(network.state())
    plain.load_state_dict(weights)
    with torch.inference_mode():
        assert torch.equal(plain(images(64)), network(images(64)))


def test_squeezenet_gives_the_same_logits_once_its_last_relu_is_off() -> None:
    network = build(BACKBONES["squeezenet1_1"], 3, None, seed=1).eval()
    plain = models.squeezenet1_1(num_classes=3).eval()
    plain.load_state_dict(network.state())
    plain.classifier[2] = nn.Identity()
    with torch.inference_mode():
        assert torch.allclose(plain(images(64)), network(images(64)), atol=1e-5)


def test_auxiliary_heads_are_off_in_training() -> None:
    network = build(BACKBONES["googlenet"], 3, None, seed=0).train()
    assert network(images(64)).shape == (4, 3)
    assert not [name for name in network.state() if name.startswith("aux")]


def test_state_restores_all_and_pretrained_weights_all_but_the_head() -> None:
    network = build(TINY, 3, None, seed=1).eval()
    again, other = restore(TINY, 3, network.state()).eval(), build(TINY, 5, network.state(), seed=2).eval()
    assert torch.equal(network(images()), again(images()))
    assert torch.equal(network.features(images()), other.features(images()))
    assert other(images()).shape == (4, 5)
    with pytest.raises(RuntimeError, match="tensors are missing, such as conv1"):
        build(TINY, 3, {}, seed=0)


def test_state_of_another_network_is_not_loaded() -> None:
    network = build(TINY, 3, None, seed=0)
    state = network.state()
    for other in (
        {name: value for name, value in state.items() if name != "classifier.1.bias"},
        {name: value for name, value in state.items() if name != "conv1.0.weight"},
        state | {"layer9.weight": torch.zeros(1)},
        state | {"layer1.0.weight": torch.zeros(1)},
    ):
        with pytest.raises(RuntimeError):
            network.load(other)


def test_trained_network_does_not_change_the_weights_it_was_built_from() -> None:
    weights = snapshot(build(TINY, 3, None, seed=1))
    network = build(TINY, 3, weights, seed=1)
    with torch.no_grad():
        next(network.trunk.parameters()).zero_()
    assert weights["conv1.0.weight"].any()


def test_seed_decides_and_the_global_one_stays() -> None:
    before = torch.get_rng_state()
    first, same, other = (snapshot(build(TINY, 3, None, seed)) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["classifier.1.weight"], other["classifier.1.weight"])
    assert not torch.equal(first["conv1.0.weight"], other["conv1.0.weight"])
    assert torch.equal(before, torch.get_rng_state())
    heads = [build(TINY, 3, first, seed).head.weight for seed in (1, 1, 2)]
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])


def test_freeze_lets_the_last_groups_and_the_head_learn() -> None:
    network = build(TINY, 3, None, seed=0)
    expected: list[set[str]] = [set(), {"layer2"}, {"layer1", "layer2"}, {"conv1", "layer1", "layer2"}]
    for count in (0, 1, 2, 3, 9):
        network.freeze(count)
        assert names_that_learn(network) == expected[min(count, 3)]
        assert all(parameter.requires_grad for parameter in network.head.parameters())
    assert [len(parameters) for parameters in network.group_parameters()] == [3, 3, 3, 2]


def test_frozen_batch_norm_keeps_its_statistics_in_training() -> None:
    network = build(TINY, 3, None, seed=0)
    network.freeze(1)
    before = snapshot(network)
    network.eval().train()(images())
    changed = {name for name, value in network.state().items() if not torch.equal(value, before[name])}
    assert changed == {f"layer2.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}


def test_frozen_dropout_is_off_and_comes_back() -> None:
    network = build(BACKBONES["alexnet"], 2, None, seed=0).train()
    dropouts = [module for module in network.trunk.modules() if isinstance(module, nn.Dropout)]
    network.freeze(0)
    assert [module.training for module in dropouts] == [False, False]
    network.freeze(1)
    assert [module.training for module in dropouts] == [False, True], "the first one comes before the last group"
    network.freeze(99)
    assert [module.training for module in dropouts] == [True, True]


def test_dropout_belongs_to_the_head() -> None:
    network = build(TINY, 3, None, seed=0)
    network.freeze(0)
    assert network.head.dropout == 0.2
    assert not any(isinstance(module, nn.Dropout) for module in network.trunk.modules())
    features = network.train().features(images())
    assert torch.equal(features, network.features(images())), "features are the same each time"
    assert not torch.equal(network.head(features), network.head(features)), "in training"
    assert torch.equal(network.eval().head(features), network(images())), "in use"


def test_vit_sees_other_sizes_with_its_positions_fitted() -> None:
    backbone = BACKBONES["vit_b_32"]
    weights = {name: torch.zeros(value.shape) for name, value in skeleton(backbone, 2).state().items()}
    weights["encoder.pos_embedding"] = torch.arange(50.0).expand(768, 50).T[None].clone()
    network = build(backbone, 2, weights, seed=0, size_px=64)
    fitted = network.state()["encoder.pos_embedding"]
    assert fitted[0, :, 0].tolist() == [0, 1, 7, 43, 49], "the token, then the corners"
    assert network(images(64)).shape == (4, 2)
    assert len(weights["encoder.pos_embedding"][0]) == 50


@pytest.mark.parametrize(("key", "side"), [("vit_b_32", 100), ("maxvit_t", 128), ("alexnet", 48)])
def test_size_that_does_not_fit_is_refused(key: str, side: int) -> None:
    with pytest.raises(UserError) as caught:
        build(BACKBONES[key], 2, None, seed=0, size_px=side)
    title = BACKBONES[key].title
    assert caught.value.message == f"{title} cannot work with images of {side} × {side} pixels."
    assert caught.value.hint == "Set the image size to 224 pixels, or choose another model."


def test_network_travels_to_a_graphics_card() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no graphics card")
    network = build(TINY, 3, None, seed=0).eval()
    on_cpu = network(images())
    assert torch.allclose(network.cuda()(images().cuda()).cpu(), on_cpu, atol=1e-4)
