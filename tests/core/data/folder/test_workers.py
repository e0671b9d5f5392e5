"""A scan in processes finds what one in threads does, and leaves nothing running, whoever is killed."""

import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from core.base.events import Progress
from core.data.folder.listing import Scan
from core.data.folder.scan import Scanned, scan
from core.data.folder.workers import in_processes, may_start_processes
from tests.core.data.conftest import fill, scanned

PATIENCE_S = 30

INTERRUPTED = """
import sys
from pathlib import Path
from core.data.folder import scan
scan._MANY = 1
events = scan.scan(Path(sys.argv[1]))
while not isinstance(next(events), scan.Progress):
    pass
print("reading", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """More images than the workers are given ahead of time, two of them unreadable."""
    fill(tmp_path, ants=300, bees=300)
    (tmp_path / "ants/003.png").write_bytes(b"")
    (tmp_path / "bees/007.png").write_text("no image")
    return tmp_path


@pytest.fixture
def from_threads(folder: Path) -> Scan:
    """What a scan in threads finds."""
    result = scanned(folder)
    assert len(result.unreadable) == 2
    return result


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans read in processes, however few images there are."""
    monkeypatch.setattr("core.data.folder.scan._MANY", 1)
    monkeypatch.setattr("core.data.folder.scan.WORKERS", 2)


def scanned_after(folder: Path, disturb: str = "") -> Scan:
    """Return what a scan in processes finds; one of them is killed in mid-work if wished."""
    events = scan(folder)
    assert any(isinstance(event, Progress) for event in events)
    workers = multiprocessing.active_children()
    assert workers
    if disturb:
        workers[0].kill()
    *_, last = events
    assert isinstance(last, Scanned)
    assert not multiprocessing.active_children()
    return last.scan


def test_processes_find_what_threads_do(from_threads: Scan, processes: None, folder: Path) -> None:
    assert scanned_after(folder) == from_threads


def test_what_a_killed_process_leaves_is_read_all_the_same(from_threads: Scan, processes: None, folder: Path) -> None:
    assert scanned_after(folder, "kill") == from_threads


def test_a_stop_ends_the_processes(processes: None, folder: Path) -> None:
    asked: list[bool] = []
    events = scan(folder, lambda: bool(asked))
    assert any(isinstance(event, Progress) for event in events)
    asked.append(True)
    assert not any(isinstance(event, Scanned) for event in events)
    assert not multiprocessing.active_children()


def test_where_no_process_can_be_started_threads_read(
    from_threads: Scan, processes: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no more processes")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    assert scanned(folder) == from_threads


def test_a_process_loads_neither_torch_nor_qt(two_classes: Path) -> None:
    with in_processes() as workers:
        assert len(workers.read(two_classes, ["ants/000.png"]).result(PATIENCE_S)) == 1
        loaded = workers.pool.submit(eval, "{*__import__('sys').modules}").result(PATIENCE_S)
    assert not loaded & {"torch", "PySide6", "sklearn", "scipy", "pydantic"}


def test_processes_end_with_a_parent_that_is_killed(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout and parent.stdout.readline() == "reading\n"
        parent.kill()
        parent.communicate(timeout=PATIENCE_S)  # the workers hold the other end too: it closes with the last of them


def test_no_process_is_started_from_what_was_typed_or_from_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert may_start_processes()
    monkeypatch.setattr(multiprocessing.current_process(), "_config", {"daemon": True})
    assert not may_start_processes()
    monkeypatch.undo()
    typed = ModuleType("__main__")
    typed.__file__ = "<stdin>"
    monkeypatch.setitem(sys.modules, "__main__", typed)
    assert not may_start_processes()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells which signals wait")
def test_an_interrupt_that_comes_while_processes_start_is_put_off_for_this_one_only() -> None:
    with in_processes():
        for worker in multiprocessing.active_children():
            blocked = Path(f"/proc/{worker.pid}/status").read_text().split("SigBlk:")[1].split()[0]
            assert int(blocked, 16) & 1 << signal.SIGINT - 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
