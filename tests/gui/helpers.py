"""Hands and eyes of a person: find, click, type, read. And small real images."""

from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

WAIT_MS = 30_000
POLL_MS = 20
SIZE_PX = 24

Found = TypeVar("Found", bound=QWidget)


def find(root: QWidget, name: str, kind: type[Found]) -> Found:
    """Return the one widget of that name."""
    found: list[Found] = root.findChildren(kind, name)
    assert len(found) == 1, f"{len(found)} widgets are called {name}"
    return found[0]


def click(qtbot: QtBot, root: QWidget, name: str) -> None:
    """Click a button that can be seen and used."""
    button = find(root, name, QAbstractButton)
    qtbot.waitUntil(button.isVisible, timeout=WAIT_MS)
    assert button.isEnabled(), f"{name} cannot be clicked: {button.toolTip()}"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]


def write(qtbot: QtBot, root: QWidget, name: str, text: str) -> None:
    """Type into a line."""
    line = find(root, name, QLineEdit)
    line.clear()
    qtbot.keyClicks(line, text)  # type: ignore[no-untyped-call]


def read(root: QWidget, name: str) -> str:
    """Return what a label says; nothing if it cannot be seen."""
    label = find(root, name, QLabel)
    return label.text() if label.isVisible() else ""


def drop(target: QWidget, *files: Path) -> None:
    """Carry files over a widget and let them go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    place, action, button = QPoint(100, 100), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    carried = QDragEnterEvent(place, action, data, button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, carried)
    assert carried.isAccepted()
    let_go = QDropEvent(QPointF(place), action, data, button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, let_go)


def save_as(root: QWidget, file: Path, *, replace: bool = True) -> str:
    """Save as CSV under a name, and answer the question whether to replace a file; return the question."""
    asked: list[str] = []

    def answer() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            asked.append(box.text())
            box.button(QMessageBox.StandardButton.Yes if replace else QMessageBox.StandardButton.No).click()

    find(root, "use_csv", QAbstractButton).click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    find(dialog, "fileNameEdit", QLineEdit).setText(str(file))
    timer = QTimer(dialog, interval=POLL_MS)
    timer.timeout.connect(answer)
    timer.start()
    save = dialog.findChildren(QDialogButtonBox)[0].button(QDialogButtonBox.StandardButton.Save)
    save.click()
    timer.stop()
    dialog.reject()  # a refusal leads back to it
    return "".join(asked)


def draw(path: Path, kind: int, seed: int) -> None:
    """Write an image of horizontal (kind 0) or vertical (kind 1) stripes, or (2) of a slope, with noise."""
    random = np.random.default_rng(1000 * kind + seed)
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX]
    shape = (np.sin(y + seed), np.sin(x + seed), (x + y) / SIZE_PX - 1)[kind % 3]
    grey = np.clip(128 + 60 * shape + random.normal(0, 20, shape.shape), 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).convert("RGB").save(path)


def draw_classes(root: Path, sizes: dict[str, int]) -> Path:
    """Draw a folder with one folder for each class and so many images in it."""
    for kind, (name, number) in enumerate(sizes.items()):
        for seed in range(number):
            draw(root / name / f"{seed:02d}.png", kind, seed)
    return root
