"""Batches computed side by side: cores that take a batch each are faster than cores that share every batch."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import torch

from core.base.ahead import begun_ahead

_AHEAD = 2  # batches per core, one of them waiting: no core stands still while a result is looked at

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def side_by_side(
    compute: Callable[[Batch], Result], batches: Iterable[Batch], device: torch.device
) -> Generator[Result, None, None]:
    """Yield `compute(batch)` for each batch in order; on a processor several are computed at once, each on one core.

    There `compute` runs in other threads, which know nothing of the caller's `inference_mode` and `autocast`. What it
    makes of a batch does not depend on how many cores there are.
    """
    cores = cores_of(device)
    if cores == 1:
        return (compute(batch) for batch in batches)
    return begun_ahead(threads(cores), compute, batches, _AHEAD * cores)


def threads(n: int, cores_each: int = 1) -> ThreadPoolExecutor:
    """Return `n` threads, in each of which torch computes on as many cores as told.

    Raises RuntimeError if the system gives no more threads.
    """
    pool = ThreadPoolExecutor(n, thread_name_prefix="compute")
    cores = torch.get_num_threads()
    all_here = Barrier(n)
    try:
        for told in [pool.submit(_take_cores, cores_each, all_here) for _ in range(n)]:
            told.result()
    except RuntimeError:  # those that wait for the others must not wait forever
        all_here.abort()
        pool.shutdown(wait=False)
        raise
    torch.set_num_threads(cores)  # what a thread sets for itself holds for those that begin later too
    return pool


def cores_of(device: torch.device) -> int:
    """Return how many batches are computed at once."""
    return torch.get_num_threads() if device.type == "cpu" else 1


def batch_for(n: int, largest: int, device: torch.device) -> int:
    """Return how many of `n` images make a batch: few images are shared out, so that every core has some."""
    return max(1, min(largest, -(-n // cores_of(device))))


def _take_cores(n: int, all_here: Barrier) -> None:
    torch.get_num_threads()  # the first question sets what holds for all threads, which must not come later
    torch.set_num_threads(n)
    all_here.wait()  # so that each thread of the pool is told, and none twice
