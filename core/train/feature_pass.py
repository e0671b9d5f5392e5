"""The frozen part of a network is computed once per image: read, forward, stored, and never again."""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from core.base.events import Event, Stop, Warned
from core.data.dataset import LabelledImage
from core.data.images import READER_VERSION, UnreadableImage
from core.data.reading import Square, read_kept, require_there
from core.data.store.pixels import PixelStore
from core.models.features import FeatureStore
from core.models.inference import Frozen
from core.models.inputs import as_seen
from core.models.network import Network
from core.models.side_by_side import side_by_side
from core.train.pace import Pace
from core.train.plan import RunPlan

STORED_AT_ONCE = 64
"""So many features are stored in one go: to open and write the store takes longer than to compute an image."""

Features = dict[str, NDArray[np.float32]]
"""Feature vectors of length D by the SHA-256 of the image file."""


def space_of(plan: RunPlan) -> str:
    """Return the name under which features are stored: all that decides them bit for bit, but for the image itself."""
    computed = f"{plan.device.kind} {plan.features_precision or 'float32'} folded, by one core {plan.evaluation_batch}"
    return hashlib.sha256(f"{plan.weights} {plan.framing} {READER_VERSION} {computed}".encode()).hexdigest()


@dataclass
class _Read:
    """Squares of one batch by the SHA-256 of their file, and what could not be read."""

    squares: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    problems: list[UnreadableImage] = field(default_factory=list)


class FeaturePass:
    """Brings the features of images, from the store where it has them and through the network where it has not."""

    def __init__(self, plan: RunPlan, network: Network, store: FeatureStore, pixels: PixelStore) -> None:
        self._plan, self._network, self._store, self._pixels = plan, network, store, pixels
        self._device = network.head.weight.device
        self._space, self._batch = space_of(plan), plan.evaluation_batch

    def run(self, images: Sequence[LabelledImage], pace: Pace, stop: Stop) -> Generator[Event, None, Features]:
        """Yield progress and a warning for each image that cannot be read; return the features of all others.

        When stopped, what was computed is in the store, and the result lacks the rest.
        """
        features = self._store.get(self._space, [image.sha256 for image in images])
        missing = list({image.sha256: image for image in images if image.sha256 not in features}.values())
        yield from _told(pace.advance(len(images) - len(missing)))
        if not missing:
            return features
        frozen = Frozen(self._network, getattr(torch, self._plan.features_precision or "float32"))
        squares = read_kept(self._plan.dataset.root, missing, self._plan.framing, self._pixels)
        fresh: Features = {}
        try:
            batches = self._read(missing, squares)
            for batch, computed in side_by_side(partial(self._compute, frozen), batches, self._device):
                features |= computed
                fresh |= computed
                if len(fresh) >= STORED_AT_ONCE:
                    self._store.put(self._space, fresh)
                    fresh = {}
                for problem in batch.problems:
                    yield Warned(f"Left out: {problem}")
                yield from _told(pace.advance(len(batch.squares) + len(batch.problems)))
                if stop():
                    break
        finally:
            if fresh:
                self._store.put(self._space, fresh)
            squares.close()
        return features

    def _read(self, images: Sequence[LabelledImage], squares: Generator[Square, None, None]) -> Iterator[_Read]:
        for start in range(0, len(images), self._batch):
            batch = _Read()
            for image, square in zip(images[start : start + self._batch], squares, strict=False):
                if isinstance(square, UnreadableImage):
                    require_there(self._plan.dataset.root)
                    batch.problems.append(square)
                else:
                    batch.squares[image.sha256] = square
            yield batch

    def _compute(self, frozen: Frozen, batch: _Read) -> tuple[_Read, Features]:
        if not batch.squares:
            return batch, {}
        squares = np.stack(list(batch.squares.values()))
        # always whole batches: the size of a batch may change the last bit, and which images are missing must not
        full = np.resize(squares, (self._batch, *squares.shape[1:]))
        shown = as_seen(full, self._plan.framing.size_px, self._network.backbone, self._device)
        vectors = frozen(shown).cpu().numpy()[: len(squares)]
        return batch, dict(zip(batch.squares, vectors, strict=True))


def _told(event: Event | None) -> list[Event]:
    return [] if event is None else [event]
