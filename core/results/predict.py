"""A trained model in use: files or pictures in, class probabilities out."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image
from torch import Tensor

from core.base.errors import UserError
from core.base.events import Stop, never
from core.data.images import UnreadableImage
from core.data.reading import Square, read_squares
from core.models.device import DeviceChoice
from core.models.inference import folded
from core.models.inputs import as_seen
from core.models.network import Network, restore
from core.models.side_by_side import batch_for, side_by_side
from core.models.tensor_files import load_tensors
from core.results.runs import PLAN_FILE
from core.train.mirrored import load_mirroring
from core.train.mirroring import with_mirror
from core.train.plan import RunPlan, load_plan
from core.train.run import WEIGHTS_FILE


@dataclass(frozen=True)
class Predicted:
    """What the model says of one file: a probability (0 to 1) for each class, or the problem with the file."""

    path: Path
    probabilities: tuple[float, ...]
    problem: str = ""


class Predictor:
    """The network of a run, loaded once and asked often, by one thread at a time.

    `mirrored` says that it is asked for the mirror image too.
    """

    def __init__(self, plan: RunPlan, network: Network, device: torch.device, mirrored: bool = False) -> None:
        self.plan, self._network, self._device, self.mirrored = plan, network, device, mirrored

    @classmethod
    def load(cls, folder: Path, device: DeviceChoice) -> "Predictor":
        """Load the best epoch of a run; raises UserError if there is none or a file is damaged."""
        plan = load_plan(folder / PLAN_FILE)
        if not (folder / WEIGHTS_FILE).exists():
            raise UserError(f"The run in “{folder}” ended before its first epoch.", "Choose another run.")
        state = load_tensors(folder / WEIGHTS_FILE)
        network = restore(plan.network, len(plan.dataset.classes), state, plan.framing.size_px)
        target = torch.device(device.kind)
        network = network.eval().to(target, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(plan, network, target, load_mirroring(folder).used)

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the class names in the order of the probabilities."""
        return self.plan.dataset.classes

    def predict(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Predicted]:
        """Yield what the model says of each file, in order; a file that cannot be read is one result among others."""
        yield from self.predict_squares(paths, read_squares(paths, self.plan.framing), stop)

    def predict_squares(
        self, paths: Sequence[Path], squares: Generator[Square, None, None], stop: Stop = never
    ) -> Iterator[Predicted]:
        """Yield what `predict` does for files whose squares come in the same order; they are closed at the end."""
        batch = batch_for(len(paths), self.plan.evaluation_batch, self._device)
        try:
            starts = range(0, len(paths), batch)
            batches = ([(path, next(squares)) for path in paths[start : start + batch]] for start in starts)
            for said in side_by_side(partial(self._said, self._folded), batches, self._device):
                yield from said
                if stop():
                    return
        finally:
            squares.close()

    def predict_image(self, image: Image) -> tuple[float, ...]:
        """Return the class probabilities of a picture (RGB, upright) that is not in a file."""
        return self._probabilities(self._folded, [self.plan.framing.apply(image)])[0]

    def from_features(self, features: NDArray[np.float32]) -> list[tuple[float, ...]]:
        """Return the class probabilities for features (N, D) that were stored before."""
        with torch.inference_mode():
            return _rows(self._network.head(torch.from_numpy(features).to(self._device)))

    @cached_property
    def _folded(self) -> Network:
        """The network for images: where their features are stored, only its head is needed."""
        self._network.trunk = folded(self._network.trunk)
        return self._network

    def _said(self, network: Network, read: list[tuple[Path, Square]]) -> list[Predicted]:
        squares = [square for _, square in read if not isinstance(square, UnreadableImage)]
        said = iter(self._probabilities(network, squares))
        return [
            Predicted(path, (), str(square)) if isinstance(square, UnreadableImage) else Predicted(path, next(said))
            for path, square in read
        ]

    def _probabilities(self, network: Network, squares: list[NDArray[np.uint8]]) -> list[tuple[float, ...]]:
        if not squares:
            return []
        size_px, backbone = self.plan.framing.size_px, self.plan.network
        with torch.inference_mode():
            shown = as_seen(np.stack(squares), size_px, backbone, self._device)
            return _rows(with_mirror(network, shown) if self.mirrored else network(shown))


def _rows(logits: Tensor) -> list[tuple[float, ...]]:
    return [tuple(row) for row in logits.float().softmax(dim=1).cpu().tolist()]
