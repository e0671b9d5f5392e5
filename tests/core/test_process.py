import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.process import ARENAS, SPINS, prepare_process


def waiting(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, str]:
    """Return how threads will wait if the user has set these variables."""
    environment = dict(given)
    monkeypatch.setattr("os.environ", environment)
    prepare_process()
    return environment


def test_threads_wait_a_moment_and_then_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting(monkeypatch) == {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": SPINS}


@pytest.mark.parametrize("given", [{"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "PASSIVE"}])
def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    assert waiting(monkeypatch, **given) == given


def test_the_users_own_spin_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting(monkeypatch, GOMP_SPINCOUNT="7")["GOMP_SPINCOUNT"] == "7"


# prints how many heaps glibc has after eight threads took memory at the same time
COUNT_HEAPS = """
import ctypes, threading, sys
from core.base.process import prepare_process
if sys.argv[1] == "prepared":
    prepare_process()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def take():
    together.wait()
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a heap of its own")
@pytest.mark.parametrize(
    ("prepared", "given", "fits"),
    [
        ("prepared", {}, lambda heaps: heaps <= ARENAS),
        ("prepared", {"MALLOC_ARENA_MAX": "4"}, lambda heaps: heaps == 4),
        ("as it is", {}, lambda heaps: heaps > ARENAS),
    ],
)
def test_threads_share_the_heaps(
    tmp_path: Path, prepared: str, given: dict[str, str], fits: Callable[[int], bool]
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | given
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", COUNT_HEAPS, prepared, told], env=environment, check=True)
    assert fits(told.read_text().count("<heap nr="))
