"""The Data page with a hand-made folder, and hands that correct there."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from core.base.folders import Folders
from core.data.corrections import Correction, corrected, latest
from core.data.dataset import PARTS, Dataset, LabelledImage, Part
from core.data.folder.listing import FoundImage, Scan
from gui_app.class_dialog import ClassDialog
from gui_app.grid import ImageGrid
from gui_app.image_table import image_table
from gui_app.pages.data import DataPage
from gui_app.state import ProjectInfo, State
from tests.gui.helpers import click, find, write

if TYPE_CHECKING:
    from gui_app.correcting import Said

CONTROL = Qt.KeyboardModifier.ControlModifier


class Desk:
    """The page with a hand-made folder: four ants, three bees, three that have no class; corrections hold at once."""

    def __init__(self, page: DataPage, folders: Folders, qtbot: QtBot) -> None:
        self.page, self.qtbot = page, qtbot
        names = [*[f"ants/{n}.png" for n in range(4)], *[f"bees/{n}.png" for n in range(3)]]
        images = [FoundImage(name, name.split("/")[0], None, 100) for name in names]
        images += [FoundImage(f"new/{n}.png", "", None, 100) for n in range(3)]
        self.found = Scan(Path("insects"), "classes", ("ants", "bees"), tuple(images))
        self.said: list[Correction] = []
        self.state = State(folders, project=ProjectInfo("insects", Path("insects.graft"), Path("insects")))
        page.correct.connect(self.correct)
        self.show()

    def correct(self, said: "Said") -> None:
        self.note(said)
        self.show()

    def note(self, said: "Said") -> None:
        """Take corrections, and leave it at that for now."""
        self.said += [Correction(*key, value) for key, value in said.items()]

    def show(self, **changes: object) -> None:
        present = latest(self.said)
        scan = corrected(self.found, present)
        dataset = self.dealt(*[PARTS[place % 3] for place in range(len(scan.usable))])
        self.state = replace(self.state, scan=scan, dataset=dataset, corrections=present, **changes)  # type: ignore[arg-type]
        self.state = replace(self.state, table=image_table(scan, dataset, self.state.findings, present))
        self.page.show_state(self.state)

    def dealt(self, *parts: Part) -> Dataset:
        """Return the dataset with the images in these parts."""
        scan = corrected(self.found, latest(self.said))
        labels = {name: label for label, name in enumerate(scan.classes)}
        dealt = zip(scan.usable, parts, strict=True)
        images = tuple(LabelledImage(image.path, labels[image.class_name], part, "") for image, part in dealt)
        return Dataset(scan.root, scan.classes, images)

    @property
    def grid(self) -> ImageGrid:
        return find(self.page, "data_grid", ImageGrid)

    def take(self, *positions: int) -> None:
        """Select images with the mouse."""
        for position in positions:
            centre = self.grid.view.visualRect(self.grid.view.grid.at(position)).center()
            keys = CONTROL if position != positions[0] else Qt.KeyboardModifier.NoModifier
            QTest.mouseClick(self.grid.view.viewport(), Qt.MouseButton.LeftButton, keys, centre)

    def press(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.grid.view, key, keys)

    def click(self, name: str) -> None:
        click(self.qtbot, self.page, name)

    def trigger(self, menu: str, action: str) -> None:
        """Choose an entry of the menu that is open, and close it."""
        opened = next(each for each in self.page.findChildren(QMenu, menu) if each.isVisible())
        opened.findChild(QAction, action).trigger()  # type: ignore[union-attr]
        opened.close()

    def shown(self) -> list[str]:
        return [f"{item.path.parent.name}/{item.path.stem}" for item in self.grid.items]

    def selected(self) -> list[str]:
        """Return the selected images, the current one among them."""
        names = self.shown()
        assert self.grid.current in self.grid.selection
        return [names[position] for position in self.grid.selection]

    def classes(self) -> dict[str, str]:
        assert self.state.scan is not None
        return {image.path: image.class_name for image in self.state.scan.images}

    def give(self, name: str) -> None:
        """Label the selected images with a class that is typed."""
        self.click("selected_label")
        self.trigger("label_menu", "label_other")
        other = next(each for each in self.page.findChildren(ClassDialog, "ask_class") if each.isVisible())
        write(self.qtbot, other, "class_typed", name)
        find(other, "class_use", QPushButton).click()
