"""What a process of Graft sets for itself before it loads torch."""

import os


def share_the_processor() -> None:
    """Let torch's waiting threads sleep instead of spin; to be called before torch is loaded.

    Spinning is a little faster on an idle computer, but while anything else runs, be it only the window, each of the
    many short waits of a small network then lasts until the system takes the core away.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
