"""The Data page: what it says of images, and what a person can look at."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from core.base.folders import Folders
from core.data.folder.scan import FoundImage, Scan
from gui_app import job
from gui_app.classlist import ClassLine
from gui_app.grid import ImageGrid, ImageViewer
from gui_app.image_table import image_table
from gui_app.pages.data import DataPage
from gui_app.painted import PaintedButton
from gui_app.split_card import PartLine
from gui_app.state import ProjectInfo, State
from gui_app.window import MainWindow
from tests.gui.helpers import WAIT_MS, click, draw, draw_classes, find, read


def open_images(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    window.session.new_project(images)
    qtbot.waitUntil(lambda: window.session.state.project is not None and job.running() == 0, timeout=WAIT_MS)


def shown(window: MainWindow) -> list[str]:
    """Return the names of the files in the grid, with their folders."""
    return [f"{item.path.parent.name}/{item.path.name}" for item in find(window, "data_grid", ImageGrid).items]


def test_classes_split_and_findings_are_shown(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    open_images(window, qtbot, images)
    assert find(window, "class_rows", ClassLine).accessibleName() == "rows, 20 images"
    said = [find(window, f"part_{part}", PartLine).accessibleName() for part in ("train", "val", "test")]
    assert said == ["Train, 28", "Validation, 6", "Test, 6"]
    headings = [label.text() for label in window.page("data").findChildren(QLabel)]
    assert "Worth a look" in headings and "Ready to train" in headings
    assert read(window, "status_doing") == "All changes saved"


def test_a_class_is_chosen_by_chip_or_line_and_left_again(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    open_images(window, qtbot, images)
    assert read(window, "data_shown") == "40 images"
    click(qtbot, window, "chip_rows")
    assert read(window, "data_shown") == "20 images"
    assert {name.split("/")[0] for name in shown(window)} == {"rows"}
    click(qtbot, window, "class_columns")
    assert {name.split("/")[0] for name in shown(window)} == {"columns"}
    click(qtbot, window, "class_columns")
    assert read(window, "data_shown") == "40 images"


def test_an_unreadable_image_is_named_counted_and_left_out(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    (images / "rows" / "broken.png").write_bytes(b"no image at all")
    open_images(window, qtbot, images)
    assert "broken.png" in read(window, "advice_unreadable")
    assert find(window, "class_rows", ClassLine).accessibleName() == "rows, 20 images"
    click(qtbot, window, "finding_unreadable")
    assert shown(window) == ["rows/broken.png"]
    assert read(window, "data_shown") == "1 image"
    assert find(window, "filter_finding", QPushButton).text() == "can’t be read ×"
    click(qtbot, window, "chip_all")
    assert read(window, "data_shown") == "40 images"


def test_what_was_chosen_and_is_gone_gives_way_to_all(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    broken = images / "rows" / "broken.png"
    broken.write_bytes(b"no image at all")
    open_images(window, qtbot, images)
    click(qtbot, window, "finding_unreadable")
    draw(broken, 0, 99)
    read_again(window, qtbot)
    assert read(window, "data_shown") == "41 images"
    draw_classes(images, {"slopes": 3})
    read_again(window, qtbot)
    click(qtbot, window, "chip_slopes")
    shutil.rmtree(images / "slopes")
    read_again(window, qtbot)
    assert read(window, "data_shown") == "41 images"
    assert find(window, "chip_all", QPushButton).isChecked()


def test_a_changed_file_is_shown_anew_after_reading_again(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    first = images / "columns" / "00.png"
    Image.new("RGB", (24, 24), (200, 10, 10)).save(first)
    open_images(window, qtbot, images)
    qtbot.waitUntil(lambda: colour(window) == QColor(200, 10, 10), timeout=WAIT_MS)
    Image.new("RGB", (24, 24), (10, 200, 10)).save(first)
    read_again(window, qtbot)
    qtbot.waitUntil(lambda: colour(window) == QColor(10, 200, 10), timeout=WAIT_MS)


def colour(window: MainWindow) -> QColor:
    """Return the colour in the middle of the first image of the grid."""
    view = find(window, "data_grid", ImageGrid).view
    middle = view.visualRect(view.model().index(0, 0)).center()
    return view.viewport().grab().toImage().pixelColor(middle)


def read_again(window: MainWindow, qtbot: QtBot) -> None:
    before = window.session.state.dataset
    click(qtbot, window, "data_rescan")
    qtbot.waitUntil(lambda: window.session.state.dataset not in (None, before), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)


def test_a_hundred_thousand_images_are_shown_and_counted(app: QApplication, qtbot: QtBot, folders: Folders) -> None:
    page = DataPage()
    qtbot.addWidget(page)
    page.show()
    state = State(folders, project=ProjectInfo("many", Path("many.graft"), Path("many")))
    page.show_state(state)
    for sha256 in ("", "", "00"):  # listed, listed again, read
        found = tuple(FoundImage(f"rows/{i}.png", "rows", None, 100, sha256) for i in range(100_000))
        scan = Scan(Path("many"), "classes", ("rows",), found)
        state = replace(state, scan=scan, table=image_table(scan))
        page.show_state(state)
        assert find(page, "data_shown", QLabel).text() == "100,000 images"


def test_one_class_is_not_enough(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.session.new_project(draw_classes(tmp_path / "alone", {"rows": 12}))
    qtbot.waitUntil(lambda: "rows" in read(window, "message_text") and job.running() == 0, timeout=WAIT_MS)
    assert "class" in read(window, "message_text")
    assert window.session.state.page == "start"


def test_a_class_with_a_single_image_is_named_and_training_must_wait(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    open_images(window, qtbot, draw_classes(tmp_path / "few", {"rows": 12, "lonely": 1}))
    words = [label.text() for label in window.page("data").findChildren(QLabel)]
    assert "lonely" in words[words.index("Not ready to train") + 1]
    assert not find(window, "data_next", QPushButton).isEnabled()
    assert not find(window, "step_model", QAbstractButton).isEnabled()


def test_reading_again_finds_new_images_and_moves_none(window: MainWindow, qtbot: QtBot, images: Path) -> None:
    open_images(window, qtbot, images)
    before = window.session.state.dataset
    assert before is not None
    for seed in range(20, 30):
        draw(images / "rows" / f"{seed}.png", 0, seed)
    qtbot.keyClick(window, Qt.Key.Key_F5)  # type: ignore[no-untyped-call]
    qtbot.waitUntil(lambda: window.session.state.dataset not in (None, before), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: job.running() == 0, timeout=WAIT_MS)
    assert window.session.state.dataset is not None
    parts = {image.path: image.part for image in window.session.state.dataset.images}
    assert read(window, "data_shown") == "50 images"
    assert all(parts[image.path] == image.part for image in before.images)


def test_names_from_outside_are_shown_as_they_stand(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    root = draw_classes(tmp_path / "a & <i>b", {"<b>x": 12, "R&D": 12})
    open_images(window, qtbot, root)
    assert read(window, "data_subtitle") == "24 images in 2 classes from a & <i>b"
    assert find(window, "class_<b>x", ClassLine).text() == "<b>x"
    assert find(window, "chip_R&D", QPushButton).text() == "R&&D"  # two stand for one, a single one for a shortcut
    for label in window.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText, label.text()
    for button in window.findChildren(PaintedButton):
        assert button.shortcut().isEmpty()
    assert find(window, "class_<b>x", ClassLine).toolTip().endswith("&lt;b&gt;x</p>")


def test_an_image_opens_large(opened: MainWindow, qtbot: QtBot) -> None:
    grid = find(opened, "data_grid", ImageGrid)
    grid.activated.emit(3)
    viewer = find(opened, "image_viewer", ImageViewer)
    qtbot.waitUntil(viewer.isVisible, timeout=WAIT_MS)
    assert read(viewer, "viewer_name") == grid.items[3].path.name
    viewer.close()


def test_another_folder_can_be_chosen_while_images_are_read(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    many = draw_classes(tmp_path / "many", {"rows": 150, "columns": 150})
    few = draw_classes(tmp_path / "few", {"rows": 10, "columns": 10})
    window.session.new_project(many)
    window.session.new_project(few)
    qtbot.waitUntil(lambda: window.session.state.dataset is not None and job.running() == 0, timeout=WAIT_MS)
    assert read(window, "data_subtitle") == "20 images in 2 classes from few"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_follow_the_palette(opened: MainWindow, qtbot: QtBot, scheme: str) -> None:
    click_appearance(opened, scheme)
    from gui_app import theme

    line = find(opened, "class_rows", ClassLine)
    picture = line.grab().toImage()
    colours = {QColor(picture.pixel(x, picture.height() - 12)).name() for x in range(picture.width())}
    assert theme.palette().accent in colours
    assert (theme.palette().window < "#800000") == (scheme == "dark")


def click_appearance(window: MainWindow, scheme: str) -> None:
    menu = find(window, "appearance", QPushButton).menu()
    next(action for action in menu.actions() if action.objectName() == f"appearance_{scheme}").trigger()
