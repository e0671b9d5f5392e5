import torch
from torch import nn

from core.train.averaging import Average


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))


def weight_of(net: nn.Sequential) -> torch.Tensor:
    convolution = net[0]
    assert isinstance(convolution, nn.Conv2d)
    return convolution.weight


def test_the_mean_follows_the_formula_and_takes_the_statistics_along() -> None:
    net = network()
    average = Average(net, decay=0.5)
    expected = {name: value.clone() for name, value in net.state_dict().items()}
    for step in range(1, 6):
        with torch.no_grad():
            for value in net.state_dict().values():
                value.add_(step)
        decay = min(0.5, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            expected[name] = expected[name] * decay + value * (1 - decay)
        average.update()
    with average.in_place():
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                assert torch.allclose(value, expected[name], atol=1e-5), name


def test_learning_goes_on_from_where_it_was() -> None:
    net = network()
    average = Average(net, decay=0.9)
    with torch.no_grad():
        weight_of(net).add_(1)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    average.update()
    with average.in_place():
        assert not torch.equal(weight_of(net), before["0.weight"])
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_frozen_weights_are_not_copied() -> None:
    net = network()
    net[0].requires_grad_(False)
    average = Average(net, decay=0.9)
    frozen = weight_of(net).clone()
    average.update()
    with average.in_place():
        assert torch.equal(weight_of(net), frozen)
