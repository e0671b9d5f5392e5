"""Work that threads begin ahead of whoever takes the results, which come in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def begun_ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], waiting: int
) -> Generator[Result, None, None]:
    """Yield `work(item)` for each item in order, up to `waiting` of them begun before their turn.

    Items are taken in the thread of the caller. At the end, or when closed, what was not begun is dropped and the
    threads end.
    """
    begun: deque[Future[Result]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            while len(begun) > waiting or (begun and begun[0].done()):
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
