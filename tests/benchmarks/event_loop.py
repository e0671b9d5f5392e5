"""How late the window's event loop is while it trains: `python -m tests.benchmarks.event_loop [FOLDER [STRATEGY]]`.

A timer of 10 ms runs in the real window, first with nothing to do, then during a run with live curves. Printed are the
milliseconds by which it was late: median, 99th percentile, most; and the ratio of training to idle.
"""

import os
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
    """Open the window, train in it, and print how late the loop was."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    strategy = arguments[1] if len(arguments) > 1 else "fine-tune-all"
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRAFT_HOME": home, "HOME": home}
        from PySide6.QtWidgets import QApplication

        from core.base.folders import Folders
        from core.base.process import share_the_processor
        from gui_app import theme
        from gui_app.session import Session
        from gui_app.window import MainWindow

        share_the_processor()
        app = QApplication([])
        session = Session(Folders.of_user())
        theme.apply(app, "light")
        window = MainWindow(session)
        window.show()
        session.warm_up()
        wait(app, lambda: session.state.device is not None)
        if arguments:
            session.new_project(Path(arguments[0]).absolute())
        else:
            session.try_samples()
        wait(app, lambda: session.state.dataset is not None)
        session.change_config({"strategy": strategy, "epochs": 6})
        wait(app, lambda: session.state.plan is not None)

        idle = Lateness()
        until = time.monotonic() + IDLE_S
        wait(app, lambda: time.monotonic() > until)
        at_rest = idle.result()
        busy = Lateness()
        session.start_training()
        wait(app, lambda: session.state.live is not None and not session.state.training)
        training = busy.result()
        session.close(10_000)
    print("late by ms    median    p99    most")
    print(f"idle        {at_rest[0]:8.2f} {at_rest[1]:6.1f} {at_rest[2]:7.1f}")
    print(f"training    {training[0]:8.2f} {training[1]:6.1f} {training[2]:7.1f}   ({len(busy.late_ms)} ticks)")
    print(f"p99, training / idle: {training[1] / max(at_rest[1], 0.01):.1f}")


def wait(app: "QApplication", done: Callable[[], bool]) -> None:
    """Run the event loop until something is so; it rests while nothing happens, as it does for a person."""
    from PySide6.QtCore import QEventLoop, QTimer

    waker = QTimer(interval=TICK_MS)
    waker.start()
    while not done():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


if __name__ == "__main__":
    main(sys.argv[1:])
