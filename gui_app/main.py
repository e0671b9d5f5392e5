"""The command `graft`: a command of `core.cli` runs there; otherwise the window opens."""

import os
import sys
from collections.abc import Sequence
from multiprocessing import freeze_support
from pathlib import Path

COMMANDS = frozenset({"models", "weights", "check", "train", "evaluate", "predict", "sample"})
"""First words that mean work without a window."""
SETTLE_MS = 5_000
"""How long work beside the window may take to end once the window is closed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line or the window, and return the exit code."""
    freeze_support()  # in a packed program, a process of a scan begins here
    words = list(sys.argv[1:] if argv is None else argv)
    if words and not _is_place(words):
        from core.cli import main as command_line

        return command_line(words)
    return _open_window(Path(words[0]) if words else None)


def _is_place(words: list[str]) -> bool:
    """Say whether the words are one folder, so that a mistyped command is not opened as a window."""
    place = Path(words[0])
    if len(words) > 1 or words[0] in COMMANDS or words[0].startswith("-"):
        return False
    return place.is_dir() or len(place.parts) > 1 or place.suffix == ".graft"


def _open_window(folder: Path | None) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from core.base.folders import Folders
    from core.base.process import prepare_process
    from gui_app import interpreter, notify, theme
    from gui_app.session import Session
    from gui_app.window import MainWindow, stored_scheme

    prepare_process()
    interpreter.favour_the_window()
    present = QApplication.instance()
    app = present if isinstance(present, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("Graft")
    session = Session(Folders.of_user())
    notify.install(session.notifier)
    theme.apply(app, stored_scheme(session))
    window = MainWindow(session)
    window.show()
    QTimer.singleShot(0, session, session.warm_up)
    if folder is not None:
        QTimer.singleShot(0, session, lambda: session.open_folder(folder))
    code = app.exec()
    window.hide()
    if not session.close(SETTLE_MS):
        # a thread that is deep in a library cannot be ended, and destroying it would abort the process with a
        # crash report; everything finished is on disk already
        os._exit(code)
    interpreter.let_go()
    return code
