"""Selecting images as in a file manager, by mouse and by keys, and keeping the place while images come and go."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app import theme
from gui_app.grid import ImageGrid
from gui_app.thumbs import FileItems

NAMES = tuple(f"{number:03d}.png" for number in range(60))
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def grid(app: QApplication, qtbot: QtBot, tmp_path: Path) -> ImageGrid:
    grid = ImageGrid("grid", 100, selecting=True)
    qtbot.addWidget(grid)
    grid.resize(430, 300)
    grid.show()
    qtbot.waitExposed(grid)
    grid.set_images(FileItems(tmp_path, NAMES))
    return grid


def click(grid: ImageGrid, position: int, keys: Qt.KeyboardModifier = NONE) -> None:
    centre = grid.view.visualRect(grid.view.grid.at(position)).center()
    QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, keys, centre)


def press(grid: ImageGrid, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(grid.view, key, keys)


def names(grid: ImageGrid) -> list[str]:
    return [grid.items[position].path.stem for position in grid.selection]


def test_a_click_selects_and_opens_nothing(grid: ImageGrid, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(grid.activated):
        click(grid, 1)
        click(grid, 2)
    assert grid.selection == [2]


def test_control_adds_and_shift_extends_in_the_order_of_the_images(grid: ImageGrid) -> None:
    click(grid, 1)
    click(grid, 6, SHIFT)
    assert grid.selection == [1, 2, 3, 4, 5, 6], "a range goes on from row to row, it is no rectangle"
    click(grid, 3, CONTROL)
    click(grid, 8, CONTROL)
    assert grid.selection == [1, 2, 4, 5, 6, 8]


def test_arrows_select_shift_extends_space_toggles_and_escape_clears(grid: ImageGrid) -> None:
    click(grid, 0)
    press(grid, Qt.Key.Key_Right)
    press(grid, Qt.Key.Key_Down, SHIFT)
    assert grid.selection == [1, 2, 3, 4, 5]
    press(grid, Qt.Key.Key_Space)
    assert grid.selection == [1, 2, 3, 4]
    press(grid, Qt.Key.Key_A, CONTROL)
    assert len(grid.selection) == len(NAMES)
    press(grid, Qt.Key.Key_Escape)
    assert grid.selection == []


def test_enter_and_a_double_click_open(grid: ImageGrid, qtbot: QtBot) -> None:
    click(grid, 4)
    with qtbot.waitSignal(grid.activated) as entered:
        press(grid, Qt.Key.Key_Return)
    assert entered.args == [4]
    centre = grid.view.visualRect(grid.view.grid.at(2)).center()
    click(grid, 2)
    with qtbot.waitSignal(grid.activated) as clicked:
        QTest.mouseDClick(grid.view.viewport(), Qt.MouseButton.LeftButton, NONE, centre)
    assert clicked.args == [2]


def test_numbers_and_delete_are_passed_on(grid: ImageGrid, qtbot: QtBot) -> None:
    pressed: list[int] = []
    grid.keyed.connect(pressed.append)
    for key in (Qt.Key.Key_1, Qt.Key.Key_9, Qt.Key.Key_0, Qt.Key.Key_Delete):
        press(grid, key)
    assert pressed == [Qt.Key.Key_1, Qt.Key.Key_9, Qt.Key.Key_Delete]


def test_place_and_selection_stay_while_images_go(grid: ImageGrid, tmp_path: Path) -> None:
    grid.view.verticalScrollBar().setValue(700)
    click(grid, 41)
    click(grid, 43, SHIFT)
    grid.set_images(FileItems(tmp_path, tuple(name for name in NAMES if name != "042.png")), keep=True)
    assert names(grid) == ["041", "043"]
    assert grid.view.verticalScrollBar().value() == 700


def test_the_next_image_takes_the_turn_of_one_that_went(grid: ImageGrid, tmp_path: Path) -> None:
    click(grid, 5)
    grid.set_images(FileItems(tmp_path, NAMES[:5] + NAMES[6:]), keep=True)
    assert names(grid) == ["006"]
    grid.set_images(FileItems(tmp_path, NAMES[:3]), keep=True)
    assert names(grid) == ["002"], "there is none after it"


def test_other_images_begin_at_the_top_with_nothing_selected(grid: ImageGrid, tmp_path: Path) -> None:
    grid.view.verticalScrollBar().setValue(700)
    click(grid, 41)
    grid.set_images(FileItems(tmp_path, NAMES[20:]))
    assert (grid.selection, grid.view.verticalScrollBar().value()) == ([], 0)


def test_columns_that_change_keep_what_is_selected(grid: ImageGrid, qtbot: QtBot) -> None:
    click(grid, 5)
    grid.resize(230, 300)
    qtbot.waitUntil(lambda: grid.view.grid.columns == 2)
    assert (grid.selection, grid.current) == ([5], 5)


def test_selected_and_corrected_images_look_different(grid: ImageGrid, tmp_path: Path) -> None:
    plain = shown(grid)
    grid.set_images(FileItems(tmp_path, NAMES, marks={NAMES[0]: "bees"}, struck=frozenset({NAMES[1]})))
    assert QColor(theme.palette().accent_soft).name() in colours(grid, 0)
    assert QColor(theme.palette().muted).name() in colours(grid, 1)
    assert shown(grid) != plain
    click(grid, 2)
    assert QColor(theme.palette().accent).name() in colours(grid, 2)
    said = [grid.view.grid.at(place).data(Qt.ItemDataRole.AccessibleTextRole) for place in range(3)]
    assert said == ["000.png bees", "001.png left out", "002.png selected"]


def shown(grid: ImageGrid) -> object:
    return grid.view.viewport().grab().toImage()


def colours(grid: ImageGrid, position: int) -> set[str]:
    place = grid.view.visualRect(grid.view.grid.at(position))
    picture = grid.view.viewport().grab(place).toImage()
    return {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
