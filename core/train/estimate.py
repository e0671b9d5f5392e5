"""How long a run will take on this computer and how much room it needs, before a person decides to begin it."""

import sys
import time
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor, nn

from core.base.folders import Folders
from core.base.process import give_memory_back
from core.data.reading import read_dataset
from core.data.store.pixels import PixelStore
from core.models.features import FeatureStore
from core.models.network import Network, skeleton
from core.models.side_by_side import cores_of
from core.train.activation_pass import Held, will_hold
from core.train.costs import PRECISION, chosen, costs
from core.train.feature_pass import space_of
from core.train.pace import Stage
from core.train.plan import Choice, RunPlan, with_digest
from core.train.replicas import PARTS
from core.train.run import READ_FEATURES, READ_PIXELS, memory_told, stages
from core.train.steps import divides

SAMPLE = 16
"""Images of the data set that are read to see how fast that is, and looked up to see whether it has been done."""

SCORING, LOADING_S = "sklearn.metrics", 2.0
"""The library that scores, and the seconds that loading it takes: a fifth of a short run."""

_MB = 2**20
_FLOAT_BYTES = 4
_PAIR = 2  # BatchNorm refuses to learn from one image
_LEARNING = 2  # AdamW's means of a weight that learns


@dataclass(frozen=True)
class Estimate:
    """What a run takes: `seconds` at most, as it may stop early; `images_per_s` of its longest part.

    `precision` is what was chosen when that was measured.
    """

    seconds: float
    images_per_s: float
    memory_mb: float
    disk_mb: float
    precision: Choice


def estimate(plan: RunPlan, folders: Folders) -> Estimate:
    """Measure for about a second, or take what was measured before, and return what the run will take.

    Raises UserError as building the network does, and if the memory is too small.
    """
    plan = with_digest(plan, folders)
    with memory_told(plan):
        measured = costs(plan, folders)
    plan = chosen(plan, measured)
    ahead = _Ahead.of(plan, folders)
    took = {stage: ahead.seconds(stage) for stage in stages(plan, measured)}
    again = [seconds for stage, seconds in took.items() if stage.name not in (READ_FEATURES, READ_PIXELS)]
    longest = max(took, key=took.__getitem__)
    network = skeleton(plan.network, len(plan.dataset.classes), plan.framing.size_px)
    activations = will_hold(plan, network)
    return Estimate(
        # what was read need not be read again
        seconds=_loading_s() + sum(took.values()) + (plan.config.folds or 0) * sum(again),
        images_per_s=longest.images / took[longest] if took[longest] else 0.0,
        memory_mb=_memory_bytes(plan, network, activations) / _MB,
        disk_mb=(_weights_bytes(network) + ahead.bytes(plan) + activations.disk) / _MB,
        precision=next(choice for choice in plan.choices if choice.name == PRECISION),
    )


@dataclass(frozen=True)
class _Ahead:
    """What of the data set is still to be read: shares (0 to 1) of images without features and without squares.

    `read_s` is what it takes to read an image.
    """

    features: float
    squares: float
    read_s: float

    @classmethod
    def of(cls, plan: RunPlan, folders: Folders) -> "_Ahead":
        """Look some of the images up, and read them if they are not all there."""
        images = plan.dataset.images
        sample = images[:: max(1, len(images) // SAMPLE)][:SAMPLE]
        hashes = [image.sha256 for image in sample]
        features = 1 - len(FeatureStore(folders.features).get(space_of(plan), hashes)) / len(sample)
        squares = 1 - len(PixelStore(folders.pixels, plan.framing).find(hashes)) / len(sample)
        begun = time.perf_counter()
        if features or squares:
            list(read_dataset(plan.dataset.root, sample, plan.framing))
        return cls(features, squares, (time.perf_counter() - begun) / len(sample))

    def seconds(self, stage: Stage) -> float:
        """Return how long a stage will take."""
        seconds = stage.seconds or 0.0
        if stage.name == READ_FEATURES:
            return stage.images * self.features * (self.read_s + seconds)
        if stage.name == READ_PIXELS:
            return stage.images * self.squares * self.read_s
        return stage.images * seconds

    def bytes(self, plan: RunPlan) -> float:
        """Return what will be added to the caches."""
        square = plan.framing.resize_px**2 * 3 * self.squares
        vector = plan.network.feature_dim * _FLOAT_BYTES * self.features
        from_features = {phase.from_features for phase in plan.phases}
        return len(plan.dataset.images) * ((False in from_features) * square + (True in from_features) * vector)


def _loading_s() -> float:
    """Return what is still to be loaded before a run can be scored."""
    return 0.0 if SCORING in sys.modules else LOADING_S


def _weights_bytes(network: Network) -> int:
    return sum(tensor.numel() for tensor in network.state().values()) * _FLOAT_BYTES


def _memory_bytes(plan: RunPlan, network: Network, activations: Held) -> float:
    """Return what the run holds at its peak; on a processor together with what only its memory holds: the program that
    is already there, and activations that are kept."""
    deepest = max(plan.phases, key=lambda phase: phase.trained_groups)
    network.freeze(deepest.trained_groups)
    learning = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    cores = cores_of(torch.device(plan.device.kind))
    at_once = plan.evaluation_batch * cores
    waiting = 2 * 3 * plan.framing.size_px**2 * _FLOAT_BYTES  # as many images again are ready for their turn
    gradients = PARTS + 1 if divides(plan, deepest) else 1  # those of each part and their sum
    computing: float = _weights_bytes(network) + _FLOAT_BYTES * (_LEARNING + gradients) * learning
    computing += at_once * (plan.layer_mb * _MB + waiting)
    if not deepest.from_features:  # what was computed without learning is not given back at once
        computing += deepest.batch_size * _kept_per_image(network, plan.framing.size_px) * _FLOAT_BYTES
    if plan.device.kind != "cpu":
        return computing
    give_memory_back()  # of what was measured before
    program: int = psutil.Process().memory_info().rss
    return computing + program + activations.memory


def _kept_per_image(network: Network, size_px: int) -> float:
    """Return how many numbers learning keeps of an image for the way back: the results of all layers that learn."""
    sizes: list[int] = []

    def note(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            sizes.append(output.numel())

    hooks = [module.register_forward_hook(note) for module in network.trunk.modules() if not list(module.children())]
    network.train().features(torch.empty(_PAIR, 3, size_px, size_px, device="meta"))
    for hook in hooks:
        hook.remove()
    return sum(sizes) / _PAIR
