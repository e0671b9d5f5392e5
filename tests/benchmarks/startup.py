"""Seconds from the start of the process until the window was painted: `python -m tests.benchmarks.startup`."""

import os
import statistics
import subprocess
import sys
import tempfile

RUNS = 5
PROGRAM = """
import sys, time
from PySide6.QtCore import QTimer
begun = float(sys.argv[1])
from gui_app import window
shown = window.MainWindow.showEvent
def show(self, event):
    shown(self, event)
    QTimer.singleShot(0, self, lambda: (print(time.time() - begun, flush=True), self.close()))
window.MainWindow.showEvent = show
from gui_app.main import main
sys.exit(main([]))
"""


def main() -> None:
    """Print the seconds of each start and their median."""
    import time

    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "GRAFT_HOME": home}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        seconds = []
        for _ in range(RUNS):
            command = [sys.executable, "-c", PROGRAM, str(time.time())]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            seconds.append(float(done.stdout.split()[0]))
    print("seconds from start to window:", ", ".join(f"{s:.2f}" for s in seconds))
    print(f"median {statistics.median(seconds):.2f}")


if __name__ == "__main__":
    main()
