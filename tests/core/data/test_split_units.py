"""What belongs together stays together: groups, near-duplicates, and what a person said."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import UserError
from core.data.dataset import PARTS, Dataset, Part
from core.data.folder.listing import FoundImage, Scan
from core.data.split import Shares, left_out_by_split, make_dataset
from tests.core.data.conftest import as_scan, found

CLASSES = ("ants", "bees", "wasps")
few = settings(max_examples=60, deadline=None)


class Case:
    """A folder with what belongs together in it."""

    def __init__(
        self, images: Iterable[FoundImage], together: Iterable[tuple[str, ...]], groups: Mapping[str, str]
    ) -> None:
        self.scan = as_scan(*images)
        self.together = tuple(together)
        self.groups = dict(groups)

    def split(self, seed: int = 0, known: Mapping[str, Part] | None = None, **more: object) -> Dataset:
        options = {"together": self.together, "groups": self.groups, **more}
        return make_dataset(self.scan, seed, known or {}, **options)  # type: ignore[arg-type]

    def try_split(self, seed: int = 0, known: Mapping[str, Part] | None = None, **more: object) -> dict[str, Part]:
        """Return the part of each image, of none if a class cannot be split."""
        try:
            return parts_of(self.split(seed, known, **more))
        except UserError:
            return {}

    def units(self) -> list[frozenset[str]]:
        """Return the paths that belong together, directly or by others."""
        unit = {image.path: frozenset({image.path}) for image in self.scan.images}
        content: dict[str, list[str]] = defaultdict(list)
        group: dict[str, list[str]] = defaultdict(list)
        for image in self.scan.images:
            content[image.sha256].append(image.path)
        for path, name in self.groups.items():
            group[name].append(path)
        for tie in (*self.together, *content.values(), *group.values()):
            joined = frozenset().union(*(unit[path] for path in tie if path in unit))
            unit.update(dict.fromkeys(joined, joined))
        return list(set(unit.values()))

    def with_more(self, other: "Case") -> "Case":
        """Return the folder with the images of another one added under new names, in groups of the same names."""
        new = {image.path: f"{image.class_name}/new {image.path}" for image in other.scan.images}
        added = (replace(image, path=new[image.path]) for image in other.scan.images)
        ties = (tuple(new[path] for path in tie) for tie in other.together)
        groups = {new[path]: name for path, name in other.groups.items()}
        return Case((*self.scan.images, *added), (*self.together, *ties), {**self.groups, **groups})


def parts_of(dataset: Dataset) -> dict[str, Part]:
    return {image.path: image.part for image in dataset.images}


@st.composite
def cases(draw: st.DrawFn, mixed: bool = True) -> Case:
    """Folders of three classes with copies, groups and near-duplicates, across classes if `mixed`."""
    chance = random.Random(draw(st.integers(0, 10_000)))
    n_groups, n_contents, share = chance.randint(4, 40), chance.randint(2, 12), chance.random()
    images, groups = [], {}
    for name in CLASSES:
        own = "" if mixed else name
        for index in range(chance.choice((2, 5, 8, 15, 25))):
            copy = chance.random() < share / 10
            content = f"{own} {chance.randrange(n_contents)}" if copy else f"{name} {index}"
            images.append(found(f"{index:03d}.png", name, content))
            if chance.random() < share:
                groups[images[-1].path] = f"{own} {chance.randrange(n_groups)}"
    paths = [image.path for image in images]
    ties = (chance.sample(paths, min(len(paths), chance.randint(2, 4))) for _ in range(chance.randrange(4)))
    together = [tuple(tie) for tie in ties if mixed or len({path.split("/")[0] for path in tie}) == 1]
    return Case(images, together, groups)


def sides(unit: Iterable[str], parts: Mapping[str, Part]) -> set[Part]:
    return {parts[path] for path in unit if path in parts}


@few
@given(cases(), st.integers(0, 99))
def test_no_group_and_no_near_duplicates_are_on_two_sides(case: Case, seed: int) -> None:
    parts = case.try_split(seed)
    assert not parts or len(parts) == len(case.scan.images)
    assert all(len(sides(unit, parts)) == 1 for unit in case.units() if parts)


@few
@given(cases(mixed=False), st.integers(0, 99))
def test_each_class_is_in_each_part_where_it_has_three_units_of_its_own(case: Case, seed: int) -> None:
    n_units = Counter(next(iter(unit)).split("/")[0] for unit in case.units())
    if min(n_units.values()) < 2:
        with pytest.raises(UserError):
            case.split(seed)
        return
    for name, counts in zip(CLASSES, case.split(seed).counts(), strict=True):
        assert counts["train"] and counts["val"]
        assert counts["test"] or n_units[name] < 3


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sets(st.sampled_from("abc"), min_size=1), min_size=3, max_size=6), st.integers(0, 9))
def test_groups_over_several_classes_are_dealt_so_that_each_class_is_in_each_part_if_that_can_be(
    units: list[set[str]], seed: int
) -> None:
    images = {found(f"{number}", name): f"{number}" for number, unit in enumerate(units) for name in sorted(unit)}
    case = Case(images, (), {image.path: number for image, number in images.items()})
    names = set().union(*units)

    def missing(dealt: Iterable[Part]) -> int:
        return len(
            set(product(names, PARTS)) - {(name, p) for unit, p in zip(units, dealt, strict=True) for name in unit}
        )

    if not min(missing(dealt) for dealt in product(PARTS, repeat=len(units))):
        assert all(all(counts.values()) for counts in case.split(seed).counts())


@few
@given(cases(), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_same_seed_gives_the_same_split_in_whatever_order(case: Case, seed: int, chance: random.Random) -> None:
    def shuffled(things: Iterable[object]) -> list[object]:
        return chance.sample(list(things), len(list(things)))

    other = Case((), (), {})
    other.scan = replace(case.scan, images=tuple(shuffled(case.scan.images)))  # type: ignore[arg-type]
    other.together = tuple(tuple(shuffled(tie)) for tie in shuffled(case.together))  # type: ignore[arg-type]
    other.groups = dict(shuffled(case.groups.items()))  # type: ignore[arg-type]
    assert other.try_split(seed) == case.try_split(seed)


@few
@given(cases(), st.integers(0, 99))
def test_the_names_of_the_files_do_not_matter(case: Case, seed: int) -> None:
    new = {image.path: f"{image.class_name}/{-hash(image.path)}" for image in case.scan.images}
    renamed = Case(
        (replace(image, path=new[image.path]) for image in case.scan.images),
        (tuple(new[path] for path in tie) for tie in case.together),
        {new[path]: name for path, name in case.groups.items()},
    )
    assert renamed.try_split(seed) == {new[path]: part for path, part in case.try_split(seed).items()}


@few
@given(cases(), cases(), st.integers(0, 99))
def test_images_that_are_added_move_no_others_and_join_no_sides(case: Case, other: Case, seed: int) -> None:
    known = case.try_split(seed)
    more = case.with_more(other)
    after = more.try_split(seed + 1, known)
    contents = {image.sha256 for image in case.scan.images}
    new = {image.path for image in more.scan.images if image.sha256 not in contents}
    if known and after:
        assert {path: after[path] for path in known} == known
        for unit in more.units():
            of_old = sides(unit, known)
            assert of_old in (set(), sides(unit, after)) and (len(sides(unit, after)) == 1 or len(of_old) > 1)
            if len(of_old) > 1:
                assert after.keys().isdisjoint(unit & new)


@few
@given(cases(), st.data())
def test_the_word_of_a_person_holds_and_takes_its_unit_along(case: Case, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([image.path for image in case.scan.images]))
    part = data.draw(st.sampled_from(PARTS))
    parts = case.try_split(0, case.try_split(0), moved={path: part})
    unit = next(unit for unit in case.units() if path in unit)
    assert not parts or all(parts[of_unit] == part for of_unit in unit)


def many(n: int, group: int = 1, **more: int) -> Case:
    """Return classes of n images (or as told), in groups of that size, each class in its own."""
    sizes = {"ants": n, "bees": n, **more}
    images = [found(f"{index:03d}", name) for name, size in sizes.items() for index in range(size)]
    return Case(images, (), {i.path: f"{i.class_name} {int(i.path[-3:]) // group}" for i in images})


def test_groups_keep_close_to_the_shares() -> None:
    assert many(200, 5).split().counts() == ({"train": 140, "val": 30, "test": 30},) * 2


def test_other_shares_can_be_asked_for() -> None:
    shares = Shares.between(0.5, 0.7)
    assert many(100).split(shares=shares).counts() == ({"train": 50, "val": 20, "test": 30},) * 2


@pytest.mark.parametrize("wrong", [(1.0, 0.0, 0.0), (0.5, 0.2, 0.2), (1.2, -0.1, -0.1)])
def test_shares_that_are_none_are_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="1 together"):
        Shares(*wrong)


def test_a_new_image_between_two_sides_is_left_out_and_named() -> None:
    case = many(20)
    known = parts_of(case.split())
    ends = [next(path for path, part in known.items() if part == side) for side in ("train", "test")]
    bridge = found("bridge", "ants")
    more = Case((*case.scan.images, bridge), [(*ends, bridge.path)], {})
    dataset = more.split(0, known)
    assert left_out_by_split(more.scan, dataset) == (bridge.path,)
    assert parts_of(dataset) == known


def test_images_that_are_left_out_or_without_a_class_are_in_no_part() -> None:
    case = many(5)
    scan = as_scan(*case.scan.images, found("x", "ants", left_out=True))
    scan = replace(scan, images=(*scan.images, replace(found("y", "ants"), class_name="")))
    dataset = make_dataset(scan, 0)
    assert parts_of(dataset).keys() == {image.path for image in case.scan.images}
    assert left_out_by_split(scan, dataset) == ()


def brought() -> Scan:
    """Return a folder with train and test parts, validation to be taken from train."""
    images = [
        found(f"{part}{index}", name, part=part) for part in ("train", "test") for name in CLASSES for index in range(9)
    ]
    return as_scan(*images, layout="parts")


def test_near_duplicates_and_groups_across_brought_parts_stay_where_they_are() -> None:
    scan = brought()
    groups = {"ants/train0": "one", "ants/test0": "one", "ants/test1": "one"}
    dataset = make_dataset(scan, 0, together=[("bees/train0", "bees/test0")], groups=groups)
    parts = parts_of(dataset)
    assert left_out_by_split(scan, dataset) == ()
    assert all((part == "test") == ("test" in path) for path, part in parts.items())


def test_groups_stay_together_when_validation_is_taken_from_train() -> None:
    scan = brought()
    groups = {
        image.path: f"{image.class_name}{image.path[-1] in '012'}" for image in scan.images if image.part == "train"
    }
    counts = make_dataset(scan, 0, groups=groups).counts()
    assert counts == ({"train": 6, "val": 3, "test": 9},) * 3


def test_the_word_of_a_person_beats_the_parts_of_the_folder() -> None:
    parts = parts_of(make_dataset(brought(), 0, moved={"ants/test3": "train"}, together=[("ants/test3", "ants/test4")]))
    assert parts["ants/test3"] == parts["ants/test4"] == "train"


def test_a_class_that_is_one_group_is_named() -> None:
    with pytest.raises(UserError) as caught:
        many(10, 10, bees=30).split()
    assert caught.value.message == (
        "All images of the class “ants” belong together, so that none is left to check the training with."
    )
    assert caught.value.hint == (
        "Images of one group, and those that show nearly the same, stay on one side. Choose another grouping, or add "
        "images of another group."
    )


def test_a_class_of_which_all_was_moved_to_one_part_is_named() -> None:
    case = many(10)
    with pytest.raises(UserError) as caught:
        case.split(moved={f"ants/{index:03d}": "train" for index in range(10)})
    assert caught.value.message == "The class “ants” has no image to check the training with."
    assert caught.value.hint == "Add or label more of them, or move some there from another part."
