from collections.abc import Iterable

import pytest

from core.data.facts import Facts
from core.data.folder.listing import FoundImage
from core.data.groups import Grouping, groupings
from tests.core.data.conftest import as_scan, found

CLASSES = ("ants", "bees")


def of(*images: FoundImage) -> tuple[Grouping, ...]:
    return groupings(as_scan(*images))


def named(*names: str) -> tuple[Grouping, ...]:
    """Return the groupings of images of these names, with “{class}” for the class, in each of two classes."""
    return of(*(found(name.replace("{class}", class_name), class_name) for class_name in CLASSES for name in names))


def keys(offered: Iterable[Grouping]) -> list[str]:
    return [grouping.key for grouping in offered]


@pytest.mark.parametrize(
    ("pattern", "title", "n_groups"),
    [
        ("patient{group}_slice{index:02d}.png", "the name before the first “_”", 12),
        ("specimen{group}-{index}.jpg", "the name before the first “-”", 12),
        ("{{class}}_{group}_{index}.jpg", "the name before the second “_”", 24),
        ("n02503517_{group}-{index}.png", "the name before the first “-”", 12),
        ("plate {group} ({index}).tif", "the name before the second space", 12),
        ("scan{group}{letter}.png", "the name without the letter at its end", 12),
    ],
)
def test_the_beginning_that_names_share_is_found(pattern: str, title: str, n_groups: int) -> None:
    files = [(group, index) for group in range(12) for index in range(3)]
    names = [pattern.format(group=group, index=index, letter="abc"[index]) for group, index in files]
    best, *others = named(*names)
    assert (best.key, best.title, best.n_groups) == (f"name: {title}", title, n_groups)
    assert len(best.groups) == 72 and len(set(best.groups.values())) == n_groups
    assert keys(others) == ["none"]


@pytest.mark.parametrize(
    "names",
    [
        [f"IMG_{number}.JPG" for number in range(4000, 4060)],
        [f"{{class}}_{number}.jpg" for number in range(60)],
        [f"{{class}} ({number}).jpg" for number in range(60)],
        [f"{('canon', 'nikon')[number % 2]}_{number}.jpg" for number in range(60)],
        [f"{603709866 + 7 * number}_a97c{number:04x}.jpg" for number in range(60)],
        [f"Y{number}.jpg" for number in range(60)],
        [f"{number}.png" for number in range(60)],
    ],
)
def test_names_that_tell_nothing_make_no_groups(names: list[str]) -> None:
    # by class, so that equal numbers in two classes are no partners
    offered = of(*(found(name.replace("{class}", "ants"), "ants") for name in names), *plain_bees())
    assert keys(offered) == ["none"]
    assert offered[0] == Grouping("none", "nothing: each picture alone", 0, (), {})


def plain_bees() -> list[FoundImage]:
    return [found(f"bee{number}.png", "bees") for number in range(60)]


def test_a_beginning_that_takes_a_good_part_of_one_class_is_no_guess() -> None:
    ants = [found(f"colony{number // 3}_{number}.png", "ants") for number in range(60)]
    bees = [found(f"hive{number // 30}_{number}.png", "bees") for number in range(60)]
    assert keys(of(*ants, *bees)) == ["none"]


def test_what_few_names_share_is_offered_but_not_taken() -> None:
    pairs = [found(f"{number}_{side}.png", "ants") for number in range(6) for side in "ab"]
    offered = of(*pairs, *plain_bees())
    assert keys(offered) == ["none", "name: the name before the first “_”"]
    assert offered[1].groups["ants/3_a.png"] == offered[1].groups["ants/3_b.png"]


def test_what_was_decided_is_kept_however_little_it_convinces_by_now() -> None:
    patients = [found(f"p{number // 3}_{number}.png", "ants") for number in range(30)]
    name, *_ = groupings(as_scan(*patients, *plain_bees()))
    assert name.key == "name: the name before the first “_”"
    more = as_scan(*patients, *plain_bees(), *(found(f"wasp{number}.png", "wasps") for number in range(3)))
    assert name.key not in keys(groupings(more))
    assert groupings(more, name.key)[0].groups == name.groups


def test_subfolders_come_before_names() -> None:
    images = [
        found(f"animal{number}/a{number}_{index}.png", name, group=f"animal{number}")
        for name in CLASSES
        for number in range(6)
        for index in range(4)
    ]
    offered = of(*images)
    assert keys(offered) == ["given", "name: the name before the first “_”", "none"]
    assert (offered[0].title, offered[0].n_groups) == ("the subfolder", 6)
    assert offered[0].groups["bees/animal2/a2_0.png"] == "animal2"


def test_the_column_of_a_table_is_called_so() -> None:
    images = [found(f"{n}.png", name, group=f"patient {n // 3}") for name in CLASSES for n in range(30)]
    assert of(*images)[0].title == "the column of the table"


def test_subfolders_that_leave_a_class_in_two_pieces_are_offered_but_not_taken() -> None:
    images = [found(f"{n % 2}/{n}.png", name, group=f"{n % 2}") for name in CLASSES for n in range(30)]
    assert keys(of(*images)) == ["none", "given"]


def test_the_examples_are_the_largest_groups() -> None:
    sizes = [2, 2, 9, 2, 5, 3, 2, 2, 2, 2]
    names = [f"p{group}_{index}.png" for group, size in enumerate(sizes) for index in range(size)]
    offered = of(*(found(name, "ants") for name in names), *plain_bees())
    assert offered[0].examples == (
        ("ants/p2_0.png", "ants/p2_1.png", "ants/p2_2.png", "ants/p2_3.png"),
        ("ants/p4_0.png", "ants/p4_1.png", "ants/p4_2.png", "ants/p4_3.png"),
        ("ants/p5_0.png", "ants/p5_1.png", "ants/p5_2.png"),
    )


def taken(class_name: str, seconds: Iterable[int], camera: str = "Canon") -> list[FoundImage]:
    """Return images taken so many seconds after noon."""
    times = [(n, 12 + n // 3600, n // 60 % 60, n % 60) for n in seconds]
    return [
        found(
            f"{n}{camera}.png", class_name, facts=Facts(captured=f"2024-05-01T{h:02d}:{m:02d}:{s:02d}", camera=camera)
        )
        for n, h, m, s in times
    ]


def test_pictures_of_one_camera_that_follow_each_other_are_a_burst() -> None:
    bursts = [start + later for start in range(0, 12_000, 1_000) for later in (0, 40, 80)]
    best, *_ = of(*taken("ants", bursts), *plain_bees())
    assert (best.key, best.title, best.n_groups) == ("time: 300 s", "when they were taken, within five minutes", 12)
    assert best.groups["ants/1000Canon.png"] == best.groups["ants/1080Canon.png"]


def test_bursts_are_shorter_where_one_picture_follows_the_other_all_day() -> None:
    bursts = [start + later for start in range(0, 3_000, 100) for later in (0, 5)]
    best, *_ = of(*taken("ants", bursts), *plain_bees())
    assert (best.title, best.n_groups) == ("when they were taken, within a minute", 30)


def test_two_cameras_make_two_bursts() -> None:
    starts = range(0, 12_000, 1_000)
    images = [image for camera in ("Canon", "Nikon") for s in starts for image in taken("ants", (s, s + 9), camera)]
    assert of(*images, *plain_bees())[0].n_groups == 24


def test_one_time_for_all_is_no_time() -> None:
    images = [found(f"{n}.png", "ants", facts=Facts(captured="2000-01-01T00:00:00")) for n in range(60)]
    assert keys(of(*images, *plain_bees())) == ["none"]


def test_images_that_are_left_out_are_in_no_group() -> None:
    images = [found(f"p{n // 2}_{n}.png", name, left_out=n == 0) for name in CLASSES for n in range(30)]
    assert "ants/p0_0.png" not in of(*images)[0].groups


def test_what_leaves_the_training_part_of_the_folder_in_one_piece_is_no_guess() -> None:
    images = [
        found(f"p{n // 10}_{n}.png", name, part="train" if n < 10 else "test") for name in CLASSES for n in range(90)
    ]
    assert keys(groupings(as_scan(*images, layout="parts"))) == ["none"]
