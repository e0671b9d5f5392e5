"""How late the window's event loop is while it trains: `python -m tests.benchmarks.event_loop [FOLDER [STRATEGY]]`.

A timer of 10 ms runs in the real window, first with nothing to do, then during runs with live curves. Printed are the
milliseconds by which it was late (median, 99th percentile, most) and that the main thread itself computed at one go
(own), and the ratio of training to idle. Then runs without that timer, here and in the terminal by turns: how long an
epoch takes (median of a run; last of all runs).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

TICK_MS = 10
IDLE_S = 3.0
EPOCHS = 6
WATCHED, TURNS = 2, 5


class Lateness:
    """Notes by how much each tick of a timer is late, and how long the main thread computed before it."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.late_ms: list[float] = []
        self.own_ms: list[float] = []
        self._last, self._own = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.late_ms.append(max(0.0, (now - self._last) * 1000 - TICK_MS))
        self.own_ms.append((own - self._own) * 1000)
        self._last, self._own = now, own

    def result(self) -> tuple[float, float, float]:
        """Stop, and return median, 99th percentile and maximum in ms."""
        self._timer.stop()
        late = np.array(self.late_ms)
        return float(np.median(late)), float(np.percentile(late, 99)), float(late.max())


def main(arguments: list[str]) -> None:
    """Train in the window and in the terminal by turns, and print how late the loop was and what the window cost."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    strategy = arguments[1] if len(arguments) > 1 else "fine-tune-all"
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRAFT_HOME": f"{home}/window", "HOME": home}
        window = Window(Path(arguments[0]).absolute() if arguments else None)
        window.prepare({"strategy": strategy, "epochs": EPOCHS})
        print("late by ms    median    p99    most     own")
        at_rest = window.rests()
        busy = max(window.trains_watched() for _ in range(WATCHED))
        print(f"p99, training / idle: {busy / max(at_rest, 0.01):.1f}")
        _in_the_terminal(window.images, strategy, Path(home), 0)  # its caches are filled, too
        print("s/epoch     window  terminal   ratio")
        inside: list[float] = []
        outside: list[float] = []
        for turn in range(1, TURNS + 1):
            here, there = window.trains(), _in_the_terminal(window.images, strategy, Path(home), turn)
            _print_seconds(str(turn), here, there)
            inside += here
            outside += there
        window.close()
    _print_seconds("all", inside, outside)


class Window:
    """The real window with a project."""

    def __init__(self, folder: Path | None) -> None:
        from PySide6.QtWidgets import QApplication

        from core.base.folders import Folders
        from core.base.process import prepare_process
        from gui_app import interpreter, job, theme
        from gui_app.session import Session
        from gui_app.window import MainWindow

        prepare_process()
        interpreter.favour_the_window()
        self._app = QApplication([])
        self.session = Session(Folders.of_user())
        theme.apply(self._app, "light")
        self._window = MainWindow(self.session)
        self._window.show()
        self.session.warm_up()
        wait(self._app, lambda: self.session.state.device is not None and job.running() == 0)
        if folder is not None:
            self.session.new_project(folder)
        else:
            self.session.try_samples()
        wait(self._app, lambda: self.session.state.dataset is not None and job.running() == 0)

    def close(self) -> None:
        """End as the program does."""
        from gui_app import interpreter

        self._window.hide()
        assert self.session.close(10_000)
        interpreter.let_go()

    @property
    def images(self) -> Path:
        """The folder of the images."""
        assert self.session.state.project is not None
        return self.session.state.project.images_root

    def prepare(self, settings: dict[str, object]) -> None:
        """Plan the run."""
        self.session.change_config(settings)
        wait(self._app, lambda: self.session.state.plan is not None)

    def rests(self) -> float:
        """Do nothing for a while; return the 99th percentile of lateness."""
        late, until = Lateness(), time.monotonic() + IDLE_S
        wait(self._app, lambda: time.monotonic() > until)
        return _print_late("idle", late)

    def trains_watched(self) -> float:
        """Train with live curves; return the 99th percentile of lateness."""
        late = Lateness()
        self.trains()
        return _print_late("training", late)

    def trains(self) -> list[float]:
        """Train with live curves, waking for nothing else; return the seconds of each epoch."""
        from PySide6.QtCore import QEventLoop

        from gui_app import job

        session, loop = self.session, QEventLoop()

        def look() -> None:
            if not session.state.training:
                loop.quit()

        session.start_training()
        assert session.state.training, session.state.plan_problem
        session.store.changed.connect(look)
        loop.exec()
        session.store.changed.disconnect(look)
        wait(self._app, lambda: job.running() == 0)
        live = session.state.live
        assert live is not None and live.finished is not None
        return [epoch.seconds for epoch in live.epochs if epoch.phase == live.epochs[-1].phase]


def _print_late(what: str, lateness: Lateness) -> float:
    median, p99, most = lateness.result()
    own = max(lateness.own_ms)
    print(f"{what:<12}{median:8.2f} {p99:6.1f} {most:7.1f} {own:7.1f}   ({len(lateness.late_ms)} ticks)", flush=True)
    return p99


def _print_seconds(what: str, inside: list[float], outside: list[float]) -> None:
    window, terminal = statistics.median(inside), statistics.median(outside)
    print(f"{what:<12}{window:6.2f} {terminal:9.2f} {window / terminal:7.3f}", flush=True)


def _in_the_terminal(folder: Path, strategy: str, home: Path, turn: int) -> list[float]:
    """Train without a window, with caches of its own, and return the seconds of each epoch of the last phase."""
    settings = ["--strategy", strategy, "--epochs", str(EPOCHS), "--json", "--out", str(home / f"run {turn}")]
    command = [sys.executable, "-m", "core", "train", str(folder), *settings]
    told = subprocess.run(command, env=os.environ | {"GRAFT_HOME": f"{home}/terminal"}, capture_output=True, check=True)
    epochs = [event for event in map(json.loads, told.stdout.splitlines()) if event["event"] == "epoch_done"]
    return [event["seconds"] for event in epochs if event["phase"] == epochs[-1]["phase"]]


def wait(app: "QApplication", done: Callable[[], bool]) -> None:
    """Run the event loop until something is so; it rests while nothing happens, as it does for a person."""
    from PySide6.QtCore import QEventLoop, QTimer

    waker = QTimer(interval=TICK_MS)
    waker.start()
    while not done():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


if __name__ == "__main__":
    main(sys.argv[1:])
