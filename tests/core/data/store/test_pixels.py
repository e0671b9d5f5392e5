"""The store of pixels: round trip, limit, damage, two windows, and an end in the middle of writing."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.data.images import Framing
from core.data.store import pixels
from core.data.store.pixels import Pixels, PixelStore

FRAMING = Framing(14, 16)
ROW_BYTES = 16 * 16 * 3


def squares(*names: str, side: int = 16) -> dict[str, Pixels]:
    return {
        name: np.random.default_rng(list(name.encode())).integers(0, 256, (side, side, 3), np.uint8) for name in names
    }


def there(store: PixelStore, *names: str) -> set[str]:
    """Return the names whose square comes back, and hold that it is the right one."""
    found = {name: store.read(place) for name, place in store.find(names).items()}
    assert all(square is None or np.array_equal(square, squares(name)[name]) for name, square in found.items())
    return {name for name, square in found.items() if square is not None}


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.squares"))


def test_squares_come_back_as_they_were_in_any_order(tmp_path: Path) -> None:
    names = [f"{number:064x}" for number in range(1203)]
    stored = squares(*names)
    for start in range(0, len(names), 100):
        PixelStore(tmp_path, FRAMING).put({name: stored[name] for name in names[start : start + 100]})
    store = PixelStore(tmp_path, FRAMING)
    places = store.find([*names, "unknown"])
    assert set(places) == set(names)
    order = np.random.default_rng(0).permutation(names)
    out = np.zeros((len(names), 16, 16, 3), np.uint8)
    assert store.fill(out, [places[name] for name in order]) == []
    assert np.array_equal(out, np.stack([stored[name] for name in order]))
    assert store.problem == ""


def test_framings_are_apart_and_what_is_there_stays(tmp_path: Path) -> None:
    store = PixelStore(tmp_path, FRAMING)
    store.put(squares("x"))
    store.put({"x": np.zeros((16, 16, 3), np.uint8)})
    assert there(store, "x") == {"x"}
    for other in (Framing(14, 16, "pad"), Framing(15, 16), Framing(14, 16, "crop", "bicubic")):
        assert PixelStore(tmp_path, other).find(["x"]) == {}


def test_another_version_of_the_reader_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PixelStore(tmp_path, FRAMING).put(squares("x"))
    monkeypatch.setattr(pixels, "READER_VERSION", 10_000)
    assert PixelStore(tmp_path, FRAMING).find(["x"]) == {}


def test_images_that_are_added_later_lie_with_the_others(tmp_path: Path) -> None:
    PixelStore(tmp_path, FRAMING).put(squares("x", "y"))
    store = PixelStore(tmp_path, FRAMING)
    store.find(["x", "y", "z"])
    store.put(squares("z"))
    assert len(segments(tmp_path)) == 1
    assert there(store, "x", "y", "z") == {"x", "y", "z"}


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    for name in "abc":
        PixelStore(tmp_path, FRAMING, 4 * ROW_BYTES).put(squares(name))
    PixelStore(tmp_path, FRAMING).find(["a"])
    PixelStore(tmp_path, Framing(30, 16), 4 * ROW_BYTES).put(squares("d", "e"))
    assert there(PixelStore(tmp_path, FRAMING), "a", "b", "c") == {"a", "c"}
    assert sum(file.stat().st_size for file in segments(tmp_path)) == 4 * ROW_BYTES


def test_full_store_keeps_what_this_run_uses_and_says_so(tmp_path: Path) -> None:
    store = PixelStore(tmp_path, FRAMING, 2 * ROW_BYTES)
    store.put(squares("a", "b"))
    assert store.put(squares("c")) == {}
    assert store.problem == "The decoded images that are kept have reached 0.0 GB."
    assert there(store, "a", "b", "c") == {"a", "b"}


def test_the_disk_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "LEFT_FREE_BYTES", 2**62)
    store = PixelStore(tmp_path, FRAMING)
    assert store.put(squares("a")) == {}
    assert store.problem == f"The disk with “{tmp_path}” is nearly full, so not all decoded images can be kept."


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_write_that_fails_halfway_leaves_what_was_there(tmp_path: Path) -> None:
    import resource

    framing, side = Framing(120, 128), 128
    store = PixelStore(tmp_path, framing)
    store.put(squares("a", side=side))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(2.5 * side * side * 3), before[1]))
    try:
        assert store.put(squares("b", "c", "d", side=side)) == {}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.problem.startswith(f"Decoded images cannot be kept in “{tmp_path}”: ")
    another = PixelStore(tmp_path, framing)
    assert set(another.find(["a", "b", "c", "d"])) == {"a"}
    places = another.put(squares("e", side=side)) | another.find(["a"])
    for name in ("a", "e"):
        square = another.read(places[name])
        assert square is not None
        assert np.array_equal(square, squares(name, side=side)[name])


@pytest.mark.parametrize("kept_bytes", [0, 1, ROW_BYTES, 5 * ROW_BYTES - 1])
def test_cut_file_gives_only_what_is_whole(tmp_path: Path, kept_bytes: int) -> None:
    names = [str(number) for number in range(5)]
    PixelStore(tmp_path, FRAMING).put(squares(*names))
    os.truncate(segments(tmp_path)[0], kept_bytes)
    store = PixelStore(tmp_path, FRAMING)
    assert there(store, *names) == set(names[: kept_bytes // ROW_BYTES])
    store.put(squares(*names))
    assert there(PixelStore(tmp_path, FRAMING), *names) == set(names)


def test_changed_pixels_are_not_returned_but_stored_anew(tmp_path: Path) -> None:
    PixelStore(tmp_path, FRAMING).put(squares("a", "b", "c"))
    file = segments(tmp_path)[0]
    content = bytearray(file.read_bytes())
    content[ROW_BYTES + 7] ^= 1
    file.write_bytes(content)
    store = PixelStore(tmp_path, FRAMING)
    assert there(store, "a", "b", "c") == {"a", "c"}
    assert set(store.find(["a", "b", "c"])) == {"a", "c"}
    store.put(squares("b"))
    assert there(PixelStore(tmp_path, FRAMING), "a", "b", "c") == {"a", "b", "c"}


def test_index_that_mixes_images_up_gives_no_wrong_pixels(tmp_path: Path) -> None:
    PixelStore(tmp_path, FRAMING).put(squares("a", "b"))
    with sqlite3.connect(tmp_path / "pixels.db") as database:
        database.execute("UPDATE square SET hash = hash || '_'")
        database.execute("UPDATE square SET hash = CASE hash WHEN 'a_' THEN 'b' ELSE 'a' END")
    database.close()
    assert there(PixelStore(tmp_path, FRAMING), "a", "b") == set()


@pytest.mark.parametrize("damage", [slice(0, 100), slice(4096, 20_000)])
def test_damaged_index_is_begun_anew_and_leaves_no_file_behind(tmp_path: Path, damage: slice) -> None:
    PixelStore(tmp_path, FRAMING).put(squares(*(f"{number:064x}" for number in range(200))))
    content = bytearray((tmp_path / "pixels.db").read_bytes())
    content[damage] = b"\xa5" * len(content[damage])
    (tmp_path / "pixels.db").write_bytes(content)
    store = PixelStore(tmp_path, FRAMING)
    assert store.find([f"{1:064x}"]) == {}
    store.put(squares("a"))
    assert there(store, "a") == {"a"}
    assert store.problem == ""
    assert len(segments(tmp_path)) == 1


def test_folder_may_vanish_at_any_time(tmp_path: Path) -> None:
    folder = tmp_path / "pixels"
    store = PixelStore(folder, FRAMING)
    places = store.put(squares("a"))
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert store.read(places["a"]) is None
    store.put(squares("b"))
    assert there(store, "a", "b") == {"b"}
    segments(folder)[0].unlink()
    assert store.find(["b"]) == {}
    store.put(squares("b"))
    assert there(store, "b") == {"b"}


def test_place_that_cannot_be_written_is_as_if_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = PixelStore(tmp_path / "file", FRAMING)
    assert store.put(squares("x")) == {} == store.find(["x"])
    assert store.problem.startswith(f"Decoded images cannot be kept in “{tmp_path / 'file'}”: ")


def test_locked_index_is_not_taken_for_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.base.disposable._WAIT_S", 0.01)
    store = PixelStore(tmp_path, FRAMING)
    store.put(squares("a"))
    other = sqlite3.connect(tmp_path / "pixels.db")
    other.execute("BEGIN IMMEDIATE")
    assert store.put(squares("b")) == {}
    other.close()
    assert "locked" in store.problem
    assert there(PixelStore(tmp_path, FRAMING), "a", "b") == {"a"}


def test_two_windows_store_side_by_side(tmp_path: Path) -> None:
    names = [f"{number}" for number in range(60)]
    one, other = PixelStore(tmp_path, FRAMING), PixelStore(tmp_path, FRAMING)
    one.put(squares("first"))
    other.find(["first"])
    for start in range(0, 60, 6):
        one.put(squares(*names[start : start + 4]))
        other.put(squares(*names[start + 2 : start + 6]))
    for store in (one, other, PixelStore(tmp_path, FRAMING)):
        assert there(store, *names) == set(names)


def test_what_another_window_needs_may_be_deleted_without_harm(tmp_path: Path) -> None:
    store = PixelStore(tmp_path, FRAMING, 2 * ROW_BYTES)
    places = store.put(squares("a", "b"))
    PixelStore(tmp_path, FRAMING, 2 * ROW_BYTES).put(squares("c"))
    assert store.read(places["a"]) is None
    assert there(store, "a", "c") == {"c"}


_WRITER = """
import sys, numpy as np
from pathlib import Path
from core.data.images import Framing
from core.data.store.pixels import PixelStore
store, number = PixelStore(Path(sys.argv[1]), Framing(14, 16)), 0
while True:
    names = [str(number + i) for i in range(40)]
    store.put({n: np.random.default_rng(list(n.encode())).integers(0, 256, (16, 16, 3), np.uint8) for n in names})
    number += 40
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_end_in_the_middle_of_writing_loses_only_what_was_not_told(tmp_path: Path) -> None:
    told = 0
    for lines in (2, 5, 3):
        command = [sys.executable, "-c", _WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                told = max(told, int(process.stdout.readline()))
            process.send_signal(signal.SIGKILL)
        names = [str(number) for number in range(told)]
        assert there(PixelStore(tmp_path, FRAMING), *names) == set(names)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are kept otherwise there")
def test_only_the_user_may_look_at_the_pixels(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "pixels"
    PixelStore(folder, FRAMING).put(squares("a"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(segments(folder)[0].stat().st_mode) == 0o600
