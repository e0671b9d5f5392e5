"""Who reads the files of a scan: threads for few, processes for many, as threads wait for Python's one lock.

Starting the processes takes about a second; they load neither torch nor Qt.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.synchronize import Lock, Semaphore
from pathlib import Path

from core.data.formats.memory import MEMORY
from core.data.images import ImageFacts, UnreadableImage, examine_all

WORKERS = min(8, os.cpu_count() or 1)

Read = ImageFacts | str
"""What a file holds, or why it cannot be read."""


@dataclass(frozen=True)
class Workers:
    """A pool, and the task that it is given: to read some of the files in a folder."""

    pool: Executor
    task: Callable[[Path, Sequence[str]], list[Read]]

    def read(self, root: Path, paths: Sequence[str]) -> Future[list[Read]]:
        """Have these files read. What comes back is shorter than `paths` only after the end."""
        return self.pool.submit(self.task, root, paths)


@contextmanager
def in_threads() -> Iterator[Workers]:
    """Read in threads; the end waits for the file that each has in hand."""
    halted = threading.Event()

    def task(root: Path, paths: Sequence[str]) -> list[Read]:
        return _read(root, paths, halted.is_set)

    with _ending(ThreadPoolExecutor(WORKERS, thread_name_prefix="graft-scan"), halted.set) as pool:
        yield Workers(pool, task)


@contextmanager
def in_processes() -> Iterator[Workers]:
    """Read in processes; the end waits for the file that each has in hand.

    Raises OSError where the system allows none. Once a process died, reading raises BrokenProcessPool.
    """
    # Not forked: threads of this process may hold locks, which no one would ever open in a copy of it.
    context = get_context("spawn")
    # No Event: it holds a lock within, and would keep this process waiting if a worker were killed just then.
    halted, turn = context.Semaphore(0), context.Lock()
    with _ending(ProcessPoolExecutor(WORKERS, context, _begin, (halted, turn)), halted.release) as pool:
        with _without_interrupts():  # which the processes take over, from their first moment on
            pool.submit(int)  # starts them all
        yield Workers(pool, _read_in_process)


def may_start_processes() -> bool:
    """Say whether this process can be begun anew in others, which each load its main module.

    A program that was typed or piped in has none, and the workers of some programs may have none of their own.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    typed = main.__spec__ is None and file is not None and not Path(file).exists()
    return not typed and not current_process().daemon


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Put Ctrl+C off. On Windows there is no such thing."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _ending(pool: Executor, halt: Callable[[], None]) -> Iterator[Executor]:
    try:
        yield pool
    finally:
        halt()
        pool.shutdown(cancel_futures=True)


def _read(root: Path, paths: Sequence[str], halted: Callable[[], bool]) -> list[Read]:
    """Return what the files hold; only of those that were reached before the halt."""
    found = examine_all(takewhile(lambda _: not halted(), (root / path for path in paths)))
    return [each.reason if isinstance(each, UnreadableImage) else each for each in found]


_halted: Semaphore
"""In a worker process: open once the work is to end."""


def _begin(halted: Semaphore, turn: Lock) -> None:
    """Make a worker of a process that was just started."""
    global _halted
    _halted = halted
    MEMORY.take_turns(turn)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C reaches all processes of a terminal: the parent says what then
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Else a worker whose parent was killed would wait for files for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _is_halted() -> bool:
    if open_ := _halted.acquire(block=False):
        _halted.release()
    return open_


def _read_in_process(root: Path, paths: Sequence[str]) -> list[Read]:
    return _read(root, paths, _is_halted)
