from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from core.base.ahead import begun_ahead


class OneWorker(ThreadPoolExecutor):
    """Does what it is given at once, and says that it is done or that it is still at work."""

    def __init__(self, says_done: bool) -> None:
        super().__init__()
        self._says_done = says_done

    def submit(self, work: Callable[..., Any], /, *given: object, **named: object) -> Future[Any]:
        result: Future[Any] = Future()
        result.set_result(work(*given, **named))
        result.done = lambda: self._says_done  # type: ignore[method-assign]
        return result


@pytest.mark.parametrize(("says_done", "n_taken"), [(True, 1), (False, 6)])
def test_no_more_is_taken_than_may_wait_and_what_is_done_is_handed_over(says_done: bool, n_taken: int) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    results = begun_ahead(OneWorker(says_done), lambda number: -number, items(), waiting=5)
    assert next(results) == 0
    assert len(taken) == n_taken
    assert list(results) == [-number for number in range(1, 10)]
