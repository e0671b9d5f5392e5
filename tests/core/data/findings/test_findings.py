import dataclasses

import pytest

from core.data.corrections import Correction, corrected, latest
from core.data.facts import Facts
from core.data.findings.checks import Finding, findings
from core.data.folder.scan import FoundImage, Scan
from core.data.split import make_dataset
from tests.core.data.conftest import as_scan, found


def many(name: str, count: int, part: str | None = None) -> list[FoundImage]:
    return [found(f"{part or ''}{index:03d}.png", name, part=part) for index in range(count)]


def told(scan: Scan) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings(scan, make_dataset(scan, 0))}


def test_of_good_images_only_that_training_can_begin() -> None:
    (ready,) = findings(scan := as_scan(*many("ants", 400), *many("bees", 410)), make_dataset(scan, 0))
    assert (ready.key, ready.severity, ready.count, ready.title) == ("ready", "info", 0, "Ready to train")
    assert ready.advice == (
        "About 400 images a class. That is enough for feature extraction, and for careful fine-tuning."
    )


@pytest.mark.parametrize(
    ("count", "advice"),
    [
        (8, "About 8 images a class. That is very little."),
        (33, "About 35 images a class. That is enough for feature extraction."),
        (118, "About 120 images a class. That is enough for feature extraction, and for careful fine-tuning."),
        (612, "About 610 images a class. That is enough for every way of transfer"),
    ],
)
def test_how_many_images_are_enough_for_what(count: int, advice: str) -> None:
    ready = told(as_scan(*many("ants", count), *many("bees", count)))["ready"]
    assert ready.advice.startswith(advice)


def test_without_a_dataset_training_cannot_begin() -> None:
    assert "ready" not in {finding.key for finding in findings(as_scan(*many("ants", 30), *many("bees", 1)), None)}


def test_a_few_unreadable_files_are_named_with_the_reason() -> None:
    bad = [found(f"x{index}.png", "ants", problem="the file is empty") for index in range(2)]
    scan = as_scan(*bad, *many("ants", 30), *many("bees", 30))
    first, *_ = findings(scan, make_dataset(scan, 0))
    assert (first.key, first.severity, first.count, first.title) == ("unreadable", "bad", 2, "can’t be read")
    assert first.advice == ("Left out of training. “ants/x0.png”: the file is empty; “ants/x1.png”: the file is empty.")
    assert first.images == tuple(image.path for image in bad)


def test_of_many_unreadable_files_the_reasons_are_counted() -> None:
    cut = [found(f"c{index}.png", "ants", problem="the file is cut off") for index in range(12)]
    page = found("p.png", "bees", problem="it is a web page, not an image")
    finding = told(as_scan(page, *cut, *many("ants", 30), *many("bees", 30)))["unreadable"]
    assert finding.count == 13
    assert finding.advice == (
        "Left out of training. 12: the file is cut off (“ants/c0.png”); "
        "1: it is a web page, not an image (“bees/p.png”)."
    )


def test_one_image_in_two_classes() -> None:
    twins = [found("t.png", "ants", "same"), found("t.png", "bees", "same")]
    finding = told(as_scan(*twins, *many("ants", 30), *many("bees", 30)))["two-classes"]
    assert (finding.severity, finding.count, finding.title) == ("bad", 1, "same image in two classes")
    assert finding.images == ("ants/t.png", "bees/t.png")
    assert "One of the classes must be wrong" in finding.advice
    assert finding.remedy == ()


def test_one_image_in_two_parts() -> None:
    twins = [found("a.png", "ants", "same", part="train"), found("b.png", "ants", "same", part="test")]
    rest = [image for part in ("train", "val", "test") for name in ("ants", "bees") for image in many(name, 30, part)]
    scan = as_scan(*twins, *rest, layout="parts")
    finding = told(scan)["two-parts"]
    assert (finding.severity, finding.count, finding.title) == ("warn", 1, "same image in two parts")
    assert finding.images == ("ants/a.png", "ants/b.png")
    assert finding.remedy == (Correction("ants/a.png", "left_out", "yes"),)
    assert "copies" not in told(scan)
    mended = corrected(scan, latest(finding.remedy))
    assert "two-parts" not in told(mended)


def test_copies_in_one_class() -> None:
    copies = [found(f"c{index}.png", "ants", "same") for index in range(3)]
    finding = told(as_scan(*copies, *many("ants", 30), *many("bees", 30)))["copies"]
    assert (finding.severity, finding.count, finding.title) == ("warn", 2, "exact copies of other images")
    assert len(finding.images) == 3
    assert finding.remedy_title == "Leave out the copies"
    assert [word.path for word in finding.remedy] == ["ants/c1.png", "ants/c2.png"]


def test_images_that_are_only_listed_are_no_copies() -> None:
    listed = [dataclasses.replace(image, sha256="") for image in (*many("ants", 30), *many("bees", 30))]
    assert [finding.key for finding in findings(as_scan(*listed), None)] == []


def test_classes_with_few_images() -> None:
    finding = told(as_scan(*many("ants", 19), *many("bees", 20)))["few-images"]
    assert (finding.count, finding.title) == (1, "class with few images")
    assert finding.advice == "“ants” has 19. Try to have at least 20 in each class."
    assert "few-images" not in told(as_scan(*many("ants", 20), *many("bees", 20)))


def test_classes_of_very_different_size() -> None:
    finding = told(as_scan(*many("ants", 20), *many("bees", 81)))["imbalance"]
    assert (finding.severity, finding.title) == ("warn", "Classes of very different size")
    assert finding.advice.startswith("“bees” has 81, “ants” has 20. The model may prefer the large class.")
    assert "imbalance" not in told(as_scan(*many("ants", 20), *many("bees", 80)))


def test_a_small_test_part() -> None:
    finding = told(as_scan(*many("ants", 120), *many("bees", 120)))["small-test"]
    assert (finding.severity, finding.count, finding.title) == ("warn", 36, "images to test with are few")
    assert (
        finding.advice == "A score of 90 % on so few can be 10 points off, only by chance. More images make it surer."
    )
    assert len(finding.images) == 36
    assert "cross-validation" not in finding.advice


def test_a_test_part_that_means_nothing() -> None:
    finding = told(as_scan(*many("ants", 30), *many("bees", 30)))["small-test"]
    assert (finding.count, finding.title) == (8, "images to test with are too few to mean much")
    assert "21 points off" in finding.advice and "Or choose cross-validation among the settings" in finding.advice


def test_no_test_part_at_all() -> None:
    finding = told(as_scan(*many("ants", 2), *many("bees", 2)))["small-test"]
    assert (finding.count, finding.title) == (0, "No images to test with")


def test_a_class_without_test_images() -> None:
    parts = {"ants": ("train", "val"), "bees": ("train", "val", "test")}
    images = [image for name, its in parts.items() for part in its for image in many(name, 30, part)]
    finding = told(as_scan(*images, layout="parts"))["untested"]
    assert (finding.count, finding.advice) == (1, "The score will say nothing about “ants”.")


def test_folders_that_are_no_class() -> None:
    scan = as_scan(*many("ants", 30), *many("bees", 30), outside=("loose.png", "x"), empty=("wasps",))
    assert told(scan)["outside"].advice == "Left out: “loose.png”, “x”."
    assert told(scan)["empty"].advice == "Not a class until there are some: “wasps”."


def test_files_that_a_table_names_in_vain() -> None:
    scan = as_scan(*many("ants", 30), *many("bees", 30), missing=("a/gone.png",))
    finding = told(scan)["missing"]
    assert (finding.severity, finding.count, finding.title) == ("warn", 1, "file is missing")
    assert finding.advice == "The table names it: “a/gone.png”."


def test_what_is_doubtful_in_how_the_folder_was_read() -> None:
    scan = as_scan(*many("ants", 60), *many("bees", 60), doubts=("“a.csv” is not text.", "“b.csv” is not text."))
    finding = told(scan)["reading"]
    assert (finding.severity, finding.count, finding.advice) == ("warn", 2, "“a.csv” is not text. “b.csv” is not text.")


def test_unlabelled_images_count_for_no_class() -> None:
    loose = [dataclasses.replace(found(f"{index}.png", "ants"), path=f"{index}.png", class_name="") for index in (1, 2)]
    twin = dataclasses.replace(loose[0], path="3.png")
    scan = dataclasses.replace(
        scan := as_scan(*many("ants", 60), *many("bees", 60)), images=(*loose, twin, *scan.images)
    )
    finding = told(scan)["unlabelled"]
    assert (finding.severity, finding.count, finding.images) == ("info", 3, ("1.png", "2.png", "3.png"))
    assert not {"two-classes", "copies", "few-images"} & set(told(scan))
    assert told(scan)["ready"].advice.startswith("About 60 images a class.")


def test_images_that_were_left_out_are_spoken_of_once_and_can_be_used_again() -> None:
    out = [found("t.png", "ants", "same", left_out=True), found("x.png", "ants", left_out=True, problem="it is empty")]
    scan = as_scan(*out, found("t.png", "bees", "same"), *many("ants", 60), *many("bees", 60))
    finding = told(scan)["left-out"]
    assert (finding.severity, finding.count, finding.remedy_title) == ("info", 2, "Use them again")
    assert finding.remedy == tuple(Correction(path, "left_out", "no") for path in ("ants/t.png", "ants/x.png"))
    assert not {"two-classes", "unreadable"} & set(told(scan))


def test_classes_that_differ_only_in_capitals_and_blanks_can_be_made_one() -> None:
    scan = as_scan(*many("Ant ", 3), *many("ant", 60), *many("bee", 60))
    finding = told(scan)["class-names"]
    assert (finding.severity, finding.count, finding.title) == ("warn", 1, "class is written in two ways")
    assert finding.advice.startswith("“ant” (60) and “Ant ” (3) differ only in capitals, blanks")
    assert finding.remedy_title == "Label “Ant ” as “ant”"
    mended = told(corrected(scan, latest(finding.remedy)))
    assert "class-names" not in mended and mended["ready"].advice.startswith("About 60 images")


def test_classes_that_differ_only_in_the_form_of_a_letter() -> None:
    assert told(as_scan(*many("\u00e9t\u00e9", 30), *many("e\u0301te\u0301", 30)))["class-names"].count == 1
    assert "class-names" not in told(as_scan(*many("ant", 30), *many("ants", 30)))


def test_personal_data_are_counted_by_kind() -> None:
    def tells(*kinds: str) -> Facts:
        return Facts(personal=kinds)

    named = [
        found("p1.png", "ants", facts=tells("GPS position", "owner’s name")),
        found("p2.png", "ants", facts=tells("GPS position")),
    ]
    finding = told(as_scan(*named, *many("ants", 60), *many("bees", 60)))["personal"]
    assert (finding.severity, finding.count) == ("info", 2)
    assert finding.advice.startswith("GPS position in 2, owner’s name in 1. Graft keeps none of it")
    assert finding.images == ("ants/p1.png", "ants/p2.png")


def test_a_folder_without_a_class_has_findings_too() -> None:
    loose = dataclasses.replace(found("1.png", "ants"), path="1.png", class_name="")
    (finding,) = findings(dataclasses.replace(as_scan(loose), classes=()), None)
    assert finding.key == "unlabelled"


def test_names_are_told_as_plain_text() -> None:
    bad = found("a\nb.png", "ants", problem="the file is empty")
    assert "\n" not in told(as_scan(bad, *many("ants", 5), *many("bees", 5)))["unreadable"].advice


def test_the_worst_comes_first() -> None:
    bad = found("x.png", "ants", problem="the file is empty")
    scan = as_scan(bad, *many("ants", 10), *many("bees", 90), outside=("x",))
    order = [finding.severity for finding in findings(scan, make_dataset(scan, 0))]
    assert order == sorted(order, key=("bad", "warn", "info").index) and len(set(order)) == 3


def test_a_finding_can_be_written_as_json() -> None:
    assert dataclasses.asdict(told(as_scan(*many("ants", 5), *many("bees", 5)))["ready"])["images"] == ()
