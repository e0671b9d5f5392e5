import pytest
import torch
from torchvision.transforms.v2 import CutMix, MixUp

from core.train.mixing import CUTMIX_SHARE, blend, cut_boxes, mix, paste


def images(n: int = 6) -> torch.Tensor:
    return torch.rand(n, 3, 20, 14, generator=torch.Generator().manual_seed(2))


def test_blending_is_what_torchvision_does_with_the_same_share() -> None:
    batch, shares = images(2), torch.tensor([0.3, 0.3])
    expected = MixUp(num_classes=2).transform(batch, {"lam": 0.3, "labels": None, "batch_size": 2})
    assert torch.allclose(blend(batch, batch.roll(1, 0), shares), expected, atol=1e-6)


@pytest.mark.parametrize(("share", "x", "y"), [(0.5, 0.5, 0.5), (0.2, 0.0, 0.95), (0.9, 0.7, 0.1), (1.0, 0.3, 0.3)])
def test_pasting_is_what_torchvision_does_with_the_same_box(share: float, x: float, y: float) -> None:
    batch = images(2)
    box = cut_boxes(torch.tensor([share]), torch.tensor([[x, y]]), (20, 14))
    height, width = 0.5 * (1 - share) ** 0.5 * 20 // 1, 0.5 * (1 - share) ** 0.5 * 14 // 1
    left, top, right, bottom = x * 14 // 1 - width, y * 20 // 1 - height, x * 14 // 1 + width, y * 20 // 1 + height
    clamped = tuple(int(side) for side in (max(left, 0), max(top, 0), min(right, 14), min(bottom, 20)))
    expected = CutMix(num_classes=2).transform(batch, {"box": clamped, "labels": None, "batch_size": 2})
    assert torch.equal(paste(batch, batch.roll(1, 0), box.expand(2, 4)), expected)


@pytest.mark.parametrize("how", ["mixup", "cutmix"])
def test_targets_are_the_shares_of_what_is_seen(how: str) -> None:
    n = 400
    labels = torch.arange(n) % 2
    seen, targets = mix(labels.float().view(n, 1, 1, 1).expand(n, 3, 16, 16), labels, how, 2, _random())  # type: ignore[arg-type]
    assert torch.allclose(targets.sum(dim=1), torch.ones(n))
    assert torch.allclose(targets[:, 1], seen.mean(dim=(1, 2, 3)), atol=1e-6)
    assert len(set(targets[:, 1].tolist())) > 20, "each image has its own share"


def test_shares_are_distributed_as_in_the_papers() -> None:
    n = 4000
    labels, blank = torch.arange(n), torch.zeros(n, 1, 16, 16)
    _, mixed = mix(blank, labels, "mixup", n, _random())
    own = mixed[labels, labels]
    assert abs(float(own.mean()) - 0.5) < 0.02
    assert abs(float(own.var()) - 0.25 / 1.4) < 0.01, "the variance of Beta(0.2, 0.2)"
    _, cut = mix(blank, labels, "cutmix", n, _random())
    assert abs(float((cut[labels, labels] == 1).float().mean()) - (1 - CUTMIX_SHARE)) < 0.06


def test_nothing_is_mixed_unless_asked_for() -> None:
    batch, labels = images(), torch.arange(6)
    same, targets = mix(batch, labels, "none", 6, _random())
    assert torch.equal(same, batch)
    assert torch.equal(targets, labels)


def _random() -> torch.Generator:
    return torch.Generator().manual_seed(4)
