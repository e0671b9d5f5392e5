"""The pixels of a run: decoded once, whatever happens to the cache, and the same from wherever they come."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from core.base.errors import UserError
from core.base.events import Event, Warned, never
from core.base.files import sha256
from core.data.dataset import LabelledImage
from core.data.images import Framing, UnreadableImage, read_square
from core.data.reading import read_kept
from core.data.store import pixels as store_module
from core.data.store.pixels import PixelStore
from core.train import squares as squares_module
from core.train.pace import Pace, Stage
from core.train.pixel_pass import read_pixels
from core.train.squares import Squares

FRAMING = Framing(14, 16)
N = 40
Result = TypeVar("Result")


@pytest.fixture
def images(tmp_path: Path) -> list[LabelledImage]:
    """Return 40 small files in `tmp_path/data`, each with its own picture."""
    (tmp_path / "data").mkdir()
    listed = []
    for number in range(N):
        path = tmp_path / "data" / f"{number:02d}.png"
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)).save(path)
        listed.append(LabelledImage(path.name, number % 2, "train", sha256(path), ""))
    return listed


def ended(events: Generator[Event, None, Result]) -> tuple[list[Event], Result]:
    seen: list[Event] = []

    def all_of() -> Iterator[Event]:
        result.append((yield from events))

    result: list[Result] = []
    seen.extend(all_of())
    return seen, result[0]


def read(tmp_path: Path, images: list[LabelledImage]) -> tuple[list[str], Squares, list[LabelledImage]]:
    """Return the warnings, and what was read."""
    pace = Pace([Stage("read", len(images), 1.0)])
    events, (squares, kept) = ended(read_pixels(tmp_path / "data", images, FRAMING, tmp_path / "cache", pace, never))
    return [event.message for event in events if isinstance(event, Warned)], squares, kept


def decoded(tmp_path: Path, images: list[LabelledImage]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.stack([read_square(tmp_path / "data" / image.path, FRAMING) for image in images])


def test_squares_are_those_of_their_images_in_parts_and_in_any_order(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    warnings, squares, kept = read(tmp_path, images)
    expected = decoded(tmp_path, images)
    assert (warnings, kept, len(squares)) == ([], images, N)
    order = np.random.default_rng(0).permutation(N)
    assert np.array_equal(squares[order], expected[order])
    part = squares[30:36]
    assert len(part) == 6
    assert np.array_equal(part.pixels(), expected[30:36])
    assert np.array_equal(part[np.array([5, 0])], expected[[35, 30]])
    assert squares[:0].pixels().shape == (0, 16, 16, 3)


def test_no_file_is_opened_a_second_time(tmp_path: Path, images: list[LabelledImage]) -> None:
    expected = decoded(tmp_path, images)
    read(tmp_path, images[:25])
    for image in images[:25]:
        (tmp_path / "data" / image.path).unlink()
    warnings, squares, kept = read(tmp_path, images)
    assert (warnings, kept) == ([], images)
    assert np.array_equal(squares.pixels(), expected)
    whole = read_kept(tmp_path / "data", images, FRAMING, PixelStore(tmp_path / "cache", FRAMING))
    assert np.array_equal(np.stack([square for square in whole if isinstance(square, np.ndarray)]), expected)


def test_unreadable_image_is_left_out_and_told(tmp_path: Path, images: list[LabelledImage]) -> None:
    (tmp_path / "data" / "07.png").write_bytes(b"")
    warnings, squares, kept = read(tmp_path, images)
    others = images[:7] + images[8:]
    assert kept == others
    assert warnings == ["Left out: “07.png” cannot be read: the file is empty. Replace it, or leave it out."]
    assert np.array_equal(squares.pixels(), decoded(tmp_path, others))


def test_equal_files_have_equal_squares(tmp_path: Path, images: list[LabelledImage]) -> None:
    twice = [*images[:3], images[1], images[1]]
    _, squares, kept = read(tmp_path, twice)
    assert kept == twice
    assert np.array_equal(squares.pixels(), decoded(tmp_path, twice))


def test_folder_that_cannot_be_written_is_told_once_and_memory_serves(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    expected = decoded(tmp_path, images)
    (tmp_path / "cache").write_text("in the way")
    warnings, squares, _ = read(tmp_path, images)
    for image in images:
        (tmp_path / "data" / image.path).unlink()
    assert np.array_equal(squares.pixels(), expected)
    (warning,) = warnings
    assert warning.startswith(f"Decoded images cannot be kept in “{tmp_path / 'cache'}”: ")
    assert "Make room there" in warning
    assert warning.endswith(". What is not on disk is kept in memory for this run.")


def test_full_disk_and_no_memory_decode_in_each_epoch(
    tmp_path: Path, images: list[LabelledImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LEFT_FREE_BYTES", 2**62)
    monkeypatch.setattr(squares_module, "MEMORY_SHARE", 0)
    warnings, squares, kept = read(tmp_path, images)
    assert kept == images
    (warning,) = warnings
    assert warning.endswith(
        "nearly full, so not all decoded images can be kept. What is not on disk is decoded again in each epoch, "
        "which is slower."
    )
    order = np.random.default_rng(0).permutation(N)
    assert np.array_equal(squares[order], decoded(tmp_path, images)[order])
    (tmp_path / "data" / "03.png").unlink()
    with pytest.raises(UnreadableImage, match=r"03\.png"):
        squares.pixels()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is no longer there"):
        squares.pixels()


def test_limit_is_reached_in_the_middle(
    tmp_path: Path, images: list[LabelledImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module.PixelStore.__init__, "__defaults__", (35 * 16 * 16 * 3,))
    warnings, squares, _ = read(tmp_path, images)
    assert warnings == [
        "The decoded images that are kept have reached 0.0 GB. What is not on disk is kept in memory for this run."
    ]
    assert np.array_equal(squares.pixels(), decoded(tmp_path, images))


def test_cache_that_is_damaged_during_a_run_heals(tmp_path: Path, images: list[LabelledImage]) -> None:
    _, squares, _ = read(tmp_path, images)
    (file,) = (tmp_path / "cache").glob("*.squares")
    file.write_bytes(b"\0" * file.stat().st_size)
    expected = decoded(tmp_path, images)
    assert np.array_equal(squares.pixels(), expected)
    for image in images:
        (tmp_path / "data" / image.path).unlink()
    assert np.array_equal(squares.pixels(), expected)
    assert np.array_equal(read(tmp_path, images)[1].pixels(), expected)


def test_cache_that_is_deleted_during_a_run_heals(tmp_path: Path, images: list[LabelledImage]) -> None:
    _, squares, _ = read(tmp_path, images)
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    (tmp_path / "cache").rmdir()
    assert np.array_equal(squares.pixels(), decoded(tmp_path, images))
    assert read(tmp_path, images)[0] == []


def test_stopped_reading_keeps_what_was_read(tmp_path: Path, images: list[LabelledImage]) -> None:
    asked = iter(range(N))
    pace = Pace([Stage("read", N, 1.0)])
    reading = read_pixels(tmp_path / "data", images, FRAMING, tmp_path / "cache", pace, lambda: next(asked) >= 35)
    _, (squares, kept) = ended(reading)
    assert kept == images[:35]
    assert np.array_equal(squares.pixels(), decoded(tmp_path, images[:35]))
    assert len(PixelStore(tmp_path / "cache", FRAMING).find([image.sha256 for image in images])) == 35
