"""What a person says of single images holds against the folder, and can be taken back."""

from core.data.corrections import Correction, Word, corrected, latest, moved, present, words_of
from core.data.facts import Facts
from core.data.folder.listing import Scan
from tests.core.data.conftest import as_scan, found

SCAN = as_scan(found("a", "ants"), found("b", "ants"), found("c", "bees"))


def said(scan: Scan, *corrections: Correction) -> tuple[Word, ...]:
    return tuple(words_of(corrections, {image.path: image for image in scan.images}))


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


def test_a_word_follows_its_content_to_a_new_name_and_not_the_name() -> None:
    words = said(SCAN, Correction("ants/a", "label", "bees"), Correction("ants/b", "left_out", "yes"))
    renamed = as_scan(found("z", "ants", "ants/a"), found("b", "ants"), found("a", "ants", "a new picture"))
    assert present(words, renamed) == {("ants/z", "label"): "bees", ("ants/b", "left_out"): "yes"}
    taken_back = (*words, *said(renamed, Correction("ants/z", "label", None)))
    assert present(taken_back, renamed) == {("ants/b", "left_out"): "yes"}


def test_two_files_that_swap_their_names_keep_what_was_said_of_them() -> None:
    words = said(SCAN, Correction("ants/a", "label", "bees"))
    swapped = as_scan(found("a", "ants", "ants/b"), found("b", "ants", "ants/a"), found("c", "bees"))
    assert present(words, swapped) == {("ants/b", "label"): "bees"}


def test_copies_that_were_both_renamed_keep_what_was_said_of_them() -> None:
    copies = as_scan(found("a", "ants", "1"), found("b", "ants", "1"))
    words = said(copies, *(Correction(f"ants/{name}", "label", "bees") for name in "ab"))
    renamed = as_scan(found("x", "ants", "1"), found("y", "ants", "1"))
    assert present(words, renamed) == {("ants/x", "label"): "bees", ("ants/y", "label"): "bees"}


def test_an_edited_file_keeps_what_was_said_of_it_and_a_replaced_one_does_not() -> None:
    before = as_scan(found("a", "ants", "1", facts=Facts(phash="0" * 64)))
    words = said(before, Correction("ants/a", "label", "bees"))
    edited = as_scan(found("a", "ants", "2", facts=Facts(phash="0" * 60 + "ffff")))
    replaced = as_scan(found("a", "ants", "2", facts=Facts(phash="f" * 64)))
    assert present(words, edited) == {("ants/a", "label"): "bees"}
    assert present(words, replaced) == {}


def test_a_content_that_went_away_and_came_back_keeps_what_was_said_of_it() -> None:
    words = said(SCAN, Correction("ants/a", "label", "bees"))
    assert present(words, as_scan(found("c", "bees"))) == {}
    assert present(words, as_scan(found("back", "ants", "ants/a"))) == {("ants/back", "label"): "bees"}


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
