"""What a process of Graft sets for itself before it loads torch."""

import os

SPINS = "2500"  # rounds of waiting of GNU's OpenMP: some tens of microseconds, what lies between two operations


def share_the_processor() -> None:
    """Let torch's waiting threads sleep soon instead of spin; to be called before torch is loaded.

    While anything else runs, be it only the window, a wait that spins lasts until the system takes the core away. To
    sleep at once would make the many short waits of a small network long ones. What the user has set stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
