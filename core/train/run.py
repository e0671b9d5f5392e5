"""A run: the network is built, its phases are trained one after the other, and the best epoch is kept."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from core.base.errors import UserError
from core.base.events import Ending, EpochDone, Event, Finished, PhaseStarted, Stop, Warned
from core.base.folders import Folders
from core.data.dataset import LabelledImage, Part
from core.data.store.pixels import PixelStore
from core.models.backbones import BACKBONES
from core.models.division import Division
from core.models.features import FeatureStore
from core.models.network import Network, build
from core.models.tensor_files import save_tensors
from core.models.weights import WeightStore
from core.train.activation_pass import ActivationPass, begins_behind, division_of, sees_again
from core.train.augment import variation_of
from core.train.batches import Batches, FeatureBatches, PixelBatches
from core.train.costs import Costs
from core.train.feature_pass import FeaturePass, Features
from core.train.fitting import Best, Fitting, ScaledHead
from core.train.mirroring import ASK_MIRROR, decide
from core.train.pace import Pace, Stage
from core.train.pixel_pass import CACHE, read_pixels
from core.train.plan import PlannedPhase, RunPlan
from core.train.ranges import FIND_RATE
from core.train.ranges import STEPS as TRIED
from core.train.squares import Squares
from core.train.steps import threads_for

WEIGHTS_FILE = "best.safetensors"
READ_FEATURES, READ_PIXELS, SCORE = "reading images", "loading pixels", "scoring test images"
FROZEN = "frozen layers"
SAVE_EVERY_S = 60.0  # so that a crash costs a minute, and saving costs little
# What an image costs, in forward passes, until it was measured.
BACKWARD, ON_FEATURES, DECODE = 3.0, 0.02, 0.3


def stages(plan: RunPlan, costs: Costs | None = None) -> tuple[Stage, ...]:
    """Return what the run will do, stage by stage, with what an image costs in each: as it was measured, or a guess."""
    n_test = len(plan.dataset.part("test"))
    n_train, n_val = len(plan.dataset.part("train")), len(plan.dataset.part("val"))
    read = n_train + n_val + (n_test if plan.frozen else 0)
    forward = costs.features.seconds if costs else None
    listed: list[Stage] = []
    for number, phase in enumerate(plan.phases):
        speed = costs.phases[number] if costs else None
        reads = Stage(READ_FEATURES, read, 1.0, forward) if phase.from_features else Stage(READ_PIXELS, read, DECODE)
        if reads.name not in [stage.name for stage in listed]:
            listed.append(reads)
        guess, looked_at = (ON_FEATURES, 0.0) if phase.from_features else (BACKWARD, forward or 0.0)
        if begins_behind(phase, plan.network):
            once = n_val + (n_train if sees_again(plan) else 0)
            before = costs.before[number] if costs else None
            listed.append(Stage(frozen_stage(phase), once, 1.0, before))
            looked_at = max(0.0, looked_at - (before or 0.0))
        # after each epoch the validation images are looked at, which is counted to the images that are learned from
        seconds = speed.seconds + looked_at * n_val / max(1, n_train) if speed else None
        if plan.finds_rate and not phase.from_features:
            listed.append(
                Stage(FIND_RATE, TRIED * min(phase.batch_size, n_train), guess, speed.seconds if speed else None)
            )
        listed.append(Stage(phase.title, n_train * phase.epochs, guess, seconds))
    if plan.mirror == "if it pays":  # each validation image as it is and mirrored
        listed.append(Stage(ASK_MIRROR, 2 * n_val, 1.0, forward))
    scored = Stage(SCORE, n_test, ON_FEATURES) if plan.frozen else Stage(SCORE, n_test, 1.0, forward)
    return (*listed, scored)


def frozen_stage(phase: PlannedPhase) -> str:
    """Return the name of the stage in which the frozen layers are computed for a phase."""
    return f"{FROZEN} ({phase.title})"


def begin(plan: RunPlan, folders: Folders) -> Network:
    """Return the network as the run begins with it.

    Raises UserError if the weights are gone, or memory is too small for them.
    """
    n_classes, size_px = len(plan.dataset.classes), plan.framing.size_px
    with memory_told(plan):
        weights = WeightStore(folders.weights).load(BACKBONES[plan.backbone]) if plan.pretrained else None
        network = build(BACKBONES[plan.backbone], n_classes, weights, plan.config.seed, size_px)
        return network.to(plan.device.kind, memory_format=torch.channels_last)  # type: ignore[no-any-return, call-overload]


def run(plan: RunPlan, network: Network, folder: Path, folders: Folders, stop: Stop, pace: Pace) -> Iterator[Event]:
    """Train the network that `begin` made; yield events, the last one `Finished` (no score yet); leave the best network
    in `folder`.

    Raises UserError if images are gone, or memory is too small for the batch.
    """
    devices = [torch.cuda.current_device()] if plan.device.kind == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(plan.config.seed)
        with memory_told(plan):
            yield from _Run(plan, folder, folders, stop, pace).events(network)


@contextmanager
def memory_told(plan: RunPlan) -> Iterator[None]:
    """Raise UserError where the memory of the device is too small for the run."""
    try:
        yield
    except RuntimeError as error:
        if not _lacks_memory(error):
            raise
        raise UserError(
            f"The memory of {plan.device.name} is too small for this run.",
            "Choose a smaller batch, smaller images or a smaller model.",
        ) from None


def _lacks_memory(error: RuntimeError) -> bool:
    """Say whether memory ran out: torch has a type of its own for that only on graphics cards."""
    words = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or any(part in str(error).lower() for part in words)


class _Run:
    """What the phases of one run share."""

    def __init__(self, plan: RunPlan, folder: Path, folders: Folders, stop: Stop, pace: Pace) -> None:
        self._plan, self._folder, self._folders, self._stop, self._pace = plan, folder, folders, stop, pace
        self._backbone = BACKBONES[plan.backbone]
        self._device = torch.device(plan.device.kind)
        self._best = Best()
        self._epochs = 0
        self._saved_at = 0.0
        self._warned: set[Event | str] = set()
        self._ending: Ending = "completed"
        self._pixels: tuple[PixelBatches, PixelBatches] | None = None

    def events(self, network: Network) -> Iterator[Event]:
        for phase in self._plan.phases:
            yield from self._once(self._phase(network, phase))
            self._save(network)
            if self._stop():
                self._ending = "stopped"
                break
        if self._best.epoch and self._pixels:
            decided = yield from decide(self._plan, network, self._pixels[1], self._pace, self._stop)
            decided.save(self._folder)
        yield Finished(
            run=str(self._folder),
            ending=self._ending,
            best_epoch=self._best.epoch,
            epochs=self._epochs,
            seconds=self._pace.seconds,
            images_per_s=self._pace.images_per_s,
        )

    def _phase(self, network: Network, phase: PlannedPhase) -> Iterator[Event]:
        network.freeze(phase.trained_groups)
        batches = yield from (self._features(network) if phase.from_features else self._squares())
        if self._stop():
            return
        training, validation = batches
        self._require(training, validation)
        division = division_of(phase, network)
        if division and isinstance(training, PixelBatches) and isinstance(validation, PixelBatches):
            yield from self._behind(network, phase, division, training, validation)
        else:
            yield from self._fit(network, phase, network, training, validation)

    def _behind(
        self, network: Network, phase: PlannedPhase, division: Division, training: PixelBatches, held_out: PixelBatches
    ) -> Iterator[Event]:
        """Learn in what comes after the frozen layers, from what these make of the images."""
        self._pace.enter(frozen_stage(phase))
        one_pass = ActivationPass(self._plan, division, self._folders.activations)
        try:
            batches = yield from one_pass.run(training, held_out, self._pace, self._stop)
            if not self._stop():
                yield from self._fit(network, phase, division.after, *batches)
        finally:
            one_pass.close()

    def _fit(
        self, network: Network, phase: PlannedPhase, whole: nn.Module, training: Batches, validation: Batches
    ) -> Iterator[Event]:
        model, keep = self._model(network, whole, training)
        yield PhaseStarted(phase.title, phase.title, phase.first_epoch, phase.epochs)
        fitting = Fitting(self._plan, phase, network, model, training, validation, self._best)
        last = phase.first_epoch - 1
        with threads_for(phase, network.head):
            for event in fitting.run(self._pace, self._stop, keep):
                if isinstance(event, EpochDone):
                    last, self._epochs = event.epoch, self._epochs + 1
                yield event
        self._best.restore(network)
        self._ending = "early" if last < phase.first_epoch + phase.epochs - 1 else "completed"

    def _once(self, events: Iterator[Event]) -> Iterator[Event]:
        """Pass events on, but each warning only once: a file may be read in more than one phase."""
        for event in events:
            if not isinstance(event, Warned):
                yield event
            elif (said := event.about or event) not in self._warned:
                self._warned.add(said)
                yield event

    def _model(
        self, network: Network, whole: nn.Module, training: Batches
    ) -> tuple[nn.Module, Callable[[int, float], None]]:
        """Return what maps a batch to logits, and what keeps the best of it."""
        if isinstance(training, FeatureBatches):
            scaled = ScaledHead(network.head, training.features)

            def keep_head(epoch: int, loss: float) -> None:
                self._best.keep(epoch, loss, {f"head.{name}": value for name, value in scaled.folded().items()})

            return scaled, keep_head
        # what the phase before left is the best so far: it must come back whole if this phase makes nothing better
        self._best.keep(self._best.epoch, self._best.loss, network.state_dict())

        def keep_all(epoch: int, loss: float) -> None:
            self._best.keep(epoch, loss, network.state_dict())
            if self._pace.seconds - self._saved_at > SAVE_EVERY_S:
                self._save(network)

        return whole, keep_all

    def _require(self, training: Batches, validation: Batches) -> None:
        """Raise UserError if too few images could be read to learn from (one has no spread) and to choose by."""
        for part, least, batches in (("training", 2, training), ("validation", 1, validation)):
            if len(batches) < least:
                number = "None" if not len(batches) else "Only one"
                raise UserError(
                    f"{number} of the {part} images could be read.", f"Is “{self._plan.dataset.root}” still there?"
                )

    def _images(self) -> list[LabelledImage]:
        parts: tuple[Part, ...] = ("train", "val", "test") if self._plan.frozen else ("train", "val")
        return [image for part in parts for image in self._plan.dataset.part(part)]

    def _features(self, network: Network) -> Generator[Event, None, tuple[Batches, Batches]]:
        self._pace.enter(READ_FEATURES)
        store = FeatureStore(self._folders.features)
        one_pass = FeaturePass(self._plan, network, store, PixelStore(self._folders.pixels, self._plan.framing))
        features = yield from one_pass.run(self._images(), self._pace, self._stop)
        if store.problem:
            yield Warned(store.problem, about=CACHE if store.unusable else "")
        return self._feature_batches("train", features), self._feature_batches("val", features)

    def _feature_batches(self, part: Part, features: Features) -> FeatureBatches:
        there = [image for image in self._plan.dataset.part(part) if image.sha256 in features]
        vectors = [torch.from_numpy(features[image.sha256]) for image in there]
        stacked = torch.stack(vectors) if vectors else torch.empty(0, self._backbone.feature_dim)
        return FeatureBatches(
            stacked.to(self._device), torch.tensor([image.label for image in there], device=self._device)
        )

    def _squares(self) -> Generator[Event, None, tuple[Batches, Batches]]:
        if self._pixels is None:
            self._pace.enter(READ_PIXELS)
            framing, root = self._plan.framing, self._plan.dataset.root
            squares, images = yield from read_pixels(
                root, self._images(), framing, self._folders.pixels, self._pace, self._stop
            )
            self._pixels = (self._part(squares, images, "train"), self._part(squares, images, "val"))
        return self._pixels

    def _part(self, squares: Squares, images: list[LabelledImage], part: Part) -> PixelBatches:
        """Return one part; `images` come part after part, so that it is one stretch of `squares`."""
        where = [i for i, image in enumerate(images) if image.part == part]
        return PixelBatches(
            squares=squares[where[0] : where[-1] + 1] if where else squares[:0],
            labels=torch.tensor([images[i].label for i in where]),
            backbone=self._backbone,
            size_px=self._plan.framing.size_px,
            variation=variation_of(self._plan.augmentation, self._plan.flips),
            device=self._device,
        )

    def _save(self, network: Network) -> None:
        if self._best.epoch:
            save_tensors(self._folder / WEIGHTS_FILE, network.state())
            self._saved_at = self._pace.seconds
