"""What every test stands on: no screen, a home of its own, and nothing left running."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before anything imports Qt

PATIENCE_S = 5.0


@pytest.fixture(autouse=True)
def graft_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home, so that none reads or writes the user's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GRAFT_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fail the test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + PATIENCE_S
    while (left := _left_over(before)) and time.monotonic() < until:
        left[0].join(0.05)
    assert not left, f"threads left running: {[thread.name for thread in left]}"


def _left_over(before: set[threading.Thread]) -> list[threading.Thread]:
    # Python keeps a placeholder for each foreign (Qt) thread that ever ran Python code; `tests/gui` looks after those
    foreign = threading._DummyThread
    return [thread for thread in threading.enumerate() if thread not in before and not isinstance(thread, foreign)]
