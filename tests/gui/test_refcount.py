"""PySide6 6.12.0 with Python 3.11 loses a reference of True with each emit, until the interpreter aborts."""

import sys

import pytest
from PySide6.QtCore import QObject, Signal

EMITS = 5_000


class Sender(QObject):
    sent = Signal(object)
    flagged = Signal(bool)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True is immortal from Python 3.12 on")
def test_emitting_keeps_the_references_of_true() -> None:
    sender = Sender()
    sender.sent.connect(lambda value: None)
    sender.flagged.connect(lambda value: None)
    before = sys.getrefcount(True)
    for _ in range(EMITS):
        sender.sent.emit("event")
        sender.flagged.emit(True)
    assert abs(sys.getrefcount(True) - before) < EMITS // 10
