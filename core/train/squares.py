"""The pixels of the images of a run: from where they are kept, or else decoded again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import overload

import numpy as np
import psutil
from numpy.typing import NDArray

from core.data.dataset import LabelledImage
from core.data.images import Framing, UnreadableImage
from core.data.reading import read_dataset, require_there
from core.data.store.pixels import Pixels, PixelStore, Place

MEMORY_SHARE = 0.25  # of the memory that is free, for squares that cannot be kept on disk


class KeptPixels:
    """Squares by the SHA-256 of their file: on disk, or in memory if that fails, or nowhere if there is no room."""

    def __init__(self, root: Path, framing: Framing, store: PixelStore, memory_bytes: int | None = None) -> None:
        self._root, self._framing, self._store = root, framing, store
        self._places: dict[str, Place] = {}
        self._memory: dict[str, Pixels] = {}
        available = int(psutil.virtual_memory().available * MEMORY_SHARE)
        self._left_bytes = available if memory_bytes is None else memory_bytes
        self._all_fit = True

    def find(self, images: Sequence[LabelledImage]) -> set[str]:
        """Return the hashes of the images whose squares are there from earlier runs."""
        self._places |= self._store.find([image.sha256 for image in images])
        return set(self._places)

    def keep(self, squares: Mapping[str, Pixels]) -> None:
        """Keep squares by hash where there is room for them."""
        if not self._store.problem:
            self._places |= self._store.put(squares)
        for sha256, square in squares.items():
            if sha256 in self._places:
                continue
            if square.nbytes <= self._left_bytes:
                self._memory[sha256] = square
                self._left_bytes -= square.nbytes
            else:
                self._all_fit = False

    @property
    def problem(self) -> str:
        """Return in words what could not be kept on disk, and what is done instead; nothing if all is well."""
        if not self._store.problem:
            return ""
        instead = "kept in memory for this run" if self._all_fit else "decoded again in each epoch, which is slower"
        return f"{self._store.problem} What is not on disk is {instead}."

    @property
    def unusable(self) -> bool:
        """Say whether nothing can be kept on disk, which is more than that a limit was reached."""
        return self._store.unusable

    def gather(self, images: Sequence[LabelledImage]) -> Pixels:
        """Return squares (N, R, R, 3). Raises UnreadableImage if one has to be decoded and cannot be any more."""
        side = self._framing.resize_px
        pixels = np.empty((len(images), side, side, 3), np.uint8)
        lost = self._store.fill(pixels, [self._places.get(image.sha256) for image in images])
        again = []
        for position in lost:
            sha256 = images[position].sha256
            self._places.pop(sha256, None)
            if sha256 in self._memory:
                pixels[position] = self._memory[sha256]
            else:
                again.append(position)
        if again:
            self._decode([images[position] for position in again], again, pixels)
        return pixels

    def _decode(self, images: Sequence[LabelledImage], positions: Sequence[int], pixels: Pixels) -> None:
        squares = read_dataset(self._root, images, self._framing)
        fresh: dict[str, Pixels] = {}
        try:
            for image, position, square in zip(images, positions, squares, strict=True):
                if isinstance(square, UnreadableImage):
                    require_there(self._root)
                    raise square
                pixels[position] = fresh[image.sha256] = square
        finally:
            squares.close()
        self.keep(fresh)


class Squares:
    """Squares (N, R, R, 3) of uint8 of these images: a slice is a part of them, an array of indices brings pixels."""

    def __init__(self, kept: KeptPixels, images: Sequence[LabelledImage]) -> None:
        self._kept, self._images = kept, images

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, which: slice) -> "Squares": ...
    @overload
    def __getitem__(self, which: NDArray[np.int64]) -> Pixels: ...

    def __getitem__(self, which: slice | NDArray[np.int64]) -> "Squares | Pixels":
        if isinstance(which, slice):
            return Squares(self._kept, self._images[which])
        return self._kept.gather([self._images[index] for index in which.tolist()])

    def pixels(self) -> Pixels:
        """Return the pixels of all of them."""
        return self._kept.gather(self._images)
