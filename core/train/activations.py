"""What frozen layers make of images, kept as long as a phase learns from it: in memory, or else in a file."""

import math
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import psutil
import torch
from torch import Tensor

from core.base.disposable import REMEDY
from core.data.store.pixels import LEFT_FREE_BYTES
from core.train.squares import MEMORY_SHARE

VALUE_BYTES = 2
_HALF = torch.finfo(torch.float16)


def room_bytes(taken: float = 0.0) -> int:
    """Return how much memory activations may take now, or once so many bytes more are taken."""
    return int((psutil.virtual_memory().available - taken) * MEMORY_SHARE)


def rounded(activations: Tensor) -> Tensor:
    """Return activations as they are when they were kept: rounded to 16 bits, in float32 again."""
    return _half(activations).float()


def _half(activations: Tensor) -> Tensor:
    return activations.clamp(_HALF.min, _HALF.max).half()


class Activations:
    """Activations of `n` images, kept in the order in which they are added, each rounded to 16 bits.

    They lie in memory if they take no more than `memory_bytes` (a quarter of what is free), else in a file in `folder`
    that is gone with `close`, and with the program in any case. `problem` says in a sentence what went wrong with that;
    then nothing is kept.
    """

    def __init__(self, n: int, folder: Path, memory_bytes: int | None = None) -> None:
        self._n, self._folder = n, folder
        self._memory_bytes = room_bytes() if memory_bytes is None else memory_bytes
        self._memory: Tensor | None = None
        self._file: IO[bytes] | None = None
        self._shape: tuple[int, ...] = ()
        self._channels_last = False
        self._device = torch.device("cpu")
        self._done = 0
        self.problem = ""

    def add(self, activations: Tensor) -> None:
        """Keep the next images' (M, ...), all of one shape."""
        if not self._done:
            self._channels_last = activations.is_contiguous(memory_format=torch.channels_last)
        rows = activations.movedim(1, -1) if self._channels_last else activations
        rows = _half(rows).cpu().contiguous()
        try:
            if not self._done:
                self._shape, self._device = tuple(rows.shape[1:]), activations.device
                self._make_room()
            if self._memory is not None:
                self._memory[self._done : self._done + len(rows)] = rows
            if self._file is not None:
                self._file.write(rows.numpy().data)
                self._file.flush()  # what cannot be written must be known now, not when it is read
        except OSError as error:
            self.close()
            wrong = error.strerror or str(error)
            self.problem = f"What frozen layers make of images cannot be kept in “{self._folder}”: {wrong}. {REMEDY}"
        self._done += len(rows)

    def __getitem__(self, chosen: Tensor) -> Tensor:
        """Return what was kept at these places (M,), as float32 on the device it came from.

        Raises OSError if the file cannot be read.
        """
        rows = self._memory[chosen] if self._memory is not None else self._read(chosen.tolist())
        rows = rows.to(self._device).float()
        return rows.movedim(-1, 1) if self._channels_last else rows

    def close(self) -> None:
        """Let go of all that is kept."""
        self._memory = None
        if self._file is not None:
            with suppress(OSError):  # what could not be written is tried once more
                self._file.close()
            self._file = None

    @property
    def _row_bytes(self) -> int:
        return VALUE_BYTES * math.prod(self._shape)

    def _make_room(self) -> None:
        """Raises OSError where there is none."""
        needed = self._n * self._row_bytes
        if needed <= self._memory_bytes:
            self._memory = torch.empty(self._n, *self._shape, dtype=torch.float16)
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._folder).free - needed < LEFT_FREE_BYTES:
            raise OSError("the disk is nearly full")
        self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by `close`

    def _read(self, chosen: list[int]) -> Tensor:
        assert self._file is not None
        rows = np.empty((len(chosen), *self._shape), np.float16)
        for row, place in zip(rows, chosen, strict=True):
            self._file.seek(place * self._row_bytes)
            if self._file.readinto(row.data) != self._row_bytes:  # type: ignore[attr-defined]
                raise OSError("the file was cut")
        return torch.from_numpy(rows)
