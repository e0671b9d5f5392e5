"""The frozen part of a network is computed once per image: read, forward, stored, and never again."""

import hashlib
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.base.events import Event, Stop, Warned
from core.data.dataset import LabelledImage
from core.data.images import Framing, UnreadableImage
from core.data.reading import read_dataset, require_there
from core.models.backbones import Backbone
from core.models.features import FeatureStore
from core.models.inference import Frozen
from core.models.inputs import as_seen
from core.models.network import Network
from core.train.pace import Pace

BATCH = 32

Features = dict[str, NDArray[np.float32]]
"""Feature vectors of length D by the SHA-256 of the image file."""


def space_of(weights_digest: str, framing: Framing, kind: str) -> str:
    """Return the name under which features are stored: weights, framing and kind of device decide them bit for bit."""
    return hashlib.sha256(f"{weights_digest} {framing} {kind} folded float32".encode()).hexdigest()


class FeaturePass:
    """Brings the features of images, from the store where it has them and through the network where it has not."""

    def __init__(
        self, network: Network, backbone: Backbone, framing: Framing, store: FeatureStore, weights_digest: str
    ) -> None:
        self._network, self._backbone, self._framing, self._store = network, backbone, framing, store
        self._frozen: Frozen | None = None
        self._device = next(network.parameters()).device
        self._space = space_of(weights_digest, framing, self._device.type)

    def run(
        self, root: Path, images: Sequence[LabelledImage], pace: Pace, stop: Stop
    ) -> Generator[Event, None, Features]:
        """Yield progress and a warning for each image that cannot be read; return the features of all others.

        When stopped, what was computed is in the store, and the result lacks the rest.
        """
        features = self._store.get(self._space, [image.sha256 for image in images])
        missing = list({image.sha256: image for image in images if image.sha256 not in features}.values())
        yield from _told(pace.advance(len(images) - len(missing)))
        squares = read_dataset(root, missing, self._framing)
        try:
            for start in range(0, len(missing), BATCH):
                if stop():
                    break
                readable: dict[str, NDArray[np.uint8]] = {}
                for image, square in zip(missing[start : start + BATCH], squares, strict=False):
                    if isinstance(square, UnreadableImage):
                        require_there(root)
                        yield Warned(f"Left out: {square}")
                    else:
                        readable[image.sha256] = square
                features |= self._compute(readable)
                yield from _told(pace.advance(min(BATCH, len(missing) - start)))
        finally:
            squares.close()
        return features

    def _compute(self, readable: dict[str, NDArray[np.uint8]]) -> Features:
        if not readable:
            return {}
        squares = np.stack(list(readable.values()))
        # always whole batches: the size of a batch may change the last bit, and which images are missing must not
        full = np.resize(squares, (BATCH, *squares.shape[1:]))
        shown = as_seen(full, self._framing.size_px, self._backbone, self._device)
        self._frozen = self._frozen or Frozen(self._network)  # not before it is needed: all may be stored
        vectors = self._frozen(shown).cpu().numpy()[: len(squares)]
        computed = dict(zip(readable, vectors, strict=True))
        self._store.put(self._space, computed)
        return computed


def _told(event: Event | None) -> list[Event]:
    return [] if event is None else [event]
