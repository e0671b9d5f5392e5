"""The image grid, its loader and the viewer, used as a person does."""

import gc
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from gui_app.grid import GridItem, ImageGrid, ImageViewer
from gui_app.thumbs import Loader, Picture, PixmapCache, read_thumbnail, read_whole
from gui_app.viewer import PictureView
from tests.gui.runs import draw


@pytest.fixture
def grid(app: QApplication, qtbot: QtBot) -> ImageGrid:
    grid = ImageGrid("grid", 100)
    qtbot.addWidget(grid)
    grid.resize(430, 300)
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def _pictures(folder: Path, count: int) -> list[GridItem]:
    return [GridItem(draw(folder / f"{i:03d}.png", i)) for i in range(count)]


def _colour(grid: ImageGrid, row: int, column: int) -> QColor:
    view = grid.view
    middle = view.visualRect(view.model().index(row, column)).center()
    return view.viewport().grab().toImage().pixelColor(middle)


def test_thumbnails_appear_and_fill_the_width(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    grid.set_images(_pictures(tmp_path, 3))
    assert grid.view.model().columnCount() == 4
    qtbot.waitUntil(lambda: _colour(grid, 0, 2) == QColor(74, 182, 120), timeout=10_000)
    edges = grid.view.visualRect(grid.view.model().index(0, 3))
    assert 0 <= grid.view.viewport().width() - edges.right() < 5


def test_columns_follow_the_width(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    grid.set_images([GridItem(tmp_path / f"{i}.png") for i in range(10)])
    grid.resize(230, 300)
    qtbot.waitUntil(lambda: grid.view.model().columnCount() == 2)
    assert grid.view.model().rowCount() == 5


def test_a_click_and_enter_open_an_image(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    grid.set_images([GridItem(tmp_path / f"{i}.png") for i in range(9)])
    with qtbot.waitSignal(grid.activated) as clicked:
        centre = grid.view.visualRect(grid.view.model().index(1, 1)).center()
        QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert clicked.args == [5]
    QTest.keyClick(grid.view, Qt.Key.Key_Left)
    QTest.keyClick(grid.view, Qt.Key.Key_Left)
    with qtbot.waitSignal(grid.activated) as entered:
        QTest.keyClick(grid.view, Qt.Key.Key_Return)
    assert entered.args == [3], "Left in the first column goes to the end of the row before"


def test_arrow_keys_stay_within_the_images(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    grid.set_images([GridItem(tmp_path / f"{i}.png") for i in range(6)])
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_PageDown):
        QTest.keyClick(grid.view, key)
    with qtbot.waitSignal(grid.activated) as entered:
        QTest.keyClick(grid.view, Qt.Key.Key_Enter)
    assert entered.args == [5]


def test_a_click_beside_the_images_opens_nothing(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    grid.set_images([GridItem(tmp_path / "0.png")])
    with qtbot.assertNotEmitted(grid.activated):
        beside = grid.view.visualRect(grid.view.model().index(0, 2)).center()
        QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, pos=beside)


def test_an_unreadable_file_gives_its_reason_as_a_tip(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    broken = tmp_path / "a <b>bold name.png"
    broken.write_text("no image")
    grid.set_images([GridItem(broken)])
    index = grid.view.model().index(0, 0)
    tip = Qt.ItemDataRole.ToolTipRole
    qtbot.waitUntil(lambda: "cannot be read" in index.data(tip), timeout=10_000)
    assert "&lt;b&gt;bold" in index.data(tip)


def test_of_a_hundred_thousand_images_only_those_seen_are_read(grid: ImageGrid, qtbot: QtBot, tmp_path: Path) -> None:
    grid.set_images([GridItem(tmp_path / f"{i}.png") for i in range(100_000)])
    bar = grid.view.verticalScrollBar()
    for step in range(50):
        bar.setValue(step * bar.maximum() // 50)
        QApplication.processEvents()
    tip = Qt.ItemDataRole.ToolTipRole
    at_top = grid.view.rowAt(0)
    here = grid.view.model().index(at_top, 0)
    qtbot.waitUntil(lambda: "no longer there" in here.data(tip), timeout=10_000)
    assert "no longer there" not in grid.view.model().index(at_top // 2, 0).data(tip)


def test_no_thread_is_left_when_a_grid_goes(app: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    before = threading.active_count()
    grid = ImageGrid("grid", 60)
    grid.resize(600, 600)
    grid.show()
    grid.set_images(_pictures(tmp_path, 60))
    qtbot.waitUntil(lambda: threading.active_count() > before)
    grid.close()
    grid.deleteLater()
    del grid
    gc.collect()
    qtbot.waitUntil(lambda: threading.active_count() == before, timeout=10_000)


def test_what_is_no_longer_wanted_is_not_read(app: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    read: list[Path] = []
    go = threading.Event()

    def slowly(path: Path) -> Picture:
        go.wait(10)
        read.append(path)
        return read_thumbnail(path, 20)

    holder = PictureView("holder")
    qtbot.addWidget(holder)
    loader = Loader(slowly, holder)
    items = _pictures(tmp_path, 12)
    loader.want(item.path for item in items[:11])
    loader.want([items[11].path])
    with qtbot.waitSignals([loader.loaded] * 3):
        go.set()
    assert items[11].path in read
    assert len(read) == 3, "two were being read already, the others were dropped"


def test_the_cache_forgets_what_was_used_longest_ago(app: QApplication) -> None:
    cache = PixmapCache(limit_bytes=3 * 10 * 10 * 4)
    for name in "abc":
        cache.put(Path(name), QPixmap(10, 10))
    cache.get(Path("a"))
    cache.put(Path("d"), QPixmap(10, 10))
    assert [name for name in "abcd" if Path(name) in cache] == ["a", "c", "d"]


def test_a_large_picture_comes_in_halves_and_its_size_is_told(tmp_path: Path) -> None:
    picture = read_whole(draw(tmp_path / "large.png", size=(2000, 1000)))
    assert [image.width() for image in picture.levels] == [2000, 1000, 500]
    assert (picture.width_px, picture.height_px) == (2000, 1000)
    assert picture.level(400).width() == 500
    assert picture.level(3000).width() == 2000


@pytest.fixture
def viewer(app: QApplication, qtbot: QtBot, tmp_path: Path) -> ImageViewer:
    items = [GridItem(draw(tmp_path / f"{name}.png", 1, (300, 200)), "said bees 83 %") for name in ("one", "two")]
    viewer = ImageViewer([*items, GridItem(tmp_path / "gone.png")], 0)
    qtbot.addWidget(viewer)
    viewer.show()
    qtbot.waitExposed(viewer)
    return viewer


def _text(viewer: ImageViewer, name: str) -> str:
    label = viewer.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text()


def test_the_viewer_tells_the_facts_and_goes_on_with_the_arrows(viewer: ImageViewer, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "300 × 200 px" in _text(viewer, "viewer_facts"), timeout=10_000)
    assert "said bees 83 %" in _text(viewer, "viewer_facts")
    assert "bytes" in _text(viewer, "viewer_facts")
    assert "1 of 3" in _text(viewer, "viewer_facts")
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: _text(viewer, "viewer_name") == "two.png")
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "no longer there" in viewer.picture.message, timeout=10_000)
    assert not _button(viewer, "viewer_on").isEnabled()
    QTest.keyClick(viewer, Qt.Key.Key_Left)
    assert viewer.position == 1


def _button(viewer: ImageViewer, name: str) -> QPushButton:
    button = viewer.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    return button


def test_the_viewer_zooms_by_keys_buttons_and_wheel(viewer: ImageViewer, qtbot: QtBot) -> None:
    picture = viewer.picture
    qtbot.waitUntil(lambda: picture.picture is not None, timeout=10_000)
    QTest.keyClick(viewer, Qt.Key.Key_Plus)
    QTest.mouseClick(_button(viewer, "viewer_larger"), Qt.MouseButton.LeftButton)
    assert picture.zoom == pytest.approx(1.25**2)
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.mouseMove(picture, QPoint(80, 60))
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=QPoint(80, 60))
    QTest.keyClick(viewer, Qt.Key.Key_0)
    assert picture.zoom == 1.0
    assert not _button(viewer, "viewer_smaller").isEnabled()
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert not viewer.isVisible()
