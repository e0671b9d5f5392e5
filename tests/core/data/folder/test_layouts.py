"""How the classes, parts and groups of a folder are recognised."""

import unicodedata
from pathlib import Path

import pytest

from core.base.errors import UserError
from core.data.folder.listing import FoundImage, Scan, list_folder
from tests.core.data.conftest import fill, picture


def listed(root: Path, reading: str = "", *added: Path) -> Scan:
    scan = list_folder(root, reading=reading, added=tuple(map(str, added)))
    assert scan is not None
    return scan


def labels(scan: Scan) -> dict[str, str]:
    return {image.path: image.class_name for image in scan.images}


def table(root: Path, text: str, name: str = "labels.csv", encoding: str = "utf-8") -> Path:
    (root / name).write_bytes(text.encode(encoding))
    return root


def flat(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(root / name)
    return root


def test_what_was_recognised_is_said(tmp_path: Path) -> None:
    assert listed(fill(tmp_path / "a", ants=1, bees=1)).recognised == "Each folder is a class."
    parts = listed(fill(tmp_path / "b", train__ants=1, train__bees=1, test__ants=1))
    assert parts.recognised == "Folders for training and testing hold the class folders."
    assert [reading.key for reading in parts.readings] == ["parts"]


@pytest.mark.parametrize("name", ["unlabelled", "Unlabeled", "_unsorted", "no label"])
def test_a_folder_of_unlabelled_images_is_no_class_unless_wished(tmp_path: Path, name: str) -> None:
    root = fill(tmp_path, ants=1, bees=1, **{name: 2})
    scan = listed(root)
    assert scan.classes == ("ants", "bees")
    assert [path for path, label in labels(scan).items() if not label] == [f"{name}/000.png", f"{name}/001.png"]
    assert [image.path for image in scan.usable] == ["ants/000.png", "bees/000.png"]
    assert listed(root, "classes-all").classes == tuple(sorted(("ants", "bees", name)))


def test_unlabelled_images_may_lie_beside_the_parts_and_in_them(tmp_path: Path) -> None:
    scan = listed(fill(tmp_path, train__ants=1, train__bees=1, train__unlabelled=1, test__ants=1, unsorted=1))
    assert scan.classes == ("ants", "bees")
    found = {image.path: (image.class_name, image.part) for image in scan.images}
    assert found["train/unlabelled/000.png"] == ("", "train")
    assert found["unsorted/000.png"] == ("", None)


def test_a_folder_beside_the_parts_is_unlabelled_in_every_reading(tmp_path: Path) -> None:
    root = fill(tmp_path, train__ants=1, train__bees=1, train__unlabelled=1, test__ants=1, unsorted=1)
    scan = listed(root, "parts-all")
    assert scan.recognised == "Class folders inside train, val and test folders, also the one for unlabelled images."
    assert (scan.classes, scan.outside) == (("ants", "bees", "unlabelled"), ())
    assert labels(scan)["unsorted/000.png"] == ""


def test_a_reading_that_changes_nothing_is_not_offered(tmp_path: Path) -> None:
    scan = listed(fill(tmp_path, train__ants=1, train__bees=1, test__ants=1, unsorted=1))
    assert [reading.key for reading in scan.readings] == ["parts"]


def test_images_beside_the_class_folders_are_unlabelled(tmp_path: Path) -> None:
    root = flat(fill(tmp_path, ants=1, bees=1), "new.png")
    assert labels(listed(root))["new.png"] == ""
    assert listed(root).outside == ()


def test_deeper_folders_name_groups(tmp_path: Path) -> None:
    scan = listed(fill(tmp_path, ants__colony1=1, ants__colony2__day1=1, bees=1))
    assert [image.group for image in scan.images] == ["colony1", "colony2/day1", ""]


def test_names_in_both_forms_of_unicode_are_one_class(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    scan = listed(fill(tmp_path, **{f"train__{composed}": 1, f"test__{decomposed}": 1, "train__bees": 1}))
    assert scan.classes == ("bees", composed)


TABLES = {
    "comma": "file,label\na.png,ant\nb.png,bee\n",
    "semicolon and BOM": "\ufefffile;label\r\na.png;ant\r\nb.png;bee\r\n",
    "other names": "Image Path,Species\n./a.png,ant\n.\\b.png,bee\n",
    "without endings": "image,class\na,ant\nb,bee\n",
    "no line of names": "a.png,ant\nb.png,bee\n",
    "quoted": 'label,file\n"ant","a.png"\n"bee","b.png"\n',
    "upper case": "FILE,LABEL\nA.PNG,ant\nB.png,bee\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_a_table_gives_the_classes(tmp_path: Path, text: str) -> None:
    scan = listed(table(flat(tmp_path, "a.png", "b.png", "c.png"), text))
    assert labels(scan) == {"a.png": "ant", "b.png": "bee", "c.png": ""}
    assert scan.recognised == "The table “labels.csv” gives the class of each image."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_of_every_encoding(tmp_path: Path, encoding: str) -> None:
    root = table(flat(tmp_path, "a.png", "b.png"), "file\tlabel\na.png\tfrüh\nb.png\tspät\n", "x.tsv", encoding)
    assert labels(listed(root)) == {"a.png": "früh", "b.png": "spät"}


def test_a_table_gives_groups_and_parts_and_its_missing_files_are_told(tmp_path: Path) -> None:
    first = "file,label,patient,split\nx/a.png,ant,7,train\nx\\b.png,bee,8,Validation\n"
    text = f"{first}c.png,bee,8,test\ngone.png,ant,9,test\n"
    scan = listed(table(flat(tmp_path, "x/a.png", "x/b.png", "y/c.png"), text))
    found = [(i.path, i.class_name, i.group, i.part) for i in scan.images]
    assert found == [
        ("x/a.png", "ant", "7", "train"),
        ("x/b.png", "bee", "8", "val"),
        ("y/c.png", "bee", "8", "test"),
    ]
    assert scan.missing == ("gone.png",)
    assert [reading.key for reading in scan.readings] == ["table:labels.csv", "classes"]
    assert listed(tmp_path, "classes").classes == ("x", "y")


def test_a_table_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    root = table(flat(tmp_path, "a.png", "b.png", "c.png"), "file,label\na.png,ant\nb.png,bee\nc.png,ant\na.png,bee\n")
    (image,) = listed(root).unreadable
    assert (image.path, image.problem) == ("a.png", "the table gives it two labels, “ant” and “bee”")


def test_a_table_of_something_else_changes_nothing(tmp_path: Path) -> None:
    root = fill(tmp_path, ants=2, bees=2)
    for text in (
        "",
        "\0\0",
        "file,split,open,short\na.png,train,0,1\n",
        "name,price\nx,3\n",
        '"',
        "ants/000.png,ant\n",
    ):
        assert listed(table(root, text)).recognised == "Each folder is a class."


def test_a_table_for_a_few_images_is_only_offered(tmp_path: Path) -> None:
    root = table(fill(tmp_path, ants=4, bees=4), "file,label\nants/000.png,x\nbees/000.png,y\n")
    scan = listed(root)
    assert scan.classes == ("ants", "bees")
    assert [reading.key for reading in scan.readings] == ["classes", "table:labels.csv"]
    assert listed(root, "table:labels.csv").classes == ("x", "y")


def test_a_reading_that_does_not_fit_any_more_is_passed_over(tmp_path: Path) -> None:
    assert listed(fill(tmp_path, ants=1, bees=1), "table:gone.csv").classes == ("ants", "bees")


def test_images_from_elsewhere_are_added(tmp_path: Path) -> None:
    root = fill(tmp_path / "images", ants=1, bees=1)
    more = flat(tmp_path / "more", "bees/new.png", "loose.png")
    single = flat(tmp_path, "one.png") / "one.png"
    inside = root / "ants"
    scan = listed(root, "", more, single, inside, tmp_path / "gone")
    assert [(i.path, i.class_name) for i in scan.images if i.path.startswith("/")] == [
        ((more / "bees/new.png").as_posix(), "bees"),
        ((more / "loose.png").as_posix(), ""),
        (single.as_posix(), ""),
    ]
    assert all((root / image.path).is_file() for image in scan.images)


def test_two_tables_and_no_class_folders(tmp_path: Path) -> None:
    root = table(flat(tmp_path, "a.png", "b.png"), "file,label\na.png,x\nb.png,y\n")
    table(root, "file,label\na.png,1\nb.png,2\n", "other.csv")
    assert {reading.key for reading in listed(root).readings} == {"table:labels.csv", "table:other.csv"}


def test_one_class_in_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="belong to one class, “x”"):
        listed(table(flat(tmp_path, "a.png", "b.png"), "file,label\na.png,x\nb.png,x\n"))


def test_sizes_and_times_are_known_from_the_list(tmp_path: Path) -> None:
    image: FoundImage = listed(fill(tmp_path, ants=1, bees=1)).images[0]
    status = (tmp_path / image.path).stat()
    assert (image.size_bytes, image.modified_ns) == (status.st_size, status.st_mtime_ns)


def test_dicom_files_are_found_without_a_suffix(tmp_path: Path) -> None:
    root = fill(tmp_path, ants=1, bees=1)
    for name in ("IM00001", "1.2.840.7", "README"):
        (root / "ants" / name).write_bytes((b"\0" * 128 + b"DICM") if name != "README" else b"text")
    assert [path for path in labels(listed(root)) if path.startswith("ants")] == [
        "ants/000.png",
        "ants/1.2.840.7",
        "ants/IM00001",
    ]
