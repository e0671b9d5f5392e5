"""A folder of 100,000 small images in the real window: `python -m tests.benchmarks.large_folder [N]`.

First the folder is opened, looked at while it is read, and left. Then what reading would find is put into the project,
which is opened again, looked at and corrected. Printed are, for each thing that a person does, by how much the event
loop was late (what else runs on the computer counts too) and how long the main thread itself computed at one go; and
the seconds until the images are listed, the memory over that at the start, the seconds until a reading had ended.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
from PIL import Image

from tests.benchmarks.event_loop import Lateness, wait

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication, QTableView

    from gui_app.session import Session
    from gui_app.window import MainWindow

CLASSES = 20
SIDE_PX = 32
REST_S = 0.3


def main(arguments: list[str]) -> None:
    """Make the folder, open it, do with it what a person does, and print the figures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    n_images = int(arguments[0]) if arguments else 100_000
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRAFT_HOME": f"{home}/graft", "HOME": home}
        folder = draw_many(Path(home) / "many", n_images)
        measure(folder)


def draw_many(folder: Path, n_images: int) -> Path:
    """Write that many different pictures: a coarse pattern each, so that no two look alike."""
    draw = np.random.default_rng(0)
    for index in range(n_images):
        place = folder / f"class {index % CLASSES:02d}"
        if index < CLASSES:
            place.mkdir(parents=True)
        coarse = Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8))
        coarse.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC).save(place / f"{index:06d}.jpg")
    return folder


def measure(folder: Path) -> None:
    """Open the folder in a window and print what was measured."""
    from PySide6.QtWidgets import QApplication

    from core.base.folders import Folders
    from core.base.process import prepare_process
    from gui_app import interpreter, job, theme
    from gui_app.session import Session
    from gui_app.window import MainWindow

    prepare_process()
    interpreter.favour_the_window()
    app = QApplication([])
    session = Session(Folders.of_user())
    theme.apply(app, "light")
    window = MainWindow(session)
    window.show()
    session.warm_up()
    wait(app, lambda: session.state.device is not None and job.running() == 0)
    person = Person(app, session, window)
    at_start, begun = _memory_mb(), time.perf_counter()
    person.does("opening", lambda: session.new_project(folder), lambda: session.state.scan is not None)
    print(f"{'listed after':<22}{time.perf_counter() - begun - REST_S:7.2f} s")
    person.looks()
    print(f"{'memory over the start':<22}{_memory_mb() - at_start:7.0f} MB")
    person.leaves()
    assert session.state.recent
    project = session.state.recent[1]
    _pretend_it_was_read(project)
    person.does("opening again", lambda: session.open_project(project), person.settled)
    person.looks()
    person.corrects()
    print(f"{'memory over the start':<22}{_memory_mb() - at_start:7.0f} MB")
    person.leaves()
    session.close(60_000)


def _pretend_it_was_read(project: Path) -> None:
    """Put into a project what reading its images would find: no two of them are alike, nothing is wrong with them."""
    from core.data.facts import Facts
    from core.data.folder.listing import list_folder
    from core.data.store.project import Project
    from core.data.survey import survey

    opened = Project.open(project)
    listed = list_folder(opened.images_root)
    assert listed is not None
    facts = Facts("JPEG", "RGB", sharpness=0.5)
    alike = partial(replace, width_px=SIDE_PX, height_px=SIDE_PX, facts=facts)
    read = [alike(image, sha256=f"{row:064x}") for row, image in enumerate(listed.images)]
    found = replace(listed, images=tuple(read))
    opened.save(found, survey(found, ()).drawn)
    opened.close()


class Person:
    """Uses the window, and prints by how much the event loop was late at each step."""

    def __init__(self, app: "QApplication", session: "Session", window: "MainWindow") -> None:
        self._app, self._session, self._window = app, session, window

    def does(self, words: str, act: Callable[[], object], done: Callable[[], bool] = lambda: True) -> None:
        """Do something, wait until it came about and a little longer, and print how late the loop was."""
        late = Lateness()
        wait(self._app, lambda: bool(late.late_ms))
        act()
        wait(self._app, done)
        until = time.monotonic() + REST_S
        wait(self._app, lambda: time.monotonic() > until)
        median, _, most = late.result()
        own = max(late.own_ms)
        print(f"{words:<22}late by  median {median:5.1f} ms, most {most:6.1f} ms; own {own:6.1f} ms", flush=True)

    def looks(self) -> None:
        """Scroll, filter, select and go from page to page."""
        from PySide6.QtCore import Qt

        self._scrolls()
        self.does("one class", lambda: self._click("class_class 01"))
        self.does("all classes", lambda: self._click("class_class 01"))
        if self._session.state.dataset is not None:
            self.does("training part", lambda: self._click("part_train"))
            self.does("all parts", lambda: self._click("part_train"))
        self.does("select all", self._select_all)
        self.does("select nothing", lambda: self._press(Qt.Key.Key_Escape))
        self.does("page Model", lambda: self._session.go("model"))
        self.does("page Data", lambda: self._session.go("data"))

    def corrects(self) -> None:
        """Label, leave out, move and group a class and then all, and take it back."""
        self.does("one class", lambda: self._click("class_class 01"))
        self._corrects_selected("5,000")
        self.does("all classes", lambda: self._click("class_class 01"))
        self._corrects_selected("all")

    def leaves(self) -> None:
        """Open another project in place of this one, be it that this one is still read."""
        project, begun, stopped = self._session.state.project, time.perf_counter(), 0.0

        def gone() -> bool:
            nonlocal stopped
            if self._session.state.reading is not None and not stopped:
                return False
            stopped = stopped or time.perf_counter() - begun
            return self._session.state.project != project and self.settled()

        self.does("another project", self._session.try_samples, gone)
        print(f"{'reading ended after':<22}{stopped:7.2f} s")

    def settled(self) -> bool:
        """Say whether the images are read and nothing is under way."""
        from gui_app import job

        return job.running() == 0 and self._session.state.dataset is not None

    def _corrects_selected(self, number: str) -> None:
        from PySide6.QtCore import Qt

        self.does(f"select {number}", self._select_all)
        self.does(f"label {number}", lambda: self._press(Qt.Key.Key_3), self.settled)
        self.does("undo", lambda: self._click("undo"), self.settled)
        self.does(f"leave out {number}", lambda: self._press(Qt.Key.Key_Delete), self.settled)
        self.does("undo", lambda: self._click("undo"), self.settled)

    def _scrolls(self) -> None:
        """Drag the scroll bar through the whole grid and back for three seconds."""
        from PySide6.QtCore import QTimer

        bar, begun = self._grid().verticalScrollBar(), time.monotonic()
        drag = QTimer(interval=16)
        drag.timeout.connect(lambda: bar.setValue(round(bar.maximum() * abs(1 - (time.monotonic() - begun) / 1.5))))
        self.does("scrolling", drag.start, lambda: time.monotonic() - begun > 3)
        drag.stop()
        bar.setValue(0)

    def _select_all(self) -> None:
        from PySide6.QtCore import Qt

        self._press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)

    def _press(self, key: "Qt.Key", keys: "Qt.KeyboardModifier | None" = None) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.keyClick(self._grid(), key, keys or Qt.KeyboardModifier.NoModifier)

    def _click(self, name: str) -> None:
        from PySide6.QtWidgets import QAbstractButton

        button = self._window.findChild(QAbstractButton, name)
        assert button is not None, name
        button.click()

    def _grid(self) -> "QTableView":
        from PySide6.QtWidgets import QTableView

        view = self._window.findChild(QTableView, "data_grid_view")
        assert view is not None
        return view


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


if __name__ == "__main__":
    main(sys.argv[1:])
