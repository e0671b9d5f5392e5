from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import UserError
from core.data.dataset import PARTS, Dataset, Part
from core.data.folder.scan import FoundImage, Scan
from core.data.split import make_dataset
from tests.core.data.conftest import as_scan, found

CLASSES = ("ants", "bees", "wasps")


def plain(**sizes: int) -> Scan:
    return as_scan(*(found(f"{index:03d}.png", name) for name, count in sizes.items() for index in range(count)))


def parts_of(dataset: Dataset) -> dict[str, Part]:
    return {image.path: image.part for image in dataset.images}


def failure(scan: Scan) -> UserError:
    with pytest.raises(UserError) as caught:
        make_dataset(scan, 0)
    return caught.value


@st.composite
def scans(draw: st.DrawFn, parts: bool = False) -> Scan:
    """Folders of three classes, some images of which are copies of others, also across classes and parts."""
    images: list[FoundImage] = []
    for name in CLASSES:
        own = [f"{name} {index}" for index in range(draw(st.integers(2, 30)))]
        copies = draw(st.lists(st.sampled_from([*own, "both 0", "both 1"]), max_size=8))
        for index, content in enumerate([*own, *copies]):
            part = draw(st.sampled_from(PARTS)) if parts else None
            images.append(found(f"{index:03d}.png", name, content, part=part))
    return as_scan(*images, layout="parts" if parts else "classes")


@given(scans(), st.integers(0, 99))
def test_every_image_has_one_part_and_no_content_is_on_two_sides(scan: Scan, seed: int) -> None:
    dataset = make_dataset(scan, seed)
    assert [image.path for image in dataset.images] == [image.path for image in scan.images]
    sides = defaultdict(set)
    for image in dataset.images:
        sides[image.sha256].add(image.part)
    assert all(len(parts) == 1 for parts in sides.values())


@given(scans(), st.integers(0, 99))
def test_each_class_is_in_each_part_where_it_has_three_images_of_its_own(scan: Scan, seed: int) -> None:
    for name, counts in zip(scan.classes, make_dataset(scan, seed).counts(), strict=True):
        own = {image.sha256 for image in scan.images if image.class_name == name and "both" not in image.sha256}
        assert counts["train"] and counts["val"]
        assert counts["test"] or len(own) < 3


@given(scans(), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(scan: Scan, seed: int, random: object) -> None:
    shuffled = list(scan.images)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert make_dataset(replace(scan, images=tuple(shuffled)), seed) == make_dataset(scan, seed)


@given(scans(), scans(), st.integers(0, 99))
def test_images_that_are_added_move_no_others(before: Scan, added: Scan, seed: int) -> None:
    known = parts_of(make_dataset(before, seed))
    new = (replace(image, path=f"new/{image.path}", sha256=f"new {image.sha256}") for image in added.images)
    after = parts_of(make_dataset(as_scan(*before.images, *new), seed + 1, known))
    assert {path: after[path] for path in known} == known


@given(scans(parts=True))
def test_parts_that_the_folder_brings_stay_and_nothing_leaks(scan: Scan) -> None:
    try:
        dataset = make_dataset(scan, 0)
    except UserError:
        return
    brought = {image.path: image.part for image in scan.images}
    sides = defaultdict(set)
    for image in dataset.images:
        sides[image.sha256].add(image.part)
        assert image.part == brought[image.path] or brought[image.path] == "train"
    assert all(len(parts) == 1 for parts in sides.values())
    assert {i.sha256 for i in dataset.images} == {i.sha256 for i in scan.images}


def test_the_shares_are_70_15_15_in_each_class() -> None:
    assert make_dataset(plain(ants=100, bees=20), 0).counts() == (
        {"train": 70, "val": 15, "test": 15},
        {"train": 14, "val": 3, "test": 3},
    )


def test_the_seed_changes_the_split() -> None:
    scan = plain(ants=30, bees=30)
    assert make_dataset(scan, 0) == make_dataset(scan, 0) != make_dataset(scan, 1)


def test_labels_number_the_classes_by_name() -> None:
    dataset = make_dataset(plain(bees=3, ants=3), 0)
    assert dataset.classes == ("ants", "bees")
    assert {image.path.split("/")[0]: image.label for image in dataset.images} == {"ants": 0, "bees": 1}
    assert sum(len(dataset.part(part)) for part in PARTS) == 6


def test_images_that_are_added_fill_the_parts_up() -> None:
    known = parts_of(make_dataset(plain(ants=20, bees=20), 0))
    counts = make_dataset(plain(ants=100, bees=20), 0, known).counts()
    assert counts[0] == {"train": 70, "val": 15, "test": 15}


def test_many_copies_of_one_picture_leave_each_part_an_image() -> None:
    copies = [found(f"c{index}.png", "ants", "same") for index in range(10)]
    scan = as_scan(*copies, *plain(ants=2, bees=5).images)
    assert make_dataset(scan, 0).counts()[0] == {"train": 10, "val": 1, "test": 1}


def in_parts(**sizes: int) -> Scan:
    """Return a scan of folders such as train__ants."""
    images = []
    for folder, count in sizes.items():
        part, name = folder.split("__")
        images += [found(f"{part}{index}.png", name, part=part) for index in range(count)]
    return as_scan(*images, layout="parts")


def test_a_missing_test_part_is_taken_from_train() -> None:
    scan = in_parts(train__ants=20, train__bees=20, val__ants=7, val__bees=7)
    assert make_dataset(scan, 0).counts() == ({"train": 17, "val": 7, "test": 3},) * 2


def test_a_missing_validation_part_is_taken_from_train() -> None:
    scan = in_parts(train__ants=20, train__bees=20, test__ants=7, test__bees=7)
    assert make_dataset(scan, 0).counts() == ({"train": 17, "val": 3, "test": 7},) * 2


def test_a_class_that_lacks_validation_gets_it_but_a_given_test_part_stays_as_it_is() -> None:
    scan = in_parts(train__ants=20, train__bees=20, val__bees=5, test__bees=5)
    assert make_dataset(scan, 0).counts() == (
        {"train": 17, "val": 3, "test": 0},
        {"train": 20, "val": 5, "test": 5},
    )


def test_the_copy_in_the_test_part_is_the_one_that_stays() -> None:
    images = list(in_parts(train__ants=9, train__bees=9, val__ants=3, val__bees=3, test__ants=3, test__bees=3).images)
    leak = replace(images[0], path="train/ants/leak.png", part="train", sha256="leak")
    kept = replace(images[0], path="test/ants/leak.png", part="test", sha256="leak")
    parts = parts_of(make_dataset(as_scan(*images, leak, kept, layout="parts"), 0))
    assert parts["test/ants/leak.png"] == "test" and "train/ants/leak.png" not in parts


def test_unreadable_images_are_not_in_the_dataset() -> None:
    broken = found("broken.png", "ants", problem="the file is empty")
    dataset = make_dataset(as_scan(broken, *plain(ants=3, bees=3).images), 0)
    assert "ants/broken.png" not in parts_of(dataset)


def test_two_images_of_a_class_are_enough() -> None:
    assert make_dataset(plain(ants=2, bees=3), 0).counts()[0] == {"train": 1, "val": 1, "test": 0}


def test_classes_with_too_few_images_are_named() -> None:
    broken = found("0.png", "wasps", problem="the file is empty")
    error = failure(as_scan(broken, *plain(ants=1, bees=5).images))
    assert error.message == "Too few images: “ants” has 1, “wasps” has 0."
    assert error.hint == (
        "Each class needs at least 2 different images that can be read: one to train on and one to check with. "
        "Add or label more of them, or leave the class out."
    )


def test_copies_do_not_count_as_different_images() -> None:
    copies = [found(f"{index}.png", "ants", "same") for index in range(5)]
    assert failure(as_scan(*copies, *plain(bees=5).images)).message == "Too few images: “ants” has 1."


def test_a_class_without_images_to_train_on_is_named() -> None:
    error = failure(in_parts(train__bees=5, val__bees=2, val__ants=2, test__ants=2))
    assert error.message == "The class “ants” has no image to train on."
    assert error.hint.startswith("Add images to its folder for “train”")
