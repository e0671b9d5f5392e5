import io
import random
from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from core.data import near
from core.data.facts import Facts
from core.data.folder.listing import FoundImage
from core.data.near import near_duplicates
from tests.core.data.conftest import found, picture

BITS = 256


def scene(seed: int) -> Image.Image:
    """Return a picture with large shapes, as photos have, another one for each seed."""
    return picture(seed, (12, 9)).resize((240, 180), Image.Resampling.BICUBIC).filter(ImageFilter.SMOOTH)


def of(image: Image.Image, name: str, class_name: str = "ants") -> FoundImage:
    """Return what a scan would find for a picture."""
    colour = tuple(float(value) / 255 for value in np.asarray(image, np.float32).mean(axis=(0, 1)))
    facts = Facts(phash=str(imagehash.phash(image, hash_size=16)), colour=colour)  # type: ignore[arg-type]
    path = f"{class_name}/{name}"
    return FoundImage(path, class_name, None, 1, path, image.width, image.height, facts=facts)


def hashed(number: int, name: str, class_name: str = "ants", sha256: str = "", red: float = 0.5) -> FoundImage:
    """Return an image whose perceptual hash is this number."""
    return found(name, class_name, sha256, facts=Facts(phash=f"{number:064x}", colour=(red, 0.5, 0.5)))


def ones(count: int) -> int:
    """Return a hash of which so many bits are set, the same ones first."""
    return (1 << count) - 1


def recompressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file).convert("RGB")


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half as large": lambda image: image.resize((image.width // 2, image.height // 2)),
    "recompressed": recompressed,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.85),
    "cropped": lambda image: image.crop((3, 2, image.width - 3, image.height - 2)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_found(change: str) -> None:
    others = [of(scene(seed), f"{seed}.png") for seed in range(20)]
    changed = of(CHANGES[change](scene(3)), "changed.png", "bees")
    assert near_duplicates([*others, changed]) == (("ants/3.png", "bees/changed.png"),)


def test_exact_copies_alone_are_no_near_duplicates_but_come_with_them() -> None:
    copies = [hashed(0, "a", sha256="same"), hashed(0, "b", sha256="same")]
    assert near_duplicates(copies) == ()
    assert near_duplicates([*copies, hashed(ones(9), "c")]) == (("ants/a", "ants/b", "ants/c"),)


def test_pictures_without_contrast_or_not_measured_are_never_compared() -> None:
    blank = [found(name, "ants", facts=Facts()) for name in "ab"]
    assert near_duplicates([*blank, found("c", "ants"), found("d", "ants")]) == ()


@pytest.mark.parametrize(
    ("bits", "red", "joined"), [(32, 0.9, True), (33, 0.9, False), (56, 0.52, True), (57, 0.5, False)]
)
def test_the_less_the_hash_says_the_more_the_colour_must_agree(bits: int, red: float, joined: bool) -> None:
    pair = [hashed(0, "a"), hashed(ones(bits), "b", red=red)]
    assert near_duplicates(pair) == ((("ants/a", "ants/b"),) if joined else ())


def test_another_shape_is_another_picture() -> None:
    wide = FoundImage("w", "ants", None, 1, "w", 80, 8, facts=Facts(phash=f"{ones(40):064x}"))
    assert near_duplicates([hashed(0, "a"), wide]) == ()


def test_a_negative_is_not_the_same_picture() -> None:
    assert near_duplicates([hashed(0, "a"), hashed(ones(BITS), "b")]) == ()


def test_a_chain_through_half_a_class_is_taken_apart_but_its_closest_stay_together() -> None:
    chain = [hashed(ones(50 * step), f"{step}") for step in range(6)]
    closest = hashed(ones(5), "close")
    apart = [hashed(ones(50 * step) << 1, f"{step}", "bees") for step in range(5)]
    assert near_duplicates([*chain, closest]) == (("ants/0", "ants/close"),)
    assert near_duplicates(apart) == (tuple(image.path for image in apart),)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(2, 60))
def test_the_clusters_are_what_hangs_together_by_pairs(seed: int, n: int) -> None:
    chance = random.Random(seed)
    numbers = [0]
    while len(numbers) < n:
        flips = sum(1 << bit for bit in chance.sample(range(BITS), chance.choice([10, 50, 60, 128])))
        numbers.append(chance.choice(numbers) ^ flips)
    images = [hashed(number, f"{index:02d}", f"{index}") for index, number in enumerate(numbers)]
    expected = {image.path: {image.path} for image in images}
    for left, one in zip(images, numbers, strict=True):
        for right, other in zip(images, numbers, strict=True):
            if (one ^ other).bit_count() <= near._LEVELS[0]:
                joined = expected[left.path] | expected[right.path]
                expected.update(dict.fromkeys(joined, joined))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_BLOCK", (4, 16))
        patch.setattr(near, "_MANY_LINKS", 10)
        clusters = near_duplicates(images)
    assert {frozenset(cluster) for cluster in clusters} == {frozenset(m) for m in expected.values() if len(m) > 1}


def test_stopping_ends_it_with_nothing() -> None:
    asked = iter([False, True])
    images = [hashed(ones(index % 2), f"{index}") for index in range(600)]
    assert near_duplicates(images, lambda: next(asked)) == ()
