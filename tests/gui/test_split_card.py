"""The split: its shares are moved by mouse and keys, asked about, and wished for."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app.split_slider import SplitSlider, percents


@pytest.fixture
def slider(app: QApplication, qtbot: QtBot) -> SplitSlider:
    slider = SplitSlider("slider")
    qtbot.addWidget(slider)
    slider.resize(200, slider.sizeHint().height())
    slider.show_numbers((70, 15, 15), handles=True)
    slider.show()
    qtbot.waitExposed(slider)
    return slider


def drag(slider: SplitSlider, begin: int, end: int) -> None:
    y = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(begin, y))
    QTest.mouseMove(slider, QPoint(end, y))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(end, y))


@pytest.mark.parametrize(
    ("numbers", "shares"), [((277, 60, 60), (70, 15, 15)), ((1, 1, 1), (33, 34, 33)), ((0, 0, 0), (0, 0, 0))]
)
def test_numbers_become_percents_that_add_up(numbers: tuple[int, int, int], shares: tuple[int, int, int]) -> None:
    assert percents(numbers) == shares


def test_a_handle_is_dragged(slider: SplitSlider, qtbot: QtBot) -> None:
    with qtbot.waitSignal(slider.released) as released:
        drag(slider, 140, 120)
    assert released.args == [(60, 25, 15)]
    assert slider.accessibleName() == "Split: 60 % train, 25 % validation, 15 % test"


def test_no_part_can_be_made_to_vanish(slider: SplitSlider) -> None:
    drag(slider, 140, 199)
    assert slider.shares == (80, 5, 15)
    drag(slider, 170, 400)
    assert slider.shares == (80, 15, 5)


def test_arrows_move_tab_changes_the_handle_and_enter_lets_go(slider: SplitSlider, qtbot: QtBot) -> None:
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(slider, Qt.Key.Key_PageDown)
    QTest.keyClick(slider, Qt.Key.Key_Tab)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    with qtbot.waitSignal(slider.released) as released:
        QTest.keyClick(slider, Qt.Key.Key_Return)
    assert released.args == [(65, 21, 14)]
    QTest.keyClick(slider, Qt.Key.Key_Escape)
    assert slider.shares == (70, 15, 15)


def test_a_click_on_a_part_moves_nothing(slider: SplitSlider, qtbot: QtBot) -> None:
    with qtbot.waitSignal(slider.clicked) as clicked, qtbot.assertNotEmitted(slider.released):
        QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(190, slider.height() // 2))
    assert clicked.args == ["test"]
    assert slider.shares == (70, 15, 15)


def test_parts_that_the_folders_bring_have_no_handles(slider: SplitSlider, qtbot: QtBot) -> None:
    slider.show_numbers((70, 15, 15), handles=False)
    with qtbot.assertNotEmitted(slider.moved):
        drag(slider, 140, 100)
    assert slider.focusPolicy() == Qt.FocusPolicy.NoFocus
