"""What a process of Graft sets for itself before it loads torch, and gives back after its work."""

import ctypes
import os
import sys
from collections.abc import Callable, Iterable

SPINS = "2500"  # rounds of waiting of GNU's OpenMP: some tens of microseconds, what lies between two operations

_HEAPS = ("MALLOC_ARENA_MAX", "glibc.malloc.arena_max")
_KEPT = (
    *("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"),
    *("glibc.malloc.mmap_threshold", "glibc.malloc.trim_threshold"),
)
"""What a user may have set, as a variable of the environment or within GLIBC_TUNABLES."""

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1  # from glibc's malloc.h
_LARGEST = (2**30, 2**25)  # bytes of a block that stays in a heap; before 2.35 glibc refuses more than the second
_NEVER = -1


def prepare_process() -> None:
    """Share processor and memory with all else on this computer; to be called before torch is loaded.

    What the user has set stays.
    """
    _share_the_processor()
    _keep_memory()


def give_memory_back() -> None:
    """Let the system have what long work has left free; only glibc keeps it."""
    if give := _of_glibc("malloc_trim"):
        give(0)


def _share_the_processor() -> None:
    """Let torch's waiting threads sleep soon instead of spin.

    While anything else runs, be it only the window, a wait that spins lasts until the system takes the core away. To
    sleep at once would make the many short waits of a small network long ones.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def _keep_memory() -> None:
    """Let threads use the memory that others are done with, and each step of training that of the step before.

    Else each thread has a heap of its own, and the system takes free memory back after every step and clears it page by
    page for the next one.
    """
    tell = _of_glibc("mallopt")
    if tell and not _told(_HEAPS):
        tell(_ARENA_MAX, 1)
    if tell and not _told(_KEPT) and any(tell(_MMAP_THRESHOLD, size) for size in _LARGEST):
        tell(_TRIM_THRESHOLD, _NEVER)


def _told(names: Iterable[str]) -> bool:
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    return any(name in os.environ or f"{name}=" in tunables for name in names)


def _of_glibc(name: str) -> Callable[..., object] | None:
    """Return a function that only glibc has."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
