"""What is said of near-duplicates: on two sides of the split, in two classes, and where they do no harm."""

from collections.abc import Sequence
from dataclasses import replace

from core.data.corrections import corrected, latest
from core.data.dataset import Dataset, LabelledImage
from core.data.findings.checks import Finding, findings
from core.data.folder.scan import FoundImage, Scan
from tests.core.data.conftest import as_scan, found

SIZES = ("few-images", "imbalance", "small-test", "untested", "ready")


def told(scan: Scan, near: Sequence[Sequence[str]], dataset: Dataset | None = None) -> dict[str, Finding]:
    """Return the findings by key, without those on the sizes of these tiny classes."""
    found_here = {finding.key: finding for finding in findings(scan, dataset, near=near)}
    return {key: finding for key, finding in found_here.items() if key not in SIZES}


def brought(name: str, part: str, class_name: str = "ants", content: str = "") -> FoundImage:
    return found(name, class_name, content, part=part)


def test_near_duplicates_on_two_sides_come_first_and_are_left_out_of_training() -> None:
    images = brought("a.png", "train"), brought("b.png", "test"), brought("c.png", "train"), brought("d.png", "train")
    near = [("ants/a.png", "ants/b.png", "ants/c.png"), ("ants/d.png", "ants/gone.png")]
    scan = as_scan(*images, found("x.png", "bees", problem="the file is empty"), layout="parts")
    first, *_ = findings(scan, None, near=near)
    assert (first.key, first.severity, first.count) == ("near-across", "bad", 2)
    assert first.title == "near-duplicates across train and test"
    assert first.images == near[0]
    assert (first.remedy_title, [word.path for word in first.remedy]) == (
        "Leave them out of training",
        ["ants/a.png", "ants/c.png"],
    )
    assert set(told(corrected(scan, latest(first.remedy)), near)) == {"unreadable", "left-out"}


def test_the_test_part_keeps_its_picture_before_validation() -> None:
    scan = as_scan(brought("a.png", "train"), brought("b.png", "test"), brought("c.png", "val"), layout="parts")
    finding = told(scan, [("ants/a.png", "ants/b.png", "ants/c.png")])["near-across"]
    assert finding.title == "near-duplicates across train, validation and test"
    assert (finding.remedy_title, [word.path for word in finding.remedy]) == (
        "Leave out the copies",
        ["ants/a.png", "ants/c.png"],
    )


def test_the_sides_are_those_of_the_split_where_there_is_one() -> None:
    scan = as_scan(found("a.png", "ants"), found("b.png", "ants"))
    near = [("ants/a.png", "ants/b.png")]
    images = [LabelledImage(image.path, 0, "train", image.sha256) for image in scan.images]
    together = Dataset(scan.root, scan.classes, tuple(images))
    apart = replace(together, images=(images[0], replace(images[1], part="val")))
    assert "near-across" not in told(scan, near, together)
    assert told(scan, near, apart)["near-across"].title == "near-duplicate across train and validation"


def test_exact_copies_are_not_called_near() -> None:
    copies = brought("a.png", "train", content="same"), brought("b.png", "test", content="same")
    assert set(told(as_scan(*copies, layout="parts"), [("ants/a.png", "ants/b.png")])) == {"two-parts"}


def test_what_the_split_left_out_leaks_no_more() -> None:
    images = brought("a.png", "train", content="one"), brought("b.png", "test", content="two")
    scan = as_scan(*images, layout="parts")
    used = Dataset(scan.root, scan.classes, (LabelledImage("ants/b.png", 0, "test", "two"),))
    assert "near-across" not in told(scan, [("ants/a.png", "ants/b.png")], used)


def test_nearly_one_picture_in_two_classes_is_to_be_looked_at() -> None:
    scan = as_scan(found("a.png", "ants"), found("b.png", "bees"))
    finding = told(scan, [("ants/a.png", "bees/b.png")])["near-two-classes"]
    assert (finding.severity, finding.count, finding.remedy) == ("warn", 1, ())
    assert finding.images == ("ants/a.png", "bees/b.png")


def test_near_duplicates_of_one_class_on_one_side_do_no_harm() -> None:
    scan = as_scan(*(found(f"{name}.png", "ants") for name in "abcde"))
    near = [("ants/a.png", "ants/b.png", "ants/c.png"), ("ants/d.png", "ants/e.png")]
    finding = told(scan, near)["near"]
    assert (finding.severity, finding.count, len(finding.images)) == ("info", 3, 5)
    assert "one side of the split" in finding.advice


def test_near_duplicates_that_were_left_out_are_not_spoken_of() -> None:
    scan = as_scan(found("a.png", "ants"), found("b.png", "bees", left_out=True))
    assert set(told(scan, [("ants/a.png", "bees/b.png")])) == {"left-out"}
