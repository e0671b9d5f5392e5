"""A folder of 100,000 small images in the real window: `python -m tests.benchmarks.large_folder [N [whole]]`.

Printed are the seconds until the images are listed and until the first of them are painted, by how much the event loop
was late meanwhile and while scrolling, the memory over that at the start, and the seconds until a cancelled reading had
ended. With `whole`, the reading is not cancelled but measured to its end.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from tests.benchmarks.event_loop import Lateness, wait

CLASSES = 20
SIDE_PX = 32


def main(arguments: list[str]) -> None:
    """Make the folder, open it, scroll, cancel, and print the figures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    n_images = int(arguments[0]) if arguments else 100_000
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRAFT_HOME": f"{home}/graft", "HOME": home}
        folder = _draw(Path(home) / "many", n_images)
        _measure(folder, "whole" in arguments)


def _draw(folder: Path, n_images: int) -> Path:
    """Write that many different pictures: a coarse pattern each, so that no two look alike."""
    draw = np.random.default_rng(0)
    for index in range(n_images):
        place = folder / f"class {index % CLASSES:02d}"
        if index < CLASSES:
            place.mkdir(parents=True)
        coarse = Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8))
        coarse.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC).save(place / f"{index:06d}.jpg")
    return folder


def _measure(folder: Path, whole: bool) -> None:
    from PySide6.QtWidgets import QApplication

    from core.base.folders import Folders
    from core.base.process import share_the_processor
    from gui_app import job, theme
    from gui_app.session import Session
    from gui_app.window import MainWindow

    share_the_processor()
    app = QApplication([])
    session = Session(Folders.of_user())
    theme.apply(app, "light")
    window = MainWindow(session)
    window.show()
    session.warm_up()
    wait(app, lambda: session.state.device is not None and job.running() == 0)
    at_start, opening, begun = _memory_mb(), Lateness(), time.perf_counter()
    session.new_project(folder)
    wait(app, lambda: session.state.scan is not None)
    print(f"listed after              {time.perf_counter() - begun:6.2f} s")
    until = time.monotonic() + 0.5
    wait(app, lambda: time.monotonic() > until)
    _print_late("while opening", opening)
    _scroll(app, window)
    print(f"memory over the start     {_memory_mb() - at_start:6.0f} MB")
    if whole:
        reading = Lateness()
        wait(app, lambda: session.state.reading is None and job.running() == 0)
        print(f"read and judged after     {time.perf_counter() - begun:6.1f} s")
        _print_late("while reading", reading)
        print(f"memory over the start     {_memory_mb() - at_start:6.0f} MB")
        _scroll(app, window)
    begun = time.perf_counter()
    session.close(60_000)
    print(f"cancelled and closed after {time.perf_counter() - begun:5.2f} s")


def _scroll(app: object, window: object) -> None:
    """Drag the scroll bar through the whole grid and back for three seconds."""
    from PySide6.QtWidgets import QApplication, QTableView

    assert isinstance(app, QApplication)
    bar = window.findChild(QTableView, "data_grid_view").verticalScrollBar()  # type: ignore[attr-defined]
    late, begun = Lateness(), time.monotonic()
    while (passed := time.monotonic() - begun) < 3:
        bar.setValue(round(bar.maximum() * abs(1 - passed / 1.5)))
        app.processEvents()
    _print_late("while scrolling", late)


def _print_late(when: str, lateness: Lateness) -> None:
    median, p99, most = lateness.result()
    print(f"{when:<16} late by  median {median:.1f} ms, p99 {p99:.1f} ms, most {most:.1f} ms")


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


if __name__ == "__main__":
    main(sys.argv[1:])
