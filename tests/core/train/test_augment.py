"""The batched variation against torchvision's transforms of one image: the same pixels, and the same distribution."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import ColorJitter, RandomResizedCrop
from torchvision.transforms.v2 import functional as single

from core.train.augment import VARIATIONS, Drawn, Variation, carry_out, draw, variation_of, vary
from core.train.operations import OPERATIONS, brighten, contrast, recolour, saturate, sharpen

STILL = Variation(smallest=1, stretch=1, degrees=0, brightness=0, contrast=0, saturation=0, flip=False)
TOLERANCE = 1e-5
"""Of values from 0 to 1: what the order of additions makes of float32."""
NUMBER = {operation.key: number for number, operation in enumerate(OPERATIONS)}


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def squares(n: int = 4, side: int = 16) -> Tensor:
    """Return smooth images, so that a mistake of a pixel is no mistake of everything."""
    coarse = torch.rand(n, 3, 4, 4, generator=seeded())
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)


def drawn(n: int = 4, **changes: Tensor) -> Drawn:
    return replace(draw(n, STILL, seeded()), **changes)


def inner(images: Tensor, margin: int) -> Tensor:
    return images[..., margin:-margin, margin:-margin]


def test_no_variation_leaves_the_images_as_they_are() -> None:
    images = squares()
    assert torch.allclose(vary(images, 16, STILL, torch.Generator()), images, atol=TOLERANCE)


def test_crops_and_flips_are_those_of_torchvision() -> None:
    images = squares(3, 32)
    boxes = torch.tensor([[4, 2, 20, 16], [0, 0, 32, 32], [7, 11, 25, 21]])
    left, top, width, height = (boxes / 32).unbind(dim=1)
    flipped = torch.tensor([False, True, True])
    shown = carry_out(images, 24, drawn(3, left=left, top=top, width=width, height=height, flipped=flipped))
    for one, image, box, mirror in zip(shown, images, boxes.tolist(), flipped.tolist(), strict=True):
        left_px, top_px, width_px, height_px = box
        expected = single.resized_crop(image, top_px, left_px, height_px, width_px, [24, 24], antialias=False)
        expected = single.horizontal_flip(expected) if mirror else expected
        # at the edge of a crop ours sees the pixels beyond it, torchvision does not
        assert torch.allclose(inner(one, 1), inner(expected, 1), atol=TOLERANCE)


@pytest.mark.parametrize("degrees", [-30.0, 0.0, 12.5, 90.0])
def test_turns_are_those_of_torchvision(degrees: float) -> None:
    images = squares(2, 32)
    shown = carry_out(images, 32, drawn(2, degrees=torch.tensor([degrees, degrees])))
    expected = single.rotate(images, degrees, InterpolationMode.BILINEAR)
    assert torch.allclose(inner(shown, 8), inner(expected, 8), atol=1e-4)


def test_light_and_colours_are_those_of_torchvision() -> None:
    images, factors = squares(), [0.0, 0.6, 1.0, 1.9]
    for batched, one in (
        (brighten, single.adjust_brightness),
        (saturate, single.adjust_saturation),
        (contrast, single.adjust_contrast),
        (sharpen, single.adjust_sharpness),
    ):
        expected = torch.stack([one(image, factor) for image, factor in zip(images, factors, strict=True)])
        assert torch.allclose(batched(images, torch.tensor(factors)), expected, atol=TOLERANCE), one.__name__


def test_all_colours_at_once_are_one_after_the_other_where_nothing_is_clipped() -> None:
    images = 0.4 + 0.2 * squares()
    light, colour, more = (
        torch.tensor([0.9, 1.1, 1.0, 1.2]),
        torch.tensor([0.0, 1.3, 1.0, 0.7]),
        torch.tensor([1.3, 0.7]),
    )
    factors = (light, colour, more.repeat(2))
    expected = contrast(saturate(brighten(images, factors[0]), factors[1]), factors[2])
    assert torch.allclose(recolour(images, *factors), expected, atol=TOLERANCE)
    bright = recolour(images, torch.full((4,), 3.0), torch.ones(4), torch.ones(4))
    assert torch.equal(bright, torch.ones_like(images))


def expected_of(key: str, image: Tensor, amount: float) -> Tensor:
    """Return what torchvision's TrivialAugmentWide does with this operation and amount."""

    def moved(shift: list[int], shear: list[float]) -> Tensor:
        return Tensor(single.affine(image, 0.0, shift, 1.0, shear, InterpolationMode.BILINEAR))

    def degrees(share: float) -> float:
        return float(torch.tensor(share).atan().rad2deg())

    whole = (image * 255).round().byte()
    made: dict[str, Callable[[], Tensor]] = {
        "nothing": lambda: image,
        "shear x": lambda: moved([0, 0], [degrees(amount), 0.0]),
        "shear y": lambda: moved([0, 0], [0.0, degrees(amount)]),
        "shift x": lambda: moved([round(amount * image.shape[-1]), 0], [0.0, 0.0]),
        "shift y": lambda: moved([0, round(amount * image.shape[-1])], [0.0, 0.0]),
        "turn": lambda: single.rotate(image, amount, InterpolationMode.BILINEAR),
        "brightness": lambda: single.adjust_brightness(image, 1 + amount),
        "colour": lambda: single.adjust_saturation(image, 1 + amount),
        "contrast": lambda: single.adjust_contrast(image, 1 + amount),
        "sharpness": lambda: single.adjust_sharpness(image, 1 + amount),
        "posterise": lambda: single.posterize(whole, round(8 - amount)).float() / 255,
        "solarise": lambda: single.solarize(image, 1 - amount),
        "stretch": lambda: single.autocontrast(image),
        "equalise": lambda: single.equalize(image),
    }
    return made[key]()


@pytest.mark.parametrize("key", NUMBER)
def test_each_operation_is_that_of_torchvision(key: str) -> None:
    operation = OPERATIONS[NUMBER[key]]
    images = (squares(4, 32) * 255).round() / 255
    amounts = torch.tensor([0.0, 0.25, 0.5, 0.75]) * operation.strongest
    if key.startswith("shift"):
        amounts = torch.tensor([0, 1, 3, 4]) / 32  # whole pixels, as torchvision takes no others
    if operation.signed:
        amounts[2] *= -1
    shown = carry_out(images, 32, drawn(operation=torch.full((4,), NUMBER[key]), amount=amounts))
    for one, image, amount in zip(shown, images, amounts.tolist(), strict=True):
        expected = expected_of(key, image, amount)
        # what comes in from outside is black there and a reflection here
        assert torch.allclose(inner(one, 11), inner(expected, 11), atol=1e-4), f"{key} {amount}"


def test_an_image_that_turns_changes_no_other() -> None:
    """Whatever lies beyond the edge is asked for only where an image turns."""
    images = squares(4, 32)
    cropped = draw(4, replace(VARIATIONS["light"] or STILL, flip=False), seeded())
    alone = carry_out(images, 24, cropped)
    turned = carry_out(images, 24, replace(cropped, degrees=torch.tensor([0.0, 0.0, 0.0, 15.0])))
    assert torch.allclose(turned[:3], alone[:3], atol=TOLERANCE)
    assert not torch.allclose(turned[3], alone[3], atol=0.01)


@pytest.mark.parametrize(
    "changes",
    [
        {"degrees": torch.tensor([45.0])},
        {"operation": torch.tensor([NUMBER["turn"]]), "amount": torch.tensor([45.0])},
    ],
)
def test_what_comes_in_from_outside_is_a_reflection(changes: dict[str, Tensor]) -> None:
    rising = torch.linspace(0, 1, 32).expand(1, 3, 32, 32)  # from left to right
    (shown,) = carry_out(rising, 32, drawn(1, **changes))
    corners = shown[0, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 0.1  # not that of the leftmost pixels
    assert corners.max() < 0.9


def test_an_operation_comes_after_crop_and_flip() -> None:
    images, n = squares(1, 32), torch.tensor([1.0])
    both = drawn(
        1,
        left=n * 0.25,
        width=n * 0.5,
        height=n * 0.5,
        flipped=n > 0,
        operation=torch.tensor([NUMBER["turn"]]),
        amount=n * 20,
    )
    cropped = single.horizontal_flip(single.resized_crop(images, 0, 8, 16, 16, [32, 32], antialias=False))
    expected = single.rotate(cropped, 20.0, InterpolationMode.BILINEAR)
    assert float((inner(carry_out(images, 32, both), 8) - inner(expected, 8)).abs().max()) < 0.01, "sampled once, twice"


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_parameters_are_distributed_as_those_of_torchvision(strength: str) -> None:
    variation = VARIATIONS[strength]  # type: ignore[index]
    assert variation
    n, image = 4000, torch.zeros(3, 1000, 1000)
    crop = RandomResizedCrop(1, (variation.smallest, 1.0), (1 / variation.stretch, variation.stretch))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        one_by_one = [crop.make_params([image]) for _ in range(n)]
    ours = draw(n, variation, seeded())
    for side in ("left", "top", "width", "height"):
        reference = torch.tensor([params[side] / 1000 for params in one_by_one])
        assert _alike(getattr(ours, side), reference), side
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        jitter = ColorJitter(variation.brightness, variation.contrast, variation.saturation)
        coloured = [jitter.make_params([image]) for _ in range(n)]
    for light in ("brightness", "contrast", "saturation"):
        assert _alike(getattr(ours, light), torch.tensor([params[f"{light}_factor"] for params in coloured])), light
    assert abs(float(ours.flipped.float().mean()) - 0.5) < 4 * 0.5 / n**0.5


def _alike(ours: Tensor, reference: Tensor) -> bool:
    """Say whether mean and spread agree within four standard errors."""
    error = 4.0 * float(reference.std()) * math.sqrt(2 / len(ours))
    return abs(float(ours.mean() - reference.mean())) < error and abs(float(ours.std() - reference.std())) < error


def test_pixels_are_distributed_as_those_of_one_image_at_a_time() -> None:
    n, image = 1500, squares(1, 24)
    variation = Variation(smallest=0.35, stretch=1.33, degrees=0, brightness=0.3, contrast=0, saturation=0)
    shown = vary(image.expand(n, 3, 24, 24), 16, variation, seeded())
    crop = RandomResizedCrop(16, (0.35, 1.0), (1 / 1.33, 1.33), antialias=False)
    jitter = ColorJitter(brightness=0.3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        one_by_one = torch.cat([jitter(crop(image if i % 2 else image.flip(-1))) for i in range(n)])
    error = 5 * one_by_one.std(dim=0) * (2 / n) ** 0.5
    assert bool(((shown.mean(dim=0) - one_by_one.mean(dim=0)).abs() < error + 0.005).all())
    assert abs(float(shown.std() - one_by_one.std())) < 0.01


def test_every_operation_is_drawn_equally_often_and_up_to_its_strength() -> None:
    n = 14000
    ours = draw(n, replace(STILL, operations=0.5), seeded())
    counts = torch.bincount(ours.operation, minlength=len(OPERATIONS))
    assert int((counts - n / len(OPERATIONS)).abs().max()) < 5 * (n / len(OPERATIONS)) ** 0.5
    for number, operation in enumerate(OPERATIONS):
        amounts = ours.amount[ours.operation == number]
        assert float(amounts.abs().max()) <= operation.strongest / 2
        assert float(amounts.abs().mean()) == pytest.approx(operation.strongest / 4, rel=0.1)
        assert bool((amounts < 0).any()) == operation.signed


def test_nothing_is_mirrored_where_left_and_right_differ() -> None:
    variation = variation_of("strong", flips=False)
    assert variation
    assert not bool(draw(200, variation, seeded()).flipped.any())
    assert variation_of("none", flips=True) is None


@pytest.mark.parametrize("strength", [key for key, variation in VARIATIONS.items() if variation])
def test_a_seed_gives_the_same_variation_and_values_stay_in_range(strength: str) -> None:
    variation = VARIATIONS[strength]  # type: ignore[index]
    assert variation
    first, again = (vary(squares(64), 12, variation, seeded(5)) for _ in range(2))
    other = vary(squares(64), 12, variation, seeded(6))
    assert first.shape == (64, 3, 12, 12)
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
