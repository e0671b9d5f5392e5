import pytest
import torch

from core.train.augment import VARIATIONS, Variation, vary

STILL = Variation(smallest=1, stretch=1, degrees=0, brightness=0, contrast=0, saturation=0, flip=False)


def squares(n: int = 4) -> torch.Tensor:
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def test_no_variation_leaves_the_images_as_they_are() -> None:
    images = squares()
    assert torch.allclose(vary(images, 16, STILL, torch.Generator()), images, atol=1e-5)


def test_flips_mirror_about_half_of_the_images() -> None:
    images = squares(64)
    shown = vary(images, 16, Variation(1, 1, 0, 0, 0, 0, flip=True), torch.Generator().manual_seed(0))
    same = [bool(torch.allclose(a, b, atol=1e-5)) for a, b in zip(shown, images, strict=True)]
    mirrored = [bool(torch.allclose(a, b.flip(-1), atol=1e-5)) for a, b in zip(shown, images, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True))
    assert 16 < sum(mirrored) < 48


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_a_seed_gives_the_same_variation_and_values_stay_in_range(strength: str) -> None:
    variation = VARIATIONS[strength]  # type: ignore[index]
    assert variation
    first, again = (vary(squares(), 12, variation, torch.Generator().manual_seed(5)) for _ in range(2))
    other = vary(squares(), 12, variation, torch.Generator().manual_seed(6))
    assert first.shape == (4, 3, 12, 12)
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1


def test_a_crop_shows_a_part_at_larger_scale() -> None:
    ramp = torch.linspace(0, 1, 16).expand(1, 3, 16, 16).clone()
    shown = vary(ramp, 16, Variation(0.25, 1, 0, 0, 0, 0, flip=False), torch.Generator().manual_seed(3))
    assert float(shown.max() - shown.min()) < float(ramp.max() - ramp.min())
