"""Large files wait for each other, small ones for nobody, and no two wait for each other for ever."""

import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from core.data.formats import memory
from core.data.formats.decoding import decode
from core.data.formats.memory import SMALL_BYTES, Memory
from core.data.images import Framing, examine, read_image, read_square, thumbnail

LARGE = 2 * SMALL_BYTES
LIMIT = 5 * SMALL_BYTES
PATIENCE_S = 5.0


class Turn:
    """A thread that claims, says so, and holds on to it until it is let go."""

    def __init__(self, pool: ThreadPoolExecutor, room: Memory, *claims: int) -> None:
        self.asks = [threading.Event() for _ in claims]
        self.has = [threading.Event() for _ in claims]
        self.end = threading.Event()
        self.done: Future[None] = pool.submit(self._work, room, claims)

    def _work(self, room: Memory, claims: tuple[int, ...]) -> None:
        with room.share():
            for ask, has, claim in zip(self.asks, self.has, claims, strict=True):
                assert ask.wait(PATIENCE_S)
                room.claim(claim)
                has.set()
            assert self.end.wait(PATIENCE_S)

    def asks_for(self, number: int = 0) -> "Turn":
        self.asks[number].set()
        return self

    def gets(self, number: int = 0) -> bool:
        return self.has[number].wait(PATIENCE_S)

    def ends(self) -> None:
        self.end.set()
        self.done.result(PATIENCE_S)


def waits(room: Memory, count: int) -> bool:
    """Return whether that many threads come to wait."""
    with room._changed:
        return room._changed.wait_for(lambda: len(room._waiting) == count, PATIENCE_S)


def test_large_files_wait_until_there_is_room() -> None:
    room = Memory(LIMIT)
    with ThreadPoolExecutor(4) as pool:
        first, second, third, small = (Turn(pool, room, size) for size in (LARGE, LARGE, LARGE, SMALL_BYTES - 1))
        assert first.asks_for().gets()
        assert second.asks_for().gets()
        third.asks_for()
        assert waits(room, 1)
        assert small.asks_for().gets()
        assert not third.has[0].is_set()
        first.ends()
        assert third.gets()
        for turn in (second, third, small):
            turn.ends()


def test_what_is_larger_than_the_limit_goes_alone() -> None:
    room = Memory(LIMIT)
    with room.share():
        room.claim(10 * LIMIT)
    with room.share():
        room.claim(LIMIT)


def test_two_that_both_want_more_do_not_wait_for_ever() -> None:
    room = Memory(LIMIT)
    with ThreadPoolExecutor(2) as pool:
        first, second = (Turn(pool, room, LARGE, LIMIT) for _ in range(2))
        for turn in (first, second):
            assert turn.asks_for(0).gets(0)
        first.asks_for(1)
        assert waits(room, 1)
        second.asks_for(1)
        assert second.gets(1)
        assert not first.has[1].is_set()
        second.ends()
        assert first.gets(1)
        first.ends()


class Lock:
    """A lock between processes, as far as it is used; says who came to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.came = threading.Semaphore(0)

    def acquire(self) -> None:
        self.came.release()
        assert self._lock.acquire(timeout=PATIENCE_S)

    def release(self) -> None:
        self._lock.release()


def test_processes_take_turns_at_large_files() -> None:
    lock = Lock()
    one, another = Memory(LIMIT), Memory(LIMIT)
    for process in (one, another):
        process.take_turns(lock)  # type: ignore[arg-type]
    with ThreadPoolExecutor(3) as pool:
        first, second = Turn(pool, one, LARGE, LIMIT), Turn(pool, another, LARGE)
        small = Turn(pool, another, SMALL_BYTES - 1)
        assert first.asks_for(0).gets(0) and lock.came.acquire(timeout=PATIENCE_S)
        assert first.asks_for(1).gets(1)
        second.asks_for()
        assert lock.came.acquire(timeout=PATIENCE_S)
        assert small.asks_for().gets()
        assert not second.has[0].is_set()
        first.ends()
        assert second.gets()
        for turn in (second, small):
            turn.ends()


WAYS: dict[str, Callable[[Path], object]] = {
    "examine": examine,
    "read": read_image,
    "square": lambda path: read_square(path, Framing(8, 8)),
    "thumbnail": lambda path: thumbnail(path, 8),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("depth", [8, 16])
def test_every_way_to_read_a_large_file_waits_and_gives_back(tmp_path: Path, way: str, depth: int) -> None:
    values = np.zeros((2100, 2100), np.uint16)
    if depth == 16:
        (tmp_path / "x.png").write_bytes(imagecodecs.png_encode(values, level=1))
    else:
        Image.fromarray(values.astype(np.uint8)).save(tmp_path / "x.png", compress_level=1)
    room = memory.MEMORY
    with ThreadPoolExecutor(1) as pool, room.share():
        room.claim(room._limit)
        read = pool.submit(WAYS[way], tmp_path / "x.png")
        waited = waits(room, 1)
        with room._changed:
            room._held[threading.get_ident()] = 0
            room._changed.notify_all()
        read.result(PATIENCE_S)
    assert waited
    assert room._held == {}


def test_decoding_by_itself_counts_for_nothing() -> None:
    decode(bytes(imagecodecs.png_encode(np.zeros((2100, 2100), np.uint16), level=1)))
    assert memory.MEMORY._held == {}


def test_the_content_of_a_tiff_is_let_go_of_with_its_picture(tmp_path: Path) -> None:
    """Without waiting for the garbage collector: the contents of several large files would add up."""
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((9, 9), np.uint16))
    content = (tmp_path / "x.tif").read_bytes()
    before = sys.getrefcount(content)
    gc.disable()
    try:
        decode(content).metadata()
        assert sys.getrefcount(content) == before
    finally:
        gc.enable()
