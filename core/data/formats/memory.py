"""How much memory the files that are decoded at the same time may take together: one may take much, not all at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Lock
from threading import Condition, get_ident

from core.data.formats.pixels import MEMORY_LIMIT_MB

SMALL_BYTES = 32 * 2**20
"""Files that take less go on whatever else is decoded."""


class Memory:
    """A share for each thread that decodes; who wants more than is left waits until others are done."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: dict[int, int] = {}
        self._waiting: set[int] = set()
        self._changed = Condition()
        self._turn: Lock | None = None

    def take_turns(self, turn: Lock) -> None:
        """From now on, of all processes with this lock and one thread each, only one at a time has a file that takes
        more than little: none of them knows what the others hold."""
        self._turn = turn

    @contextmanager
    def share(self) -> Iterator[None]:
        """Give back at the end what this thread claims within; of two shares in one another, the outer one does."""
        me = get_ident()
        if me in self._held:
            yield
            return
        self._held[me] = 0
        try:
            yield
        finally:
            with self._changed:
                held = self._held.pop(me)
                self._changed.notify_all()
            if held and self._turn:
                self._turn.release()

    def claim(self, needed_bytes: int) -> None:
        """Wait until this thread may take so much in all. Outside of a share, and for little, nothing is counted."""
        me = get_ident()
        if needed_bytes < SMALL_BYTES or needed_bytes <= self._held.get(me, needed_bytes):
            return
        if self._turn and not self._held[me]:
            self._turn.acquire()
        with self._changed:
            self._waiting.add(me)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._may_have(me, needed_bytes))
            self._waiting.discard(me)
            self._held[me] = needed_bytes

    def _may_have(self, me: int, needed_bytes: int) -> bool:
        others = {thread: held for thread, held in self._held.items() if thread != me}
        # Where all others wait too, one must go on, or all would wait for ever.
        at_work = any(held and thread not in self._waiting for thread, held in others.items())
        return not at_work or sum(others.values()) + needed_bytes <= self._limit


MEMORY = Memory(MEMORY_LIMIT_MB * 2**20)
"""The one of the process. Processes that read for a scan take turns beside it: one more large file at most."""
