"""The one funnel for messages and unexpected errors: a bar in the window, and a log that is kept."""

import logging
import sys
import threading
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from core.base.errors import UserError
from gui_app.painted import CloseButton
from gui_app.theme import SPACE, Tone
from gui_app.widgets import restyle, text_label

LOG_BYTES = 1_000_000
LOG_FILES = 3

_log = logging.getLogger("graft")


@dataclass(frozen=True)
class Notice:
    """One message: what happened, and what to do next. Info goes when the person moves on; the rest stays
    until it is dismissed, another project opens, or the work that it is `about` succeeds.
    """

    tone: Tone
    text: str
    hint: str = ""
    about: str = ""
    stays: bool = False


class Notifier(QObject):
    """Everything that is to be told passes here, from any thread."""

    posted = Signal(object)
    succeeded = Signal(str)

    def __init__(self, log_folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log_file = log_folder / "graft.log"

    def info(self, text: str, hint: str = "", *, stays: bool = False) -> None:
        """Say that something went well or goes on; what is worth reading later `stays` when the page changes."""
        self.posted.emit(Notice("info", text, hint, stays=stays))

    def refuse(self, text: str, hint: str = "") -> None:
        """Say why a wish is not fulfilled now."""
        self.posted.emit(Notice("warn", text, hint))

    def succeed(self, about: str) -> None:
        """Say no more of why this work came to nothing before."""
        self.succeeded.emit(about)

    def report(self, error: BaseException, about: str = "") -> None:
        """Tell a UserError as it stands. Anything else is a bug: its traceback is logged, and the log's place told."""
        if isinstance(error, UserError):
            self.posted.emit(Notice("bad", error.message, error.hint, about))
            return
        _log.error("unexpected", exc_info=error)
        if isinstance(error, MemoryError | OSError):
            text = self.tr("The computer refused: {error}.").format(error=error or type(error).__name__)
            hint = self.tr("Details are in {log}").format(log=self.log_file)
        else:
            text = self.tr("Something went wrong that should not. Graft goes on, and what was finished is kept.")
            hint = self.tr("Please report it; details are in {log}").format(log=self.log_file)
        self.posted.emit(Notice("bad", text, hint, about))


def install(notifier: Notifier) -> None:
    """Write the log to a rotating file and send every error that nobody caught, in any thread, to `notifier`."""
    _log.setLevel(logging.INFO)
    _log.propagate = False
    for handler in list(_log.handlers):
        _log.removeHandler(handler)
        handler.close()
    _log.addHandler(_log_handler(notifier.log_file))

    def on_main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            notifier.report(error.with_traceback(trace))

    def in_thread(caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            notifier.report(caught.exc_value)

    sys.excepthook = on_main
    threading.excepthook = in_thread


def _log_handler(log_file: Path) -> logging.Handler:
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError:  # a home that cannot be written must not keep the window from opening
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


class MessageBar(QWidget):
    """Shows the last notice in the window until it is dismissed."""

    def __init__(self, notifier: Notifier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setAccessibleName(self.tr("Message"))
        self.notice: Notice | None = None
        self.text = text_label(role="strong", wrap=True, name="message_text")
        self.hint = text_label(role="muted", wrap=True, name="message_hint")
        close = CloseButton("message_dismiss", self.tr("Dismiss this message"))
        close.clicked.connect(self.dismiss)
        self._note = QFrame()
        self._note.setProperty("role", "note")
        words = QVBoxLayout()
        words.setSpacing(SPACE.xs // 2)
        words.addWidget(self.text)
        words.addWidget(self.hint)
        row = QHBoxLayout(self._note)
        row.setContentsMargins(SPACE.m, SPACE.s, SPACE.s, SPACE.s)
        row.addLayout(words, 1)
        row.addWidget(close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE.l, SPACE.m, SPACE.l, 0)
        outer.addWidget(self._note)
        notifier.posted.connect(self.show_notice)
        notifier.succeeded.connect(self._forget)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show a notice in place of the last one."""
        self.notice = notice
        self.text.setText(notice.text)
        self.hint.setText(notice.hint)
        self.hint.setVisible(bool(notice.hint))
        restyle(self._note, tone=notice.tone)
        self.show()

    def dismiss(self) -> None:
        """Hide the bar."""
        self.notice = None
        self.hide()

    def _forget(self, about: str) -> None:
        if self.notice is not None and self.notice.tone == "bad" and self.notice.about == about:
            self.dismiss()

    def dismiss_passing(self) -> None:
        """Hide what is only of the moment; an error stays until it is dismissed."""
        if self.notice is not None and self.notice.tone != "bad" and not self.notice.stays:
            self.dismiss()
