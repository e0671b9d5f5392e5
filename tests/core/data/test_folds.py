"""Cross-validation tests each image once, and keeps together what belongs together."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import UserError
from core.data.folds import folds
from core.data.split import make_dataset
from tests.core.data.test_split_units import Case, cases, many, parts_of, sides


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(2, 6), st.integers(0, 99))
def test_each_image_is_tested_once_and_no_unit_is_on_two_sides(case: Case, k: int, seed: int) -> None:
    try:
        dealt = folds(case.split(seed), k, seed)
    except UserError:
        return
    assert len(dealt) == k
    tested = Counter(image.path for dataset in dealt for image in dataset.part("test"))
    assert tested == dict.fromkeys((image.path for image in case.scan.images), 1)
    for dataset in dealt:
        parts = parts_of(dataset)
        assert all(len(sides(unit, parts)) == 1 for unit in case.units())


def test_the_folds_are_of_one_size_in_each_class() -> None:
    case = many(100)
    dealt = folds(case.split(), 5, 0)
    assert [dataset.counts() for dataset in dealt] == [({"train": 65, "val": 15, "test": 20},) * 2] * 5


def test_groups_are_spread_over_the_folds() -> None:
    case = many(60, 4)
    for dataset in folds(case.split(), 5, 0):
        assert [counts["test"] for counts in dataset.counts()] == [12, 12]
        assert all(counts["train"] and counts["val"] for counts in dataset.counts())


def test_the_same_seed_gives_the_same_folds() -> None:
    dataset = make_dataset(many(20).scan, 0)
    assert folds(dataset, 4, 1) == folds(dataset, 4, 1) != folds(dataset, 4, 2)


def test_a_class_in_two_pieces_cannot_be_cross_validated() -> None:
    case = many(30, 1)
    case.groups = {path: f"{int(path[-3:]) % 2}" for path in case.groups if "ants" in path}
    with pytest.raises(UserError) as caught:
        folds(case.split(), 3, 0)
    assert caught.value.message == "The class “ants” has too few images for cross-validation."
    assert caught.value.hint == (
        "Each class needs at least 3 that do not belong together: to train, to choose and to test with."
    )


def test_one_fold_is_none() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        folds(many(9).split(), 1, 0)
