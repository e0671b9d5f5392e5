"""Correcting images on the Data page: by keys, menus and remedies, and back again."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.data.corrections import Correction, latest
from core.data.dataset import PARTS
from core.data.findings.checks import Finding
from core.data.folder.changes import Changes
from core.data.folder.listing import FoundImage, Reading, Scan
from core.data.groups import NOTHING, Grouping
from gui_app.class_dialog import ClassDialog
from gui_app.classlist import ClassLine
from gui_app.grid import ImageViewer
from gui_app.groupings_dialog import GroupingsDialog
from gui_app.image_table import image_table
from gui_app.pages.data import DataPage
from gui_app.split_card import PartLine
from gui_app.split_slider import SplitSlider
from gui_app.state import ProjectInfo
from tests.gui.helpers import click, drop, find, read, write
from tests.gui.insects import CONTROL, Desk

# what the screen that is none says of menus
pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)


def test_a_number_gives_the_class_and_control_z_takes_it_back(desk: Desk) -> None:
    desk.take(0, 2)
    desk.press(Qt.Key.Key_2)
    assert [desk.classes()[f"ants/{n}.png"] for n in range(4)] == ["bees", "ants", "bees", "ants"]
    assert find(desk.page, "class_bees", ClassLine).accessibleName() == "bees, 5 images"
    assert desk.grid.items[0].mark == "bees"
    undo = find_action(desk.page, "data_undo")
    assert undo.text() == "Undo: label 2 images as bees"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert {desk.classes()[f"ants/{n}.png"] for n in range(4)} == {"ants"}
    assert desk.grid.items[0].mark == ""
    desk.press(Qt.Key.Key_Y, CONTROL)
    assert desk.classes()["ants/0.png"] == "bees"
    assert latest(desk.said) == {("ants/0.png", "label"): "bees", ("ants/2.png", "label"): "bees"}


def test_what_held_before_comes_back_step_by_step(desk: Desk) -> None:
    desk.take(0)
    for key in (Qt.Key.Key_2, Qt.Key.Key_1, Qt.Key.Key_2):
        desk.press(key)
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.classes()["ants/0.png"] == "ants"
    desk.press(Qt.Key.Key_Z, CONTROL)
    assert desk.classes()["ants/0.png"] == "bees"


def test_delete_leaves_out_and_takes_back(desk: Desk) -> None:
    desk.take(1)
    desk.press(Qt.Key.Key_Delete)
    assert [item.struck for item in desk.grid.items][:3] == [False, True, False]
    assert find(desk.page, "class_ants", ClassLine).accessibleName() == "ants, 3 images"
    assert find(desk.page, "left_out", ClassLine).isVisible()
    assert find(desk.page, "selected_leave_out", QPushButton).text() == "Take back"
    desk.press(Qt.Key.Key_Delete)
    assert not desk.grid.items[1].struck
    assert latest(desk.said) == {}


def test_labelling_goes_on_from_image_to_image(desk: Desk) -> None:
    desk.click("label_them")
    assert desk.shown() == ["new/0", "new/1", "new/2"]
    assert desk.grid.view.hasFocus()
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_2):
        desk.press(key)
    assert [desk.classes()[f"new/{n}.png"] for n in range(3)] == ["ants", "bees", "bees"]
    words = [label.text() for label in desk.page.findChildren(QLabel) if label.isVisible()]
    assert "Every image has a class" in words


def test_keys_that_come_faster_than_the_answer_mean_the_next_image(desk: Desk) -> None:
    desk.click("label_them")
    desk.page.correct.disconnect(desk.correct)
    desk.page.correct.connect(desk.note)
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_1):
        desk.press(key)
    assert [(said.path, said.value) for said in desk.said] == [
        ("new/0.png", "ants"),
        ("new/1.png", "bees"),
        ("new/2.png", "ants"),
    ]


def test_a_class_that_is_called_as_a_key_has_that_key(desk: Desk) -> None:
    digits = tuple(FoundImage(f"{name}/0.png", name, None, 100) for name in "0234")
    desk.found = Scan(Path("digits"), "classes", tuple("0234"), digits)
    desk.show()
    desk.take(0)
    desk.press(Qt.Key.Key_3)
    assert desk.classes()["0/0.png"] == "3"
    desk.press(Qt.Key.Key_1)
    assert desk.classes()["0/0.png"] == "3", "there is no class 1"


def test_the_menus_label_move_and_group(desk: Desk) -> None:
    desk.take(0, 1)
    desk.click("selected_label")
    desk.trigger("label_menu", "label_none")
    desk.click("selected_part")
    desk.trigger("part_menu", "part_test")
    desk.click("selected_group")
    dialog = find(desk.page, "ask_group", QInputDialog)
    dialog.setTextValue(" nest 7 ")
    dialog.accept()
    present = latest(desk.said)
    assert {present["ants/0.png", field] for field in ("label", "part", "group")} == {"", "test", "nest 7"}
    assert desk.classes()["ants/1.png"] == ""
    desk.click("selected_label")
    desk.trigger("label_menu", "label_other")
    other = find(desk.page, "ask_class", ClassDialog)
    use = find(other, "class_use", QPushButton)
    assert not use.isEnabled()
    write(desk.qtbot, other, "class_typed", "Ants")
    assert "“ants” is there already" in read(other, "class_hint")
    write(desk.qtbot, other, "class_typed", " wasps ")
    assert read(other, "class_hint") == "This will be a new class."
    use.click()
    assert desk.classes()["ants/1.png"] == "wasps"
    assert find(desk.page, "class_wasps", ClassLine).accessibleName() == "wasps, 2 images"


def test_filters_hold_together_and_can_be_taken_away(desk: Desk) -> None:
    desk.click("part_test")
    assert desk.shown() == ["ants/2", "bees/1"]
    desk.click("class_bees")
    assert desk.shown() == ["bees/1"]
    desk.click("filter_part")
    assert desk.shown() == ["bees/0", "bees/1", "bees/2"]
    desk.click("chip_all")
    assert len(desk.shown()) == 10


def test_a_finding_filters_and_its_remedy_is_one_step(desk: Desk) -> None:
    remedy = (Correction("ants/3.png", "left_out", "yes"), Correction("bees/2.png", "left_out", "yes"))
    copies = Finding(
        "copies", "warn", 2, "copies", "Why.", ("ants/3.png", "bees/2.png"), "Leave out the copies", remedy
    )
    desk.show(findings=(copies,))
    desk.click("finding_copies")
    assert desk.shown() == ["ants/3", "bees/2"]
    desk.click("remedy_copies")
    assert all(item.struck for item in desk.grid.items)
    assert find_action(desk.page, "data_undo").text() == "Undo: leave out the copies"
    desk.click("undo")
    assert latest(desk.said) == {}
    assert not find(desk.page, "undo", QPushButton).isVisible()


def test_long_advice_is_cut_at_a_word_and_shown_whole_in_its_place(desk: Desk) -> None:
    advice = "Look at them. " * 25 + f"The last one is “{'a' * 30}{'z' * 30}.png”."
    desk.show(findings=(Finding("odd", "warn", 1, f"“{'b' * 50}y” is odd", advice, ("ants/3.png",)),))
    assert read(desk.page, "advice_odd").endswith((" at…", " Look…", " them…"))
    line = find(desk.page, "finding_odd", QWidget)
    assert f"“{'b' * 15}…{'b' * 14}y” is odd" in [label.text() for label in line.findChildren(QLabel)]
    more = find(desk.page, "more_odd", QPushButton)
    assert more.focusPolicy() == Qt.FocusPolicy.TabFocus
    more.click()
    assert read(desk.page, "advice_odd").endswith(f"“{'a' * 15}…{'z' * 11}.png”.")
    desk.show(findings=desk.state.findings, data_problem="x")
    assert read(desk.page, "advice_odd").endswith(".png”."), "what was opened stays open"


def test_another_project_has_nothing_to_take_back(desk: Desk) -> None:
    desk.take(0)
    desk.press(Qt.Key.Key_2)
    desk.show(project=ProjectInfo("other", Path("other.graft"), Path("other")))
    assert not find_action(desk.page, "data_undo").isEnabled()


def test_the_viewer_tells_and_corrects(desk: Desk) -> None:
    desk.grid.activated.emit(0)
    viewer = find(desk.page, "image_viewer", ImageViewer)
    assert ("Class", "ants") in viewer.table.rows and ("Part", "Train") in viewer.table.rows
    QTest.keyClick(viewer, Qt.Key.Key_2)
    assert ("Class", "bees (corrected)") in viewer.table.rows
    QTest.keyClick(viewer, Qt.Key.Key_Delete)
    assert ("Left out", "yes") in viewer.table.rows
    assert "1 = ants · 2 = bees" in read(viewer, "viewer_hint")
    viewer.close()


def test_the_split_is_drawn_anew_only_after_a_question(desk: Desk, qtbot: QtBot) -> None:
    slider = find(desk.page, "split_slider", SplitSlider)
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.assertNotEmitted(desk.page.change_split):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
        assert read(desk.page, "split_question_text") == "The split will be drawn anew.", "there are no runs"
        assert read(desk.page, "split_note") == ""
        QTest.keyClick(slider, Qt.Key.Key_Return)
    asked = slider.shares
    assert find(desk.page, "part_train", PartLine).accessibleName() == f"Train, {asked[0]} %"
    with qtbot.waitSignal(desk.page.change_split) as wished:
        QTest.keyClick(find(desk.page, "split_draw", QPushButton), Qt.Key.Key_Return)
    assert wished.args == [asked]
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    QTest.keyClick(slider, Qt.Key.Key_Escape)
    assert find(desk.page, "part_train", PartLine).accessibleName() == "Train, 3"
    assert read(desk.page, "split_question_text") == ""
    assert read(desk.page, "split_note") == "Drawn once, then kept."
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    QTest.keyClick(slider, Qt.Key.Key_Return)
    desk.click("split_keep")
    assert find(desk.page, "part_train", PartLine).accessibleName() == "Train, 3"


def test_parts_of_the_folder_are_not_drawn_anew(desk: Desk) -> None:
    desk.found = replace(desk.found, images=tuple(replace(image, part="train") for image in desk.found.images))
    desk.show()
    assert read(desk.page, "split_note").startswith("Training as your folders have it;")
    assert find(desk.page, "split_slider", SplitSlider).focusPolicy() == Qt.FocusPolicy.NoFocus


def test_it_is_said_which_part_graft_drew_itself(desk: Desk) -> None:
    train, val, test = PARTS
    images = zip(desk.found.images, (*[train] * 4, *[val] * 3, *[train] * 3), strict=True)
    desk.found = replace(desk.found, images=tuple(replace(image, part=part) for image, part in images))
    dealt = desk.dealt(*[train] * 2, *[test] * 2, *[val] * 3)
    desk.state = replace(desk.state, scan=desk.found, dataset=dealt, table=image_table(desk.found, dealt))
    desk.page.show_state(desk.state)
    said = "Training and validation as your folders have them; the 2 test images were drawn from training."
    assert read(desk.page, "split_note") == said


def test_another_reading_of_the_folder_is_offered(desk: Desk, qtbot: QtBot) -> None:
    readings = (Reading("classes", "Each folder is a class"), Reading("table", "As “labels.csv” says"))
    desk.found = replace(desk.found, readings=readings, recognised="Each folder is a class.")
    desk.show()
    assert read(desk.page, "recognised") == "Each folder is a class."
    desk.click("readings_change")
    with qtbot.waitSignal(desk.page.choose_reading) as wished:
        desk.trigger("readings_menu", "reading_table")
    assert wished.args == ["table"]


def test_what_changed_is_said_and_shown_until_it_is_dismissed(desk: Desk, qtbot: QtBot) -> None:
    desk.show(changes=Changes(added=("ants/1.png", "bees/0.png"), removed=("ants/9.png",)))
    assert read(desk.page, "changes") == "2 added, 1 removed since the last look"
    desk.click("changes_added")
    assert desk.shown() == ["ants/1", "bees/0"]
    with qtbot.waitSignal(desk.page.dismiss_changes):
        desk.click("changes_dismiss")
    desk.show(changes=None)
    assert len(desk.shown()) == 10
    assert read(desk.page, "changes") == ""


def test_what_is_dropped_is_asked_about(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    folder, file = tmp_path / "more & more", tmp_path / "one.png"
    folder.mkdir()
    file.touch()
    drop(desk.page, folder)
    with qtbot.waitSignal(desk.page.change_folder) as opened:
        desk.trigger("dropped_menu", "dropped_open")
    assert opened.args == [folder]
    drop(desk.page, file)
    with qtbot.waitSignal(desk.page.add_images) as added:
        desk.trigger("dropped_menu", "dropped_add")
    assert added.args == [(file,)]


def test_what_is_no_image_or_not_there_is_refused_by_name(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    text, image, gone = tmp_path / "a.txt", tmp_path / "B.PNG", tmp_path / "gone.png"
    text.touch()
    image.touch()
    for dropped, words in ((text, "“a.txt” is no image that Graft reads."), (gone, "“gone.png” is not there.")):
        with qtbot.waitSignal(desk.page.refused) as refused:
            drop(desk.page, dropped)
        assert refused.args == [words]
    drop(desk.page, text, image, gone)
    with qtbot.waitSignal(desk.page.add_images) as added, qtbot.waitSignal(desk.page.refused) as refused:
        desk.trigger("dropped_menu", "dropped_add")
    assert added.args == [(image,)]
    assert "“gone.png” is not there. “a.txt” is no image that Graft reads." in refused.args[0]


def test_every_filter_has_a_chip_where_there_is_little_room(desk: Desk) -> None:
    long = "species " * 8
    desk.found = replace(desk.found, images=(*desk.found.images, FoundImage(f"{long}/0.png", long, None, 100)))
    desk.found = replace(desk.found, classes=("ants", "bees", long))
    desk.page.resize(760, 600)
    desk.show()
    desk.click(f"class_{long}")
    desk.click("part_train")
    for name in (f"chip_{long}", "filter_part"):
        chip = find(desk.page, name, QPushButton)
        row = chip.parentWidget()
        assert row is not None and chip.isVisible() and chip.geometry().right() <= row.width()
    assert find(desk.page, f"chip_{long}", QPushButton).text() != long


def test_what_stays_together_is_said_with_examples_and_can_be_changed(desk: Desk, qtbot: QtBot) -> None:
    pairs = (("ants/0.png", "ants/1.png"), ("bees/0.png", "bees/1.png"))
    by_name = Grouping("name", "the name before “_”", 2, pairs, {path: pair[0] for pair in pairs for path in pair})
    desk.show(groupings=(by_name, NOTHING), grouping="name")
    assert "grouped by the name before “_”" in read(desk.page, "grouping")
    assert "guess" in read(desk.page, "grouping")
    desk.click("grouping_change")
    dialog = find(desk.page, "groupings", GroupingsDialog)
    assert find(dialog, "grouping_name", QRadioButton).isChecked()
    assert {"0.png, 1.png", "bees/0.png"} <= {label.text() for label in dialog.findChildren(QLabel)}, "files, group"
    find(dialog, "grouping_none", QRadioButton).click()
    with qtbot.waitSignal(desk.page.choose_grouping) as wished:
        click(qtbot, dialog, "groupings_use")
    assert wished.args == ["none"]
    desk.show(grouping="none", grouping_confirmed=True)
    assert read(desk.page, "grouping").startswith("Each image stands for itself")


def test_many_classes_are_searched_and_the_chosen_one_has_a_chip(desk: Desk) -> None:
    names = tuple(f"{'kind ' * 10}{number:03d}" for number in range(200))
    images = tuple(FoundImage(f"{name}/0.png", name, None, 100) for name in names)
    desk.found = Scan(Path("insects"), "classes", names, images)
    desk.show()
    search = find(desk.page, "class_search", QLineEdit)
    assert search.isVisible()
    QTest.keyClicks(search, "x")
    assert read(desk.page, "class_search_nothing") == "No class is called so."
    search.clear()
    assert read(desk.page, "class_search_nothing") == ""
    QTest.keyClicks(search, "150")
    lines = [line for line in desk.page.findChildren(ClassLine) if line.isVisible()]
    assert [line.objectName() for line in lines] == [f"class_{names[150]}"]
    desk.click(f"class_{names[150]}")
    assert desk.shown() == [f"{names[150]}/0"]
    chip = find(desk.page, "filter_class", QAbstractButton)
    assert chip.isVisible() and chip.text().endswith(" ×")
    chip.click()
    assert len(desk.shown()) == 200


def find_action(page: DataPage, name: str) -> QAction:
    return next(action for action in page.actions() if action.objectName() == name)
