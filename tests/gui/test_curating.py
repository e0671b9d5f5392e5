"""What a person says of the images takes effect at once, is kept, and redraws the split only where that was asked."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.base.errors import UserError
from core.base.events import Progress
from core.base.folders import Folders
from core.data.corrections import Correction
from core.data.folder.listing import list_folder
from core.data.store.project import Project
from gui_app import job
from gui_app.curating import Curating
from gui_app.image_table import image_table
from gui_app.notify import Notifier
from gui_app.session import Session
from gui_app.state import State, Store
from gui_app.unwritten import FEW
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, draw_classes, read

if TYPE_CHECKING:
    from gui_app.correcting import Said


def settled(session: Session, qtbot: QtBot) -> State:
    """Return the state once all work has ended."""
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    return session.state


def said(*corrections: Correction) -> "Said":
    return {(each.path, each.field): each.value for each in corrections}


def parts(state: State) -> dict[str, str]:
    return {image.path: image.part for image in state.dataset.images} if state.dataset else {}


def labels(state: State) -> dict[str, str]:
    return {image.path: image.class_name for image in state.scan.images} if state.scan else {}


def test_a_correction_holds_at_once_and_moves_nothing_else(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    before = parts(session.state)
    first, second = list(before)[:2]
    session.correct(said(Correction(first, "label", "rows"), Correction(second, "left_out", "yes")))
    state = settled(session, qtbot)
    assert labels(state)[first] == "rows"
    assert second not in parts(state)
    assert parts(state).items() <= before.items()
    assert state.corrections == {(first, "label"): "rows", (second, "left_out"): "yes"}
    session.correct(said(Correction(first, "label", None), Correction(second, "left_out", None)))
    assert parts(settled(session, qtbot)) == before


def test_many_corrections_in_a_row_all_hold(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    paths = list(labels(session.state))[:12]
    for path in paths:
        session.correct(
            said(
                Correction(path, "label", "new"),
            )
        )
    state = settled(session, qtbot)
    assert {labels(state)[path] for path in paths} == {"new"}
    assert state.scan is not None and "new" in state.scan.classes


def test_many_corrections_at_once_hold_in_the_order_in_which_they_were_said(opened: MainWindow, qtbot: QtBot) -> None:
    session, gone = opened.session, [f"{place}.png" for place in range(2 * FEW)]
    path = next(iter(labels(session.state)))
    session.correct(said(Correction(path, "label", "first"), *(Correction(name, "label", "first") for name in gone)))
    session.correct(
        said(
            Correction(path, "label", "second"),
        )
    )
    assert labels(settled(session, qtbot))[path] == "second"


def test_many_corrections_are_kept_though_the_window_is_closed_at_once(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    assert session.state.project is not None
    for name in ("first", "second", "last"):
        session.correct(said(*(Correction(f"{place}.png", "label", name) for place in range(2 * FEW))))
    assert session.close(WAIT_MS)
    with closing(Project.open(session.state.project.folder)) as project:
        assert [word.correction.value for word in project.journal()][:: 2 * FEW] == ["first", "second", "last"]


def test_a_label_given_while_images_are_read_for_the_first_time_shows_at_once(
    app: QApplication, qtbot: QtBot, folders: Folders, images: Path, tmp_path: Path
) -> None:
    store, listed = Store(State(folders)), list_folder(images)
    assert listed is not None
    with closing(Project.create(tmp_path / "stripes.graft", images)) as project:
        curating, path = Curating(store, Notifier(folders.data)), listed.images[0].path
        curating.open(project, listed, None)
        store.update(scan=listed, table=image_table(listed), reading=Progress("Reading images", 1, 40, 0.1))
        curating.correct(
            said(
                Correction(path, "label", "new"),
            )
        )
        qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
        state = store.state
    assert state.table is not None
    assert (labels(state)[path], state.table.numbers.classes["new"]) == ("new", 1)
    assert state.corrections == {(path, "label"): "new"}


def test_corrections_are_there_after_opening_again(opened: MainWindow, qtbot: QtBot, images: Path) -> None:
    session = opened.session
    path = next(iter(labels(session.state)))
    session.correct(
        said(
            Correction(path, "label", "rows"),
        )
    )
    before = parts(settled(session, qtbot))
    session.new_project(draw_classes(images.parent / "other", {"a": 4, "b": 4}))
    settled(session, qtbot)
    session.new_project(images)
    state = settled(session, qtbot)
    assert labels(state)[path] == "rows"
    assert parts(state) == before


def test_an_error_of_a_correction_goes_with_the_next_that_is_kept(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened.session
    path = next(iter(labels(session.state)))
    with monkeypatch.context() as broken:
        broken.setattr(Project, "correct", refuse)
        session.correct(
            said(
                Correction(path, "label", "rows"),
            )
        )
    assert "The disk is full" in read(opened, "message_text")
    assert session.state.corrections == {}
    session.correct(
        said(
            Correction(path, "label", "rows"),
        )
    )
    assert labels(settled(session, qtbot))[path] == "rows"
    assert read(opened, "message_text") == ""


def refuse(project: Project, words: object) -> None:
    raise UserError("The disk is full: the project was not saved.", "Free some space and try again.")


def test_other_shares_draw_the_split_anew(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    session.change_split((50, 25, 25))
    state = settled(session, qtbot)
    assert state.shares == (50, 25, 25)
    assert list(parts(state).values()).count("train") == 20


def test_new_files_are_told_and_move_nothing(opened: MainWindow, qtbot: QtBot, images: Path) -> None:
    session = opened.session
    before = parts(session.state)
    (images / "rows/00.png").rename(images / "rows/renamed.png")
    draw_classes(images.parent / "more", {"rows": 22})
    for number in (20, 21):
        (images.parent / f"more/rows/{number:02d}.png").rename(images / f"rows/{number:02d}.png")
    session.rescan()
    state = settled(session, qtbot)
    assert state.changes is not None
    assert state.changes.added == ("rows/20.png", "rows/21.png")
    assert state.changes.renamed == (("rows/00.png", "rows/renamed.png"),)
    assert parts(state)["rows/renamed.png"] == before.pop("rows/00.png")
    assert before.items() <= parts(state).items()
    session.dismiss_changes()
    assert session.state.changes is None


def test_a_correction_follows_a_renamed_file(opened: MainWindow, qtbot: QtBot, images: Path) -> None:
    session = opened.session
    session.correct(
        said(
            Correction("rows/00.png", "label", "columns"),
        )
    )
    settled(session, qtbot)
    (images / "rows/00.png").rename(images / "rows/renamed.png")
    session.rescan()
    assert labels(settled(session, qtbot))["rows/renamed.png"] == "columns"


def test_numbering_files_anew_moves_no_image_to_another_part(opened: MainWindow, qtbot: QtBot, images: Path) -> None:
    session = opened.session
    assert session.state.dataset is not None
    before = {image.sha256: image.part for image in session.state.dataset.images}
    (images / "rows/00.png").unlink()
    for number in range(1, 20):
        (images / f"rows/{number:02d}.png").rename(images / f"rows/{number - 1:02d}.png")
    session.rescan()
    after = settled(session, qtbot).dataset
    assert after is not None and len(after.images) == 39
    assert {image.sha256: image.part for image in after.images}.items() <= before.items()


def test_a_move_to_another_part_can_be_taken_back(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    before = parts(session.state)
    path = next(path for path, part in before.items() if part == "train")
    session.correct(
        said(
            Correction(path, "part", "test"),
        )
    )
    assert parts(settled(session, qtbot))[path] == "test"
    session.correct(
        said(
            Correction(path, "part", None),
        )
    )
    assert parts(settled(session, qtbot)) == before


def test_images_from_elsewhere_are_added(opened: MainWindow, qtbot: QtBot, images: Path) -> None:
    more = draw_classes(images.parent / "more", {"rows": 23})
    session = opened.session
    session.add_images((more / "rows" / "21.png", more / "rows" / "22.png"))
    state = settled(session, qtbot)
    added = [path for path, label in labels(state).items() if not label]
    assert added == [(more / "rows" / name).as_posix() for name in ("21.png", "22.png")]
    session.correct(said(*(Correction(path, "label", "rows") for path in added)))
    assert set(added) <= set(parts(settled(session, qtbot)))


def test_a_table_and_a_copy_are_written_and_told(opened: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    session = opened.session
    session.export_labels(tmp_path / "labels.csv")
    settled(session, qtbot)
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8-sig").startswith("file,label,group,split")
    session.write_copy(tmp_path / "copy")
    settled(session, qtbot)
    assert len(list((tmp_path / "copy").rglob("*.png"))) == 40
    assert f"{tmp_path / 'copy'}" in read(opened, "message_text")
    session.write_copy(tmp_path / "copy")
    settled(session, qtbot)
    assert "is not empty" in read(opened, "message_text")


def test_another_reading_of_the_folder(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    session = window.session
    session.new_project(draw_classes(tmp_path / "images", {"rows": 5, "columns": 5, "unlabelled": 5}))
    state = settled(session, qtbot)
    assert state.scan is not None and state.scan.classes == ("columns", "rows")
    session.choose_reading("classes-all")
    state = settled(session, qtbot)
    assert state.scan is not None and state.scan.classes == ("columns", "rows", "unlabelled")
