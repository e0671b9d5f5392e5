"""What frozen layers make of images: kept in memory or in a file, as it was, and gone at the end."""

import errno
import weakref
from io import BufferedRandom, FileIO
from pathlib import Path
from typing import Any

import pytest
import torch

from core.train import activations as module
from core.train.activations import Activations, rounded

RANDOM = torch.Generator().manual_seed(0)
MAPS = torch.randn(7, 5, 3, 2, generator=RANDOM)


def kept(folder: Path, memory_bytes: int, maps: torch.Tensor) -> Activations:
    held = Activations(len(maps), folder, memory_bytes)
    for some in (maps[:4], maps[4:]):
        held.add(some)
    return held


@pytest.mark.parametrize("memory_bytes", [0, 10**6])
@pytest.mark.parametrize("maps", [MAPS, MAPS.contiguous(memory_format=torch.channels_last), MAPS[:, :, 0, 0]])
def test_what_was_kept_comes_back_rounded_and_laid_out_as_it_was(
    tmp_path: Path, memory_bytes: int, maps: torch.Tensor
) -> None:
    held = kept(tmp_path, memory_bytes, maps)
    chosen = torch.tensor([6, 0, 0, 3])
    back = held[chosen]
    held.close()
    assert torch.equal(back, rounded(maps[chosen]))
    torch.testing.assert_close(back, maps[chosen], rtol=1e-3, atol=1e-4)
    assert back.stride() == maps[chosen].stride()


def test_memory_is_bounded_and_the_file_is_gone_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = MAPS.numel() * 2
    held = kept(tmp_path, needed, MAPS)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(module, "TemporaryFile", lambda dir: (dir / "seen").open("w+b"))
    on_disk = kept(tmp_path, needed - 1, MAPS)
    assert torch.equal(on_disk[torch.arange(7)], held[torch.arange(7)])
    assert (tmp_path / "seen").stat().st_size == needed
    on_disk.close()
    monkeypatch.undo()
    again = kept(tmp_path / "new", needed - 1, MAPS)
    again.close()
    assert not list((tmp_path / "new").iterdir())


def test_memory_is_let_go_at_the_end(tmp_path: Path) -> None:
    held = kept(tmp_path, MAPS.numel() * 2, MAPS)
    assert held._memory is not None
    memory = weakref.ref(held._memory)
    held.close()
    assert memory() is None


def test_where_there_is_no_room_it_is_said_and_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    assert kept(tmp_path / "file", 0, MAPS).problem
    monkeypatch.setattr(module, "LEFT_FREE_BYTES", 2**62)
    full = kept(tmp_path, 0, MAPS).problem
    assert f"cannot be kept in “{tmp_path}”: the disk is nearly full. Make room there" in full
    assert not kept(tmp_path, 10**6, MAPS).problem


class _SmallDisk(FileIO):
    """Has room for the first four rows."""

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        if self.tell() + len(data) > MAPS[:4].numel() * 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_disk_that_becomes_full_is_known_when_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TemporaryFile", lambda dir: BufferedRandom(_SmallDisk(dir / "seen", "w+")))
    held = kept(tmp_path, 0, MAPS)
    assert "No space left on device" in held.problem
    held.close()


def test_a_file_that_was_cut_is_not_taken_for_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TemporaryFile", lambda dir: (dir / "seen").open("w+b"))
    held = kept(tmp_path, 0, MAPS)
    with (tmp_path / "seen").open("r+b") as file:
        file.truncate(MAPS[:6].numel() * 2)
    assert torch.equal(held[torch.tensor([5])], rounded(MAPS[5:6]))
    with pytest.raises(OSError, match="cut"):
        held[torch.tensor([6])]
    held.close()


def test_numbers_that_are_too_large_for_16_bits_stay_numbers(tmp_path: Path) -> None:
    huge = torch.tensor([[1e6, -1e6, 1.0]])
    held = kept(tmp_path, 100, huge)
    assert torch.equal(held[torch.tensor([0])], rounded(huge))
    assert torch.isfinite(rounded(huge)).all()
