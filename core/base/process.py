"""What a process of Graft sets for itself before it loads torch."""

import ctypes
import os
import sys

SPINS = "2500"  # rounds of waiting of GNU's OpenMP: some tens of microseconds, what lies between two operations
ARENAS = 2  # heaps of glibc, which gives each thread its own and keeps in it what the thread has used
_M_ARENA_MAX = -8  # from glibc's malloc.h


def prepare_process() -> None:
    """Share processor and memory with all else on this computer; to be called before torch is loaded.

    What the user has set stays.
    """
    _share_the_processor()
    _keep_memory_together()


def _share_the_processor() -> None:
    """Let torch's waiting threads sleep soon instead of spin.

    While anything else runs, be it only the window, a wait that spins lasts until the system takes the core away. To
    sleep at once would make the many short waits of a small network long ones.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def _keep_memory_together() -> None:
    """Let threads use the memory that others have given back. Only glibc has to be told."""
    told = "MALLOC_ARENA_MAX" in os.environ or "malloc.arena_max" in os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform == "linux" and not told:
        tell = getattr(ctypes.CDLL(None), "mallopt", None)
        if tell:
            tell(_M_ARENA_MAX, ARENAS)
