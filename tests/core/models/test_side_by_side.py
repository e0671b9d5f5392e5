from collections.abc import Iterator
from threading import Barrier, Thread, current_thread

import pytest
import torch

from core.models.side_by_side import batch_for, side_by_side

CPU = torch.device("cpu")
CORES = 3


@pytest.fixture(autouse=True)
def several_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(CORES)
    yield
    torch.set_num_threads(before)


def test_results_come_in_order() -> None:
    first_waits = Barrier(2)

    def compute(number: int) -> int:
        if number in (0, 1):  # the first is not done before the second
            first_waits.wait(10)
        return number**2

    assert list(side_by_side(compute, range(50), CPU)) == [number**2 for number in range(50)]


def test_as_many_as_there_are_cores_are_computed_at_once_each_on_one() -> None:
    together = Barrier(CORES)

    def compute(_: int) -> tuple[int, str]:
        together.wait(10)
        return torch.get_num_threads(), current_thread().name

    said = list(side_by_side(compute, range(4 * CORES), CPU))
    assert {threads for threads, _ in said} == {1}
    assert len({name for _, name in said}) == CORES


def test_all_others_keep_their_cores() -> None:
    later: list[int] = []
    computing = side_by_side(lambda number: number, range(10), CPU)
    next(computing)
    thread = Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), later) == (CORES, [CORES])


def test_a_graphics_card_and_a_single_core_compute_one_after_the_other() -> None:
    caller = [current_thread().name] * 3
    assert list(side_by_side(lambda _: current_thread().name, range(3), torch.device("cuda"))) == caller
    torch.set_num_threads(1)
    assert list(side_by_side(lambda _: current_thread().name, range(3), CPU)) == caller


def test_without_a_further_thread_nothing_waits_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Thread.start
    started: list[Thread] = []

    def only_one(thread: Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(Thread, "start", only_one)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        side_by_side(lambda number: number, range(10), CPU)
    started[0].join(10)
    assert not started[0].is_alive()


def test_few_images_are_shared_out() -> None:
    assert [batch_for(n, 20, CPU) for n in (0, 1, 3, 4, 50, 60, 1000)] == [1, 1, 1, 2, 17, 20, 20]
    assert batch_for(18, 20, torch.device("cuda")) == 18


def test_a_failure_reaches_the_caller() -> None:
    def compute(number: int) -> float:
        return 1 / (2 - number)

    computing = side_by_side(compute, range(5), CPU)
    assert [next(computing), next(computing)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(computing)
