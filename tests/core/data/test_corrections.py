"""What a person says of single images holds against the folder, and can be taken back."""

from core.data.corrections import Correction, corrected, latest, moved
from tests.core.data.conftest import as_scan, found

SCAN = as_scan(found("a", "ants"), found("b", "ants"), found("c", "bees"))


def test_without_corrections_the_scan_is_the_same() -> None:
    assert corrected(SCAN, {}) is SCAN


def test_the_last_word_holds_and_can_be_taken_back() -> None:
    words = [
        Correction("ants/a", "label", "bees"),
        Correction("ants/a", "label", "wasps"),
        Correction("ants/b", "left_out", "yes"),
        Correction("ants/b", "left_out", None),
        Correction("ants/b", "part", "test"),
    ]
    assert latest(words) == {("ants/a", "label"): "wasps", ("ants/b", "part"): "test"}
    assert moved(latest(words)) == {"ants/b": "test"}


def test_a_label_may_be_a_new_class_and_a_class_without_images_is_none() -> None:
    scan = corrected(SCAN, {("bees/c", "label"): "wasps"})
    assert scan.classes == ("ants", "wasps")
    assert [image.class_name for image in scan.images] == ["ants", "ants", "wasps"]


def test_leaving_out_all_images_of_a_class_leaves_the_class_out() -> None:
    scan = corrected(SCAN, {("bees/c", "left_out"): "yes"})
    assert scan.classes == ("ants",)
    assert [image.path for image in scan.usable] == ["ants/a", "ants/b"]


def test_a_label_can_be_taken_away_and_a_group_given() -> None:
    scan = corrected(SCAN, {("ants/a", "label"): "", ("ants/b", "group"): "nest 3", ("gone", "label"): "x"})
    assert [(image.class_name, image.group) for image in scan.images] == [("", ""), ("ants", "nest 3"), ("bees", "")]
    assert scan.classes == ("ants", "bees")
