import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image

from core.base.errors import UserError
from core.base.events import Progress
from core.data.folder.scan import Listed, Scanned, scan
from core.data.folder.walk import image_files
from tests.core.data.conftest import fill, picture, scanned


def test_class_folders_are_read(two_classes: Path) -> None:
    result = scanned(two_classes)
    assert (result.layout, result.classes, len(result.images)) == ("classes", ("ants", "bees"), 16)
    first = result.images[0]
    content = (two_classes / "ants/000.png").read_bytes()
    assert (first.path, first.class_name, first.part) == ("ants/000.png", "ants", None)
    assert (first.sha256, first.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (first.width_px, first.height_px, first.problem) == (16, 12, "")


def test_the_list_comes_first_and_the_result_last(two_classes: Path) -> None:
    first, *middle, last = scan(two_classes)
    assert isinstance(first, Listed) and len(first.scan.images) == 16 and not first.scan.images[0].sha256
    assert isinstance(last, Scanned) and all(image.sha256 for image in last.scan.images)
    assert all(isinstance(event, Progress) for event in middle)
    end = middle[-1]
    assert isinstance(end, Progress) and (end.done, end.total, end.fraction) == (16, 16, 1.0)


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("Train", "VALID", "Test"), ("train", "validation", "test")]
)
def test_part_folders_are_read(tmp_path: Path, names: tuple[str, ...]) -> None:
    fill(tmp_path, **{f"{name}__{kind}": 2 for name in names for kind in ("ants", "bees")})
    result = scanned(tmp_path)
    assert (result.layout, result.classes) == ("parts", ("ants", "bees"))
    assert {image.path.split("/")[0]: image.part for image in result.images} == dict(
        zip(names, ("train", "val", "test"), strict=True)
    )


def test_a_class_that_is_missing_in_one_part_shifts_nothing(tmp_path: Path) -> None:
    fill(tmp_path, train__ants=1, train__bees=1, train__wasps=1, val__bees=1, val__wasps=1)
    result = scanned(tmp_path)
    assert result.classes == ("ants", "bees", "wasps")
    assert {i.class_name for i in result.images if i.part == "val"} == {"bees", "wasps"}


def test_a_train_is_also_a_vehicle(tmp_path: Path) -> None:
    assert scanned(fill(tmp_path / "a", train=2, bus=2)).classes == ("bus", "train")
    assert scanned(fill(tmp_path / "b", train=2, test=2, bus=2)).classes == ("bus", "test", "train")


def test_parts_without_class_folders_are_not_taken_for_classes(tmp_path: Path) -> None:
    assert (
        failure(fill(tmp_path, train=2, test=2)).message == f"The images in “{tmp_path}” do not lie in class folders."
    )


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    assert scanned(fill(tmp_path, control__monday=2, test__monday=2)).classes == ("control", "test")


def test_nested_folders_belong_to_their_class(tmp_path: Path) -> None:
    result = scanned(fill(tmp_path, ants__monday__morning=1, ants__tuesday=1, bees=1))
    assert [(i.path, i.class_name) for i in result.images] == [
        ("ants/monday/morning/000.png", "ants"),
        ("ants/tuesday/000.png", "ants"),
        ("bees/000.png", "bees"),
    ]


def test_what_is_no_image_or_hidden_is_passed_over(two_classes: Path) -> None:
    for name in ("Thumbs.db", ".DS_Store", ".hidden.jpg", "notes.txt", "labels.csv"):
        (two_classes / "ants" / name).write_bytes(b"x")
    picture(0).save(two_classes / "ants" / "._000.png")
    for name in (".git", "__MACOSX"):
        (two_classes / name).mkdir()
        picture(0).save(two_classes / name / "000.png")
    result = scanned(two_classes)
    assert (result.classes, len(result.images), result.unreadable) == (("ants", "bees"), 16, ())


def test_what_lies_outside_of_the_classes_is_told(tmp_path: Path) -> None:
    fill(tmp_path, train__ants=2, train__bees=2, test__ants=1, test__bees=1, other=1)
    picture(1).save(tmp_path / "loose.png")
    picture(2).save(tmp_path / "train" / "astray.png")
    (tmp_path / "train" / "wasps").mkdir()
    result = scanned(tmp_path)
    assert result.outside == ("loose.png", "other", "train/astray.png")
    assert (result.empty, result.classes, len(result.images)) == (("wasps",), ("ants", "bees"), 6)


def test_an_image_format_that_is_not_read_is_listed_with_that_reason(two_classes: Path) -> None:
    (two_classes / "ants" / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    (problem,) = scanned(two_classes).unreadable
    assert problem.path == "ants/phone.HEIC"
    assert problem.problem.startswith("it is a HEIC image, which Graft reads only where")


def test_links_that_lead_back_do_not_go_round(two_classes: Path) -> None:
    (two_classes / "ants" / "again").symlink_to(two_classes)
    (two_classes / "ants" / "self").symlink_to(two_classes / "ants")
    (two_classes / "bees" / "disk").symlink_to("/")
    (two_classes / "alias").symlink_to(two_classes / "bees")
    result = scanned(two_classes)
    assert (result.classes, len(result.images)) == (("ants", "bees"), 16)


def test_links_to_files_and_folders_elsewhere_are_followed(tmp_path: Path, two_classes: Path) -> None:
    store = fill(tmp_path / "store", wasps=2)
    (two_classes / "wasps").symlink_to(store / "wasps")
    (two_classes / "ants" / "link.png").symlink_to(store / "wasps" / "000.png")
    result = scanned(two_classes)
    assert (result.classes, len(result.images), result.unreadable) == (("ants", "bees", "wasps"), 19, ())


def test_a_gone_folder_in_a_gone_folder(tmp_path: Path) -> None:
    assert failure(tmp_path / "gone" / "gone").message.endswith("is not there.")


def failure(root: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        list(scan(root))
    return caught.value


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    error = failure(tmp_path / "gone")
    assert error.message == f"The folder “{tmp_path / 'gone'}” is not there."
    assert error.hint == "Was it moved, or is its drive not connected? Choose it again."


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    assert failure(tmp_path / "x").message == f"“{tmp_path / 'x'}” is a file, not a folder."


def test_no_images_at_all(tmp_path: Path) -> None:
    (tmp_path / "ants").mkdir()
    error = failure(tmp_path)
    assert error.message == f"There are no images in “{tmp_path}”."
    assert error.hint.startswith("Graft expects one folder for each class, with the images of that class inside")


def test_images_without_class_folders(tmp_path: Path) -> None:
    picture(0).save(tmp_path / "a.png")
    assert failure(tmp_path).message == f"The images in “{tmp_path}” do not lie in class folders."


def test_only_one_class(tmp_path: Path) -> None:
    error = failure(fill(tmp_path, ants=3))
    assert error.message == f"All images in “{tmp_path}” belong to one class, “ants”."
    assert "at least two" in error.hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may open everything")
def test_no_permission(two_classes: Path) -> None:
    (two_classes / "ants" / "000.png").chmod(0)
    (two_classes / "ants" / "closed").mkdir(mode=0)
    (two_classes / "wasps").mkdir(mode=0)
    result = scanned(two_classes)
    assert {image.path: image.problem for image in result.unreadable} == {
        "ants/000.png": "there is no permission to read it",
        "ants/closed": "this folder cannot be opened",
        "wasps": "this folder cannot be opened",
    }
    assert (result.classes, result.outside, result.empty) == (("ants", "bees", "wasps"), (), ())
    two_classes.chmod(0)
    error = failure(two_classes)
    two_classes.chmod(0o700)
    assert error.message == f"There is no permission to open the folder “{two_classes}”."


def test_a_file_that_vanishes_is_named_and_the_rest_is_read(two_classes: Path) -> None:
    events = scan(two_classes)
    next(events)
    (two_classes / "bees" / "007.png").unlink()
    last = list(events)[-1]
    assert isinstance(last, Scanned)
    (gone,) = last.scan.unreadable
    assert (gone.path, gone.problem) == ("bees/007.png", "it is no longer there")


@pytest.mark.parametrize("bytes_at_once", [1, 2**21])
def test_many_images_are_each_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_at_once: int) -> None:
    monkeypatch.setattr("core.data.folder.scan._BATCH_BYTES", bytes_at_once)
    fill(tmp_path, ants=80, bees=70)
    (tmp_path / "bees/003.png").write_bytes(b"")
    *events, last = scan(tmp_path)
    assert isinstance(last, Scanned)
    assert [image.path for image in last.scan.unreadable] == ["bees/003.png"]
    for image in last.scan.readable:
        assert image.sha256 == hashlib.sha256((tmp_path / image.path).read_bytes()).hexdigest()
    (end,) = (event for event in events if isinstance(event, Progress) and event.done == event.total)
    assert end.total == 150


def test_a_folder_that_vanishes_is_an_error(two_classes: Path) -> None:
    events = scan(two_classes)
    next(events)
    two_classes.rename(two_classes.with_name("moved"))
    with pytest.raises(UserError, match="vanished while it was read"):
        list(events)


def test_a_stop_ends_the_work_without_a_result(two_classes: Path) -> None:
    assert list(scan(two_classes, lambda: True)) == []
    events = scan(two_classes, lambda: bool(asked))
    asked: list[bool] = []
    assert isinstance(next(events), Listed)
    asked.append(True)
    assert not any(isinstance(event, Scanned) for event in events)


def test_a_stop_in_mid_work_leaves_the_rest_unread(tmp_path: Path) -> None:
    fill(tmp_path, ants=1, bees=1)
    Image.new("RGB", (3000, 2000)).save(tmp_path / "ants/000.png")
    for index in range(60):
        (tmp_path / "bees" / f"{index}.png").write_bytes((tmp_path / "ants/000.png").read_bytes())
    asked: list[bool] = []
    events = scan(tmp_path, lambda: bool(asked))
    assert isinstance(next(events), Listed) and isinstance(next(events), Progress)
    asked.append(True)
    rest = list(events)
    assert all(isinstance(event, Progress) and event.done < event.total for event in rest)


def test_image_files_of_a_folder_or_of_itself(two_classes: Path) -> None:
    files = image_files(two_classes)
    assert len(files) == 16 and files[0] == two_classes / "ants/000.png"
    assert image_files(files[0]) == files[:1]
    with pytest.raises(UserError, match="is not there"):
        image_files(two_classes / "gone")
    (two_classes / "none").mkdir()
    with pytest.raises(UserError, match="There are no images in"):
        image_files(two_classes / "none")


def test_listing_opens_no_image(tmp_path: Path) -> None:
    for kind in ("ants", "bees"):
        (tmp_path / kind).mkdir()
        for index in range(2000):
            (tmp_path / kind / f"{index}.jpg").touch()
    listed = next(iter(scan(tmp_path)))
    assert isinstance(listed, Listed) and len(listed.scan.images) == 4000
    assert not any(image.problem for image in listed.scan.images)


def test_turning_and_size_are_those_of_the_upright_image(two_classes: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(0, (40, 20)).save(two_classes / "ants" / "turned.jpg", exif=exif)
    (turned,) = (image for image in scanned(two_classes).images if "turned" in image.path)
    assert (turned.width_px, turned.height_px) == (20, 40)
