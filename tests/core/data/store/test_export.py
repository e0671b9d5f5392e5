"""Corrections for other programs: a table, and a corrected copy; the images stay as they are."""

import csv
import hashlib
from pathlib import Path

import pytest

from core.base.errors import UserError
from core.data.folder.listing import list_folder
from core.data.store.export import Copied, label_rows, write_copy, write_labels
from core.data.survey import Known, Survey, survey
from tests.core.data.conftest import fill, picture, scanned

CORRECTIONS = {
    ("ants/000.png", "label"): "bees",
    ("ants/001.png", "left_out"): "yes",
    ("ants/002.png", "label"): "",
    ("bees/day 1/000.png", "group"): "hive",
}


@pytest.fixture
def made(tmp_path: Path) -> Survey:
    root = fill(tmp_path / "images", ants=8, bees=8, **{"bees__day 1": 1})
    return survey(scanned(root), (), Known(CORRECTIONS))  # type: ignore[arg-type]


def state_of(root: Path) -> dict[str, tuple[int, str]]:
    """Return time and content of each file, and the times of the folders."""
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in sorted(root.rglob("*"))
    }


def test_the_table_has_every_image_and_what_the_folder_said(made: Survey) -> None:
    header, *rows = label_rows(made)
    by_file = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert len(rows) == 17
    first = by_file["ants/000.png"]
    assert (first["label"], first["label_in_folder"], first["left_out"]) == ("bees", "ants", "")
    assert first["split"] in ("train", "val", "test")
    assert (by_file["ants/001.png"]["left_out"], by_file["ants/001.png"]["split"]) == ("yes", "")
    assert by_file["bees/day 1/000.png"]["group"] == "hive"


def test_the_table_is_read_again_by_graft(made: Survey, tmp_path: Path) -> None:
    write_labels(made, tmp_path / "labels.csv")
    assert (tmp_path / "labels.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    root = tmp_path / "images"
    (tmp_path / "labels.csv").rename(root / "labels.csv")
    again = list_folder(root)
    assert again is not None
    assert {image.path: image.class_name for image in again.usable} == {
        image.path: image.class_name for image in made.scan.usable
    }
    parts = {image.path: image.part for image in made.dataset.images} if made.dataset else {}
    assert {image.path: image.part for image in again.usable} == parts


def test_the_copy_has_the_corrected_labels_and_the_images_stay_as_they_are(made: Survey, tmp_path: Path) -> None:
    before = state_of(made.scan.root)
    *_, last = write_copy(made, tmp_path / "copy")
    assert last == Copied(tmp_path / "copy", 16)
    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.png")}
    assert "bees/000 2.png" in copied  # the name was taken
    assert {"unlabelled/002.png", "bees/day 1/000.png"} <= copied
    assert not any(name.endswith("001.png") and name.startswith("ants") for name in copied)
    assert state_of(made.scan.root) == before
    assert (tmp_path / "copy/ants/005.png").read_bytes() == (made.scan.root / "ants/005.png").read_bytes()


def test_a_copy_keeps_the_parts_that_the_folder_brings(tmp_path: Path) -> None:
    root = fill(tmp_path / "images", train__ants=4, train__bees=4, test__ants=2, test__bees=2)
    made = survey(scanned(root), (), Known({("train/ants/000.png", "label"): "bees"}))
    list(write_copy(made, tmp_path / "copy"))
    moved = {path.relative_to(tmp_path / "copy").parts[:2] for path in (tmp_path / "copy").rglob("*.png")}
    assert {("train", "bees"), ("test", "ants")} <= moved
    assert len(list((tmp_path / "copy").rglob("*.png"))) == 12


@pytest.mark.parametrize("inside", ["images", "images/new"])
def test_nothing_is_written_among_the_images(made: Survey, tmp_path: Path, inside: str) -> None:
    for write in (lambda place: list(write_copy(made, place)), lambda place: write_labels(made, place)):
        with pytest.raises(UserError, match="lies among the images"):
            write(tmp_path / inside)


def test_a_folder_that_is_not_empty_is_refused(made: Survey, tmp_path: Path) -> None:
    picture(0).save(tmp_path / "mine.png")
    with pytest.raises(UserError, match="is not empty"):
        list(write_copy(made, tmp_path))


def test_a_table_with_cells_of_any_kind_stays_a_table(tmp_path: Path) -> None:
    root = fill(tmp_path / "images", **{"a,b": 3, 'q"x\n': 3})
    write_labels(survey(scanned(root), (), Known()), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"a,b", 'q"x\n'}


@pytest.mark.parametrize(
    ("label", "name"), [("../../x", "__.._x"), ("..", "_"), (".x", "_x"), ("a/b", "a_b"), ("C:\\x\n", "C__x_")]
)
def test_a_class_of_any_name_stays_within_the_copy(made: Survey, tmp_path: Path, label: str, name: str) -> None:
    said = {("ants/000.png", "label"): label}
    again = survey(made.found, (), Known(said))  # type: ignore[arg-type]
    list(write_copy(again, tmp_path / "copy"))
    assert (tmp_path / "copy" / name / "000.png").is_file()


def test_no_two_classes_share_a_folder_of_the_copy(made: Survey, tmp_path: Path) -> None:
    labels = ("a/b", "a:b", "a_b", "A_b", "unlabelled", "")
    said = {(f"ants/{number:03d}.png", "label"): label for number, label in enumerate(labels)}
    again = survey(made.found, (), Known(said))  # type: ignore[arg-type]
    list(write_copy(again, tmp_path / "copy"))
    assert {path.parent.name for path in (tmp_path / "copy").rglob("00[0-5].png")} - {"ants", "bees", "day 1"} == {
        "A_b",
        "a_b 2",
        "a_b 3",
        "a_b 4",
        "class unlabelled",
        "unlabelled",
    }


def test_a_stop_ends_the_copying(made: Survey, tmp_path: Path) -> None:
    assert list(write_copy(made, tmp_path / "copy", lambda: True)) == []
