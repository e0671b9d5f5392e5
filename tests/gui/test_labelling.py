"""Labelling by keys on the Data page: one image after the other, and a step back in between."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from core.data.corrections import Correction
from gui_app.grid import ImageViewer
from tests.gui.helpers import find
from tests.gui.insects import CONTROL, Desk

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)


def test_a_new_class_moves_no_key_and_gets_the_next_one(desk: Desk) -> None:
    desk.take(0, 1)
    desk.give("Aphids")
    assert desk.state.scan is not None and desk.state.scan.classes == ("Aphids", "ants", "bees")
    desk.take(0)
    for key, name in ((Qt.Key.Key_1, "ants"), (Qt.Key.Key_2, "bees"), (Qt.Key.Key_3, "Aphids")):
        desk.press(key)
        assert desk.classes()["ants/0.png"] == name
    desk.take(0, 1)
    desk.give("Beetles")
    desk.press(Qt.Key.Key_3)
    assert desk.classes()["ants/0.png"] == "Beetles", "the key of a class that is gone for now is kept for it"
    desk.press(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_Z, CONTROL)
    desk.take(0)
    desk.press(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_4)
    assert desk.classes()["ants/0.png"] == "Beetles"


def test_a_step_back_and_forth_selects_the_images_it_concerns(desk: Desk) -> None:
    desk.click("label_them")
    desk.press(Qt.Key.Key_1)
    assert desk.selected() == ["new/1"]
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.selected() == ["new/0"]
    desk.press(Qt.Key.Key_2)
    assert {name: said for name, said in desk.classes().items() if name.startswith("new") and said} == {
        "new/0.png": "bees"
    }
    desk.press(Qt.Key.Key_Z, CONTROL)
    desk.press(Qt.Key.Key_Y, CONTROL)
    assert desk.selected() == ["new/0"], "it has left what is unlabelled: all are shown"


def test_a_step_back_selects_when_its_answer_comes_late(desk: Desk) -> None:
    desk.click("label_them")
    desk.press(Qt.Key.Key_2)
    desk.page.correct.disconnect(desk.correct)
    desk.page.correct.connect(desk.note)
    desk.press(Qt.Key.Key_Z, CONTROL)
    desk.show()
    assert desk.selected() == ["new/0"]


def test_the_keyboard_stays_with_the_images_when_none_is_left_to_label(desk: Desk) -> None:
    desk.click("label_them")
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_2):
        desk.press(key)
    empty = find(desk.page, "data_empty", QWidget)
    assert empty.hasFocus() and not desk.grid.isVisible()
    QTest.keyClick(empty, Qt.Key.Key_Z, CONTROL)
    assert desk.grid.view.hasFocus()
    assert desk.selected() == ["new/2"]
    desk.press(Qt.Key.Key_1)
    assert desk.classes()["new/2.png"] == "ants"


def test_a_key_for_a_label_that_is_on_its_way_is_no_further_step(desk: Desk) -> None:
    desk.page.correct.disconnect(desk.correct)
    desk.page.correct.connect(desk.note)
    desk.take(0)
    for key in (Qt.Key.Key_2, Qt.Key.Key_2, Qt.Key.Key_1):
        desk.press(key)
    assert [said.value for said in desk.said] == ["bees", "ants"]


def test_steps_back_and_forth_in_the_viewer_show_their_image(desk: Desk) -> None:
    desk.grid.activated.emit(0)
    viewer = find(desk.page, "image_viewer", ImageViewer)
    QTest.keyClick(viewer, Qt.Key.Key_2)
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    QTest.keyClick(viewer, Qt.Key.Key_Z, CONTROL)
    assert desk.classes()["ants/0.png"] == "ants" and viewer.position == 0
    QTest.keyClick(viewer, Qt.Key.Key_Y, CONTROL)
    assert desk.classes()["ants/0.png"] == "bees"
    for _ in range(3):
        QTest.keyClick(viewer, Qt.Key.Key_Right)
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert desk.selected() == ["ants/3"], "the image that was looked at last"


def test_what_was_moved_or_grouped_has_a_mark(desk: Desk) -> None:
    desk.said = [
        Correction("ants/0.png", "part", "test"),
        Correction("ants/1.png", "group", "nest 7"),
        Correction("ants/1.png", "part", "val"),
        Correction("ants/2.png", "label", ""),
    ]
    desk.show()
    marks = {item.path.stem: item.mark for item in desk.grid.items if item.path.parent.name == "ants"}
    assert marks == {"0": "Test", "1": "Validation · nest 7", "2": "", "3": ""}
