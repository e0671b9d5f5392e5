import math

import torch
from torch import nn

from core.models.network import build
from core.train.fitting import Best, ScaledHead
from core.train.plan import PlannedPhase
from core.train.steps import optimiser, schedule
from core.train.tally import Tally
from tests.core.models.tiny import register


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


def test_early_layers_learn_at_lower_rates_and_norms_do_not_decay() -> None:
    network = build(register(), 2, None, seed=0)
    network.freeze(99)
    phase = PlannedPhase("all", 99, 1, 1, rate=1.0, decay_per_group=0.5, from_features=False, batch_size=8)
    made = optimiser(network, phase, weight_decay=0.1)
    by_parameter = {id(p): group for group in made.param_groups for p in group["params"]}
    rates = [{by_parameter[id(p)]["lr"] for p in group} for group in network.group_parameters()]
    assert rates == [{0.5 ** (len(rates) - 1 - i)} for i in range(len(rates))]
    assert all((by_parameter[id(p)]["weight_decay"] == 0) == (p.ndim == 1) for p in network.parameters())


def test_a_feature_that_hardly_varies_gets_no_huge_weight() -> None:
    features = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 1.0, 1.0, 1e-3])
    head = nn.Linear(4, 2)
    nn.init.zeros_(head.weight)
    scaled = ScaledHead(head, features)
    with torch.no_grad():
        head.weight += 1
    assert float(scaled.folded()["weight"].max()) < 2


def test_a_loss_that_is_no_number_stays_in_the_sum() -> None:
    tally = Tally()
    tally.add(torch.tensor([[math.nan, 0.0]]), torch.tensor([0]))
    for _ in range(5):
        tally.add(torch.zeros(2, 2), torch.tensor([0, 1]))
    assert math.isfinite(tally.last_loss)
    assert not math.isfinite(tally.mean_loss)


def test_the_standard_error_is_that_of_the_mean() -> None:
    tally, random = Tally(), torch.Generator().manual_seed(0)
    logits, labels = torch.randn(30, 4, generator=random), torch.randint(0, 4, (30,), generator=random)
    for part in (slice(0, 11), slice(11, 30)):
        tally.add(logits[part], labels[part])
    losses = nn.functional.cross_entropy(logits, labels, reduction="none")
    assert math.isclose(tally.standard_error, float(losses.std()) / 30**0.5, rel_tol=1e-4)


def test_of_epochs_that_cannot_be_told_apart_the_latest_is_the_best() -> None:
    best = Best()
    taken = [best.takes(loss, error) for loss, error in ((1.0, 0.1), (0.5, 0.1), (0.58, 0.2), (0.61, 0.2), (0.6, 0.2))]
    assert taken == [True, True, True, False, True]
    assert not best.takes(0.7, 0.0), "the error is that of the lowest"
