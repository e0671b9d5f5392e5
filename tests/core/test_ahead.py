from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from core.base.ahead import begun_ahead


class AtOnce(ThreadPoolExecutor):
    def submit(self, work: Callable[..., Any], /, *given: object, **named: object) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*given, **named))
        return done


def test_what_is_done_is_handed_over_before_more_is_taken() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    results = begun_ahead(AtOnce(), lambda number: -number, items(), waiting=5)
    assert next(results) == 0
    assert taken == [0]
    assert list(results) == [-number for number in range(1, 10)]
