import math

import torch
from torch import nn

from core.train.fitting import Best, ScaledHead, Tally, schedule


def test_the_rate_warms_up_and_then_falls_to_zero() -> None:
    factor = schedule(100)
    rates = [factor(step) for step in range(100)]
    assert rates[0] == 0.1
    assert rates.index(max(rates)) in (9, 10)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001


def test_a_tally_weighs_batches_by_their_size() -> None:
    tally = Tally()
    sure, unsure = torch.tensor([[100.0, 0.0]]), torch.zeros(3, 2)
    tally.add(sure, torch.tensor([0]))
    tally.add(unsure, torch.tensor([1, 1, 1]))
    assert math.isclose(tally.mean_loss, 0.75 * math.log(2), rel_tol=1e-5)
    assert tally.accuracy == 0.25


def test_the_scaled_head_gives_the_same_logits_when_folded_back() -> None:
    torch.manual_seed(0)
    features = torch.randn(50, 6) * torch.tensor([1e-3, 1, 100, 1, 1, 0]) + 5
    head = nn.Linear(6, 3)
    before = head(features).detach()
    scaled = ScaledHead(head, features)
    assert torch.allclose(scaled(features), before, atol=1e-2)
    with torch.no_grad():
        head.weight += 0.1
    folded = nn.Linear(6, 3)
    folded.load_state_dict(scaled.folded())
    assert torch.allclose(folded(features), scaled(features), atol=1e-2)


def test_the_best_epoch_comes_back_whole() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    best = Best()
    best.keep(3, 0.5, network.state_dict())
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        for value in network.state_dict().values():
            value.add_(1)
    best.restore(network)  # type: ignore[arg-type]
    assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())
