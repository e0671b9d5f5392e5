"""The measures of a picture, against the libraries that define them and against what they are for."""

import warnings
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from core.data.facts import Facts
from core.data.images import UnreadableImage, examine, examine_all
from tests.core.data.conftest import picture

DARK, OVER_BRIGHT, BLURRED, EMPTY = 0.32, 0.95, 0.29, 3.0
"""Where cleanvision draws the line, as these measures count."""


def facts(image: Image.Image, path: Path, **options: object) -> Facts:
    image.save(path, **options)  # type: ignore[arg-type]
    return examine(path).facts


def scene(seed: int) -> Image.Image:
    """Return smooth shapes with edges, as a photo has them."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(30, 226, (9, 12, 3), np.uint8)).resize(
        (240, 180), Image.Resampling.NEAREST
    )
    grain = random.normal(0, 6, (180, 240, 1))
    return Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8))


def smooth(seed: int) -> Image.Image:
    """Return an image with all shades but no edge, as out of focus."""
    coarse = np.random.default_rng(seed).permuted(np.linspace(50, 210, 12)).astype(np.uint8).reshape(3, 4)
    return Image.fromarray(coarse).resize((240, 180), Image.Resampling.BICUBIC).convert("RGB")


def test_quality_is_what_cleanvision_measures(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports
        from cleanvision.issue_managers.image_property import (
            BlurrinessProperty,
            calc_entropy,
            calc_percentile_brightness,
        )
    for seed in range(5):
        image = scene(seed).resize((64, 64))  # at this size it measures the very pixels that we do
        ours = facts(image, tmp_path / "x.png")
        bright, dark = calc_percentile_brightness(image, [5, 99])
        assert ours.dark == pytest.approx(dark, abs=0.01)
        assert ours.bright == pytest.approx(bright, abs=0.01)
        assert ours.entropy == pytest.approx(calc_entropy(image))
        raw = BlurrinessProperty().calculate(image)
        edges, spread = (1 - np.exp(-0.01 * float(value)) for value in raw.values())
        assert ours.sharpness == pytest.approx(min(1, edges + (spread if spread > 0.18 else 0)), abs=1e-4)


def test_the_hash_is_that_of_imagehash(tmp_path: Path) -> None:
    for seed in range(5):
        square = scene(seed).convert("L").resize((64, 64), Image.Resampling.BICUBIC)
        assert facts(square, tmp_path / "x.png").phash == str(imagehash.phash(square, 16))
        whole = str(imagehash.phash(scene(seed), 16))
        assert (int(facts(scene(seed), tmp_path / "x.png").phash, 16) ^ int(whole, 16)).bit_count() <= 8


def test_hashes_of_copies_lie_near_and_those_of_others_far(tmp_path: Path) -> None:
    original = int(facts(scene(1), tmp_path / "x.png").phash, 16)
    small = facts(scene(1).resize((160, 120)), tmp_path / "y.jpg", quality=75)
    other = facts(scene(2), tmp_path / "z.png")
    assert (original ^ int(small.phash, 16)).bit_count() < 24
    assert (original ^ int(other.phash, 16)).bit_count() > 80


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("shade", [0, 77, 255])
def test_a_picture_without_contrast_has_no_hash(tmp_path: Path, shade: int, suffix: str) -> None:
    ours = facts(Image.new("RGB", (200, 100), (shade,) * 3), tmp_path / f"x.{suffix}")
    assert ours.phash == ""
    assert ours.entropy < EMPTY


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_dark_and_over_bright_and_blurred_pictures_are_told_from_good_ones(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    for seed in range(3):
        good = facts(scene(seed), path)
        assert good.dark > DARK and good.bright < OVER_BRIGHT and good.sharpness > BLURRED and good.entropy > EMPTY
        assert facts(scene(seed).point(lambda v: v // 5), path).dark < DARK
        assert facts(scene(seed).point(lambda v: 245 + v // 25), path).bright > OVER_BRIGHT
        assert facts(smooth(seed), path).sharpness < 0.75 * good.sharpness


def test_colour_and_border_are_means(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 100), (255, 0, 0))
    image.paste((0, 0, 255), (8, 4, 192, 96))
    ours = facts(image, tmp_path / "x.png")
    share = 1 - 184 * 92 / (200 * 100)
    assert ours.colour == pytest.approx((share, 0, 1 - share), abs=0.02)
    assert ours.border == pytest.approx((1, 0, 0), abs=0.02)


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (2, 2), (3, 500)])
def test_any_shape_is_measured(tmp_path: Path, size: tuple[int, int]) -> None:
    ours = facts(Image.new("RGB", size, "red"), tmp_path / "x.png")
    assert ours.colour == ours.border == (1, 0, 0)


def test_one_reading_says_the_same_as_the_next(tmp_path: Path) -> None:
    picture(3, (300, 200)).save(tmp_path / "x.jpg")
    assert examine(tmp_path / "x.jpg") == examine(tmp_path / "x.jpg")


def test_files_that_are_measured_together_say_what_each_says_alone(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.{suffix}" for index, suffix in enumerate(("jpg", "png", "webp", "png", "gif"))]
    for seed, path in enumerate(paths):
        scene(seed).resize((40 + 30 * seed, 90)).save(path)
    paths[2].write_bytes(b"x")
    first, second, broken, fourth, last = examine_all(paths)
    assert [first, second, fourth, last] == [examine(path) for path in paths if path is not paths[2]]
    assert isinstance(broken, UnreadableImage) and broken.reason == "it is text, not an image"


def test_the_format_is_named_by_content(tmp_path: Path) -> None:
    for suffix, name in (("jpg", "JPEG"), ("webp", "WebP"), ("gif", "GIF"), ("jp2", "JPEG 2000"), ("avif", "AVIF")):
        picture(0).save(tmp_path / f"x.{suffix}")
        (tmp_path / f"x.{suffix}").rename(tmp_path / "x.img")
        assert examine(tmp_path / "x.img").facts.format == name
