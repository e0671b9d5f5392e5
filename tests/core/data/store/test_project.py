import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.config import RunConfig, make_config
from core.base.errors import UserError
from core.data.corrections import Correction, corrected, present, words_of
from core.data.dataset import Dataset, LabelledImage
from core.data.decisions import Decisions
from core.data.folder.scan import FoundImage, Scan
from core.data.split import make_dataset
from core.data.store import project as project_module
from core.data.store.project import Project
from tests.core.data.conftest import fill, scanned


@pytest.fixture
def project(tmp_path: Path, two_classes: Path) -> Iterator[Project]:
    with closing(Project.create(tmp_path / "Ants.graft", two_classes)) as project:
        yield project


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder)


def saved(project: Project) -> tuple[Scan, Dataset]:
    scan = scanned(project.images_root)
    dataset = make_dataset(scan, 0)
    project.save(scan, dataset)
    return scan, dataset


def kept(project: Project) -> Dataset | None:
    """Return the split that follows from what the project remembers."""
    scan, known = project.scan(), project.known()
    return make_dataset(corrected(scan, present(project.journal(), scan)), 99, known) if scan and known else None


def test_a_new_project_is_empty(project: Project, two_classes: Path, tmp_path: Path) -> None:
    assert (project.name, project.folder) == ("Ants", tmp_path / "Ants.graft")
    assert project.images_root == two_classes == project.require_images()
    assert project.runs_folder.is_dir()
    assert (project.scan(), kept(project), project.known()) == (None, None, {})
    assert project.config() == RunConfig()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_saved_is_there_again_after_opening(project: Project) -> None:
    (project.images_root / "ants" / "broken.png").write_bytes(b"")
    (project.images_root / "loose.png").write_bytes(b"")
    (project.images_root / "wasps").mkdir()
    scan, dataset = saved(project)
    project.save_config(make_config(epochs=7, backbone="resnet18"))
    with closing(reopened(project)) as again:
        assert (again.scan(), kept(again)) == (scan, dataset)
        paths = {image.path: image.part for image in dataset.images}
        assert again.known() == paths | {image.sha256: image.part for image in dataset.images}
        assert again.config() == make_config(epochs=7, backbone="resnet18")


def test_folders_with_parts_are_kept_too(tmp_path: Path) -> None:
    root = fill(tmp_path / "images", train__ants=5, train__bees=5, test__ants=2, test__bees=2)
    with closing(Project.create(tmp_path / "x.graft", root)) as project:
        assert (project.scan(), kept(project)) == (None, None)
        scan, dataset = saved(project)
        assert (project.scan(), kept(project)) == (scan, dataset)


def test_a_scan_without_a_split_is_kept(project: Project) -> None:
    scan, _ = saved(project)
    project.save(scan, None)
    project.forget_parts()
    assert (project.scan(), kept(project)) == (scan, None)


def test_an_image_that_goes_and_comes_back_keeps_its_part(project: Project) -> None:
    scan, dataset = saved(project)
    fewer = replace(scan, images=scan.images[1:])
    project.save(fewer, make_dataset(fewer, 0, project.known()))
    remaining = kept(project)
    assert remaining is not None and len(remaining.images) == 15
    assert scan.images[0].path in project.known()
    assert make_dataset(scan, 5, project.known()) == dataset


def test_an_image_that_is_renamed_keeps_its_part(project: Project) -> None:
    scan, dataset = saved(project)
    renamed = replace(scan, images=tuple(replace(image, path=f"{image.path}.new.png") for image in scan.images))
    again = make_dataset(renamed, 5, project.known())
    assert {image.sha256: image.part for image in again.images} == {i.sha256: i.part for i in dataset.images}


def test_names_of_any_kind_are_kept(project: Project) -> None:
    names = ["ants/a\nb.png", "ants/'; DROP TABLE images;--.png", "bees/🐞 المرجع.png", "bees/<b>.png"]
    images = tuple(FoundImage(name, name[:4], None, 1, name) for name in sorted(names))
    scan = Scan(project.images_root, "classes", ("ants", "bees"), images)
    dataset = Dataset(scan.root, scan.classes, tuple(LabelledImage(i.path, 0, "train", i.sha256) for i in images[:2]))
    project.save(scan, dataset)
    assert project.scan() == scan
    assert project.known().items() >= {image.path: image.part for image in dataset.images}.items()


def test_corrections_are_kept_in_order_and_hold_after_opening(project: Project) -> None:
    scan, _ = saved(project)
    by_path = {image.path: image for image in scan.images}
    said = (
        Correction("ants/000.png", "label", "bees"),
        Correction("ants/001.png", "left_out", "yes"),
        Correction("ants/001.png", "left_out", None),
        Correction("x'; --", "group", "a\nb"),
    )
    project.correct(words_of(said[:2], by_path))
    project.correct(words_of(said[2:], by_path))
    with closing(reopened(project)) as again:
        assert again.journal() == tuple(words_of(said, by_path))
        assert present(again.journal(), scan) == {("ants/000.png", "label"): "bees", ("x'; --", "group"): "a\nb"}
        dataset = kept(again)
        assert dataset is not None
        assert {image.path: image.label for image in dataset.images}["ants/000.png"] == 1


def test_decisions_and_near_duplicates_are_kept(project: Project) -> None:
    scan, dataset = saved(project)
    project.save(scan, dataset, (("ants/000.png", "ants/001.png"),))
    decided = Decisions(reading="parts", added=("/x/é",), grouping="name", confirmed=True, shares=(60, 20, 20))
    project.decide(decided)
    with closing(reopened(project)) as again:
        assert again.decisions() == decided
        assert again.near() == (("ants/000.png", "ants/001.png"),)


def test_what_a_table_leaves_out_is_left_out_after_opening(project: Project) -> None:
    places = [(name, number) for name in ("ants", "bees") for number in range(8)]
    rows = [f"{name}/{number:03d}.png,{name},{'yes' if number == 1 else ''}" for name, number in places]
    (project.images_root / "labels.csv").write_text("\n".join(["file,label,left_out", *rows]), encoding="utf-8")
    scan, _ = saved(project)
    with closing(reopened(project)) as again:
        assert again.scan() == scan
        assert [image.path for image in scan.images if image.left_out] == ["ants/001.png", "bees/001.png"]


def test_what_was_read_before_a_crash_is_not_read_again(project: Project) -> None:
    scan = scanned(project.images_root)
    project.keep(scan.images[:5])
    with closing(reopened(project)) as again:
        assert again.scan() is None
        assert tuple(again.read_before().values()) == scan.images[:5]
        again.save(scan, None)
        assert tuple(again.read_before().values()) == scan.images


def test_a_project_of_the_first_version_keeps_its_split(project: Project) -> None:
    _, dataset = saved(project)
    project.close()
    with closing(sqlite3.connect(project.folder / "project.db")) as connection, connection:
        for column in ("group_name", "modified_ns", "facts", "left_out"):
            connection.execute(f"ALTER TABLE images DROP COLUMN {column}")
        connection.execute("ALTER TABLE parts ADD COLUMN used INTEGER NOT NULL DEFAULT 1")
        connection.execute("DROP TABLE journal")
        connection.execute("DROP TABLE contents")
        connection.execute("DROP TABLE unfinished")
        connection.execute("PRAGMA user_version = 1")
    with closing(Project.open(project.folder)) as again:
        assert again.scan() is None  # the measures are missing
        assert make_dataset(scanned(again.images_root), 5, again.known()) == dataset


def fingerprint(root: Path) -> dict[str, tuple[int, str]]:
    """Return time and content of all that lies in a folder."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in [root, *root.rglob("*")]
    }


def test_the_folder_of_the_user_stays_as_it_is(tmp_path: Path, two_classes: Path) -> None:
    (two_classes / "ants" / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    before = fingerprint(two_classes)
    with closing(Project.create(tmp_path / "x.graft", two_classes)) as project:
        saved(project)
        project.relocate(two_classes)
    with closing(Project.open(tmp_path / "x.graft")) as project:
        project.scan()
    assert fingerprint(two_classes) == before


def failure(work: object, *arguments: object) -> UserError:
    with pytest.raises(UserError) as caught:
        work(*arguments)  # type: ignore[operator]
    return caught.value


def test_a_second_window_is_kept_out(project: Project) -> None:
    error = failure(Project.open, project.folder)
    assert error.message == "The project “Ants” is open in another window."
    assert error.hint == "Go on there, or close it first."


def test_another_process_is_kept_out_and_may_come_in_afterwards(project: Project) -> None:
    imports = "import sys; from pathlib import Path; from core.data.store.project import Project"
    code = f"{imports}; Project.open(Path(sys.argv[1]))"
    call = [sys.executable, "-c", code, str(project.folder)]
    assert "is open in another window" in subprocess.run(call, capture_output=True, text=True, timeout=60).stderr
    project.close()
    assert subprocess.run(call, capture_output=True, timeout=60).returncode == 0
    Project.open(project.folder).close()  # a process that ended holds nothing


def test_a_project_among_the_images_is_refused(two_classes: Path) -> None:
    error = failure(Project.create, two_classes / "x.graft", two_classes)
    assert error.message == "The project “x” would lie among the images."
    assert "does not write in the folder of your images" in error.hint


def test_a_name_that_is_taken_is_refused(project: Project, two_classes: Path, tmp_path: Path) -> None:
    error = failure(Project.create, project.folder, two_classes)
    assert error.message == f"There is already something called “Ants.graft” in “{tmp_path}”."


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, two_classes: Path) -> None:
    (tmp_path / "file").touch()
    error = failure(Project.create, tmp_path / "file" / "x.graft", two_classes)
    assert error.message.startswith(f"The project “x” cannot be made in “{tmp_path / 'file'}”: ")
    assert error.hint == "Choose another place."


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path, project: Project, two_classes: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "Permission denied" in failure(Project.create, tmp_path / "closed" / "x.graft", two_classes).message
    project.close()
    (project.folder / "open.lock").unlink(missing_ok=True)
    project.folder.chmod(0o500)
    error = failure(Project.open, project.folder)
    project.folder.chmod(0o700)
    assert error.message == "The project “Ants” cannot be written."


def test_a_name_that_is_too_long_is_refused(tmp_path: Path, two_classes: Path) -> None:
    assert "cannot be made in" in failure(Project.create, tmp_path / ("x" * 300 + ".graft"), two_classes).message


def test_nothing_is_left_of_a_project_that_could_not_be_made(
    tmp_path: Path, two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(project_module, "create_database", full)
    error = failure(Project.create, tmp_path / "x.graft", two_classes)
    assert error.message == f"The project “x” cannot be made in “{tmp_path}”: No space left on device."
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_a_folder_that_is_no_project(two_classes: Path) -> None:
    assert failure(Project.open, two_classes).message == f"“{two_classes}” is not a Graft project."


@pytest.mark.parametrize("content", [b"", b"this is no database", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_project_is_told_and_can_be_tried_again(project: Project, content: bytes) -> None:
    project.close()
    (project.folder / "project.db").write_bytes(content)
    for _ in range(2):  # the first failure must not leave the lock behind
        error = failure(Project.open, project.folder)
        assert error.message == "The project “Ants” is damaged."
        assert error.hint == "Take it from a backup, or make a new one."


def test_a_damaged_page_in_the_middle_is_found(project: Project) -> None:
    images = tuple(FoundImage(f"ants/{index}.png", "ants", None, 1, "x" * 64) for index in range(2000))
    project.save(Scan(project.images_root, "classes", ("ants",), images), None)
    project.close()
    file = project.folder / "project.db"
    content = bytearray(file.read_bytes())
    content[20_480:24_576] = b"\xff" * 4096
    file.write_bytes(content)
    assert failure(Project.open, project.folder).message == "The project “Ants” is damaged."


def test_a_newer_project_is_told(project: Project) -> None:
    project.close()
    with closing(sqlite3.connect(project.folder / "project.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert failure(Project.open, project.folder).message == "The project “Ants” was made by a newer version of Graft."


def test_a_project_that_vanishes_is_told_and_does_not_come_back_empty(project: Project) -> None:
    (project.folder / "project.db").unlink()
    assert "no longer there" in failure(project.scan).message
    assert not (project.folder / "project.db").exists()


def test_settings_that_do_not_fit_are_told(project: Project) -> None:
    with closing(sqlite3.connect(project.folder / "project.db")) as connection, connection:
        connection.execute("INSERT INTO settings VALUES ('config', '{\"epochs\": 0}')")
    assert "Epochs" in failure(project.config).message


def test_saving_is_all_or_nothing(project: Project) -> None:
    scan, dataset = saved(project)
    wrong = replace(scan.images[-1], sha256=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        project.save(replace(scan, images=(*scan.images[:3], wrong)), None)
    assert (project.scan(), kept(project)) == (scan, dataset)


def test_images_that_were_moved_can_be_chosen_again(project: Project, two_classes: Path, tmp_path: Path) -> None:
    scan, _ = saved(project)
    two_classes.rename(tmp_path / "moved")
    error = failure(project.require_images)
    assert error.message == f"The images of the project “Ants” are not in “{two_classes}” any more."
    assert error.hint == "Connect their drive, or choose their folder again."
    other = failure(project.relocate, tmp_path)
    assert other.message == f"“{tmp_path}” does not hold the images of the project “Ants”."
    project.relocate(tmp_path / "moved")
    assert project.require_images() == tmp_path / "moved"
    assert project.scan() == replace(scan, root=tmp_path / "moved")


def test_other_threads_may_ask_and_close(project: Project) -> None:
    scan, _ = saved(project)
    answers: list[object] = []

    def ask() -> None:
        answers.append(project.scan())
        project.save(scan, None)
        project.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert answers == [scan]
    Project.open(project.folder).close()


def test_100_000_images_are_saved_and_read(project: Project) -> None:
    images = tuple(
        FoundImage(f"{name}/{index:06d}.jpg", name, None, 1, f"{index:064x}", 500, 375)
        for name in ("ants", "bees")
        for index in range(50_000)
    )
    labelled = tuple(LabelledImage(i.path, 0 if i.class_name == "ants" else 1, "train", i.sha256) for i in images)
    scan = Scan(project.images_root, "classes", ("ants", "bees"), images)
    dataset = Dataset(scan.root, scan.classes, labelled)
    project.save(scan, dataset)
    assert project.scan() == scan
    assert len(project.known()) == 150_000  # by path, and by the contents that both classes share
