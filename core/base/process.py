"""What a process of Graft sets for itself before it loads torch, and gives back after its work."""

import ctypes
import os
import sys
from collections.abc import Callable

SPINS = "2500"  # rounds of waiting of GNU's OpenMP: some tens of microseconds, what lies between two operations

# Of glibc: the names in GLIBC_TUNABLES and in the environment, the number in malloc.h, the value. One heap for all
# threads: else each has its own, and what one has used is not for others. Free memory is kept, be it in large blocks:
# else the system takes it back after every step, and clears it page by page for the next.
_SETTINGS = (
    ("arena_max", "MALLOC_ARENA_MAX", -8, 1),
    ("mmap_threshold", "MALLOC_MMAP_THRESHOLD_", -3, 2**30),
    ("trim_threshold", "MALLOC_TRIM_THRESHOLD_", -1, 2**31 - 1),
)


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
    """Let threads use the memory that others are done with, and each step of training that of the step before."""
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    for name, variable, number, value in _SETTINGS:
        told = variable in os.environ or f"malloc.{name}=" in tunables
        if not told and (tell := _of_glibc("mallopt")):
            tell(number, value)


def _of_glibc(name: str) -> Callable[..., object] | None:
    """Return a function that only glibc has."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
