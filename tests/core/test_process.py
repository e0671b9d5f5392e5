import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.process import SPINS, give_memory_back, prepare_process


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


ONLY_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has such settings")


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}


@ONLY_GLIBC
@pytest.mark.parametrize(
    ("prepared", "given", "fits"),
    [
        ("prepared", {}, lambda heaps: heaps == 1),
        ("prepared", {"MALLOC_ARENA_MAX": "4"}, lambda heaps: heaps == 4),
        ("as it is", {}, lambda heaps: heaps > 1),
    ],
)
def test_threads_share_the_heaps(
    tmp_path: Path, prepared: str, given: dict[str, str], fits: Callable[[int], bool]
) -> None:
    environment = plain_environment() | given
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", COUNT_HEAPS, prepared, told], env=environment, check=True)
    assert fits(told.read_text().count("<heap nr="))


class Glibc:
    """Notes what it is told. Refuses thresholds above the largest; before 2.35 that was 2**25."""

    def __init__(self, largest: int) -> None:
        self.told: dict[int, int] = {}
        self._largest = largest

    def mallopt(self, number: int, value: int) -> int:
        taken = number != MMAP_THRESHOLD or value <= self._largest
        self.told |= {number: value} if taken else {}
        return int(taken)


ARENA_MAX, MMAP_THRESHOLD, TRIM_THRESHOLD = -8, -3, -1


@pytest.mark.parametrize(
    ("largest", "given", "told"),
    [
        (2**40, {}, {ARENA_MAX: 1, MMAP_THRESHOLD: 2**30, TRIM_THRESHOLD: -1}),
        (2**25, {}, {ARENA_MAX: 1, MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: -1}),
        (0, {}, {ARENA_MAX: 1}),  # to set one threshold keeps the other from following what is used
        (2**40, {"MALLOC_MMAP_THRESHOLD_": "9"}, {ARENA_MAX: 1}),
        (2**40, {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=9:glibc.malloc.arena_max=9"}, {}),
        (2**40, {"MALLOC_ARENA_MAX": "9"}, {MMAP_THRESHOLD: 2**30, TRIM_THRESHOLD: -1}),
    ],
)
def test_glibc_is_told_what_it_takes_and_the_user_has_left_open(
    monkeypatch: pytest.MonkeyPatch, largest: int, given: dict[str, str], told: dict[int, int]
) -> None:
    glibc = Glibc(largest)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda name: glibc)
    waiting(monkeypatch, **given)
    assert glibc.told == told


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_no_other_system_is_told_anything(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.delattr("ctypes.CDLL")
    waiting(monkeypatch)
    give_memory_back()


# prints how many MB more the process holds after a thread took and freed blocks, and after it gave them back
HOLD = """
import ctypes, threading, psutil
from core.base.process import give_memory_back, prepare_process
prepare_process()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
held = lambda: psutil.Process().memory_info().rss // 2**20
SIZES = 20 * (1, 9)  # MB; larger blocks stay only with glibc 2.35 and later
before = held()
def work():
    blocks = [ctypes.c_void_p(libc.malloc(size << 20)) for size in SIZES]
    for block, size in zip(blocks, SIZES):
        ctypes.memset(block, 1, size << 20)
    for block in blocks:
        libc.free(block)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(held() - before)
give_memory_back()
print(held() - before)
"""


@ONLY_GLIBC
@pytest.mark.parametrize(
    ("given", "keeps"),
    [
        ({}, True),
        ({"MALLOC_TRIM_THRESHOLD_": "1000000"}, False),
        ({"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1000000"}, False),
    ],
)
def test_memory_is_kept_until_it_is_given_back(given: dict[str, str], keeps: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOLD], env=plain_environment() | given, capture_output=True, text=True, check=True
    )
    kept, given_back = map(int, done.stdout.split())
    assert kept > 180 if keeps else kept < 20
    assert given_back < 5
