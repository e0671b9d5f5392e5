"""From what a person chose to what will be done: every open choice made, each with one sentence of reason."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from core.base.config import Mixing, RunConfig
from core.base.errors import UserError
from core.base.files import write_bytes
from core.data.dataset import Dataset
from core.data.images import Framing
from core.models.backbones import BACKBONES, Backbone
from core.models.device import DeviceChoice, Precision
from core.train.strategies import STRATEGIES, Depth, Phase, Strategy

SMALLEST_BATCH, LARGEST_BATCH, LARGEST_FEATURE_BATCH = 8, 32, 256
STEPS_PER_EPOCH = 16  # below this an epoch teaches too little between two looks at the validation images
LAST_BLOCKS = 2
MARGIN = 256 / 224  # the pixels kept around what the network sees, as in torchvision's usual evaluation



@dataclass(frozen=True)
class Choice:
    """One decision of the plan in words. `given` says that the person made it."""

    name: str
    label: str
    value: str
    reason: str
    given: bool


@dataclass(frozen=True)
class PlannedPhase:
    """A phase with its numbers: `trained_groups` of the last layer groups learn, and the head."""

    title: str
    trained_groups: int
    first_epoch: int
    epochs: int
    rate: float
    decay_per_group: float
    from_features: bool
    batch_size: int
    averaging: float = 0.0
    """How much of the mean of the weights stays at each step; 0: no mean is kept."""
    mixing: Mixing = "none"
    norms_frozen: bool = False
    """Whether the statistics of BatchNorm stay those of the pretrained network."""


@dataclass(frozen=True)
class RunPlan:
    """Everything a run needs to be done, and done again exactly. Sizes in px, rates per step."""

    config: RunConfig
    dataset: Dataset
    strategy: str
    backbone: str
    architecture: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    pretrained: bool
    phases: tuple[PlannedPhase, ...]
    framing: Framing
    augmentation: Literal["none", "light", "strong"]
    weight_decay: float
    label_smoothing: float
    patience: int
    device: DeviceChoice
    trained_parameters: int
    total_parameters: int
    choices: tuple[Choice, ...]
    weights: str = ""
    """SHA-256 of the pretrained file, noted when the run begins; empty from scratch."""
    precision: Precision | None = None
    """In what the network computes while it learns; None until it is measured, when the run begins: float32."""
    features_precision: Precision | None = None
    """In what the frozen part is computed; likewise."""
    class_weights: tuple[float, ...] = ()
    """How much an image of each class counts, 1 in the mean over the training images; empty: all alike."""

    @property
    def network(self) -> Backbone:
        """Return the backbone as it was when this was planned: a later version of Graft may ship another starter."""
        return replace(BACKBONES[self.backbone], architecture=self.architecture, mean=self.mean, std=self.std)

    @property
    def epochs(self) -> int:
        """Return the epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def frozen(self) -> bool:
        """Say whether the backbone stays as it was in the whole run."""
        return self.pretrained and all(phase.trained_groups == 0 for phase in self.phases)

    def save(self, path: Path) -> None:
        """Write the plan as JSON."""
        write_bytes(path, _PLAN.dump_json(self, indent=1))


_PLAN = TypeAdapter(RunPlan)


def load_plan(path: Path) -> RunPlan:
    """Read a plan that was saved; raises UserError if it cannot be read."""
    try:
        return _PLAN.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise UserError(f"“{path.parent}” holds no run that can be read.", "Choose the folder of a run.") from None


def plan(config: RunConfig, dataset: Dataset, device: DeviceChoice, weights_ready: bool) -> RunPlan:
    """Decide everything that `config` leaves open.

    Raises UserError if the backbone or strategy does not exist, or its weights are needed and not here.
    """
    backbone, strategy = BACKBONES[config.backbone], STRATEGIES[config.strategy]
    if strategy.pretrained and not weights_ready:
        raise UserError(
            f"The weights of {backbone.title} are not on this computer.",
            f"Download them (graft weights download {backbone.key}), add a file (graft weights add {backbone.key} "
            "FILE), or choose a model that is ready.",
        )
    decided = _Decisions(config, dataset, backbone, strategy)
    phases = decided.phases()
    head = backbone.feature_dim * len(dataset.classes) + len(dataset.classes)
    deepest = max(phase.trained_groups for phase in phases)
    learning = sum(group.parameters for group in backbone.groups[len(backbone.groups) - deepest :])
    return RunPlan(
        config=config,
        dataset=dataset,
        strategy=strategy.key,
        backbone=backbone.key,
        architecture=backbone.architecture,
        mean=backbone.mean,
        std=backbone.std,
        pretrained=strategy.pretrained,
        phases=phases,
        framing=decided.framing(),
        augmentation=decided.augmentation(),
        weight_decay=decided.number("weight_decay", 0.05, "Usual for AdamW; spares norms and biases."),
        label_smoothing=decided.number("label_smoothing", 0.1, "Keeps the model from being too sure."),
        patience=int(decided.number("patience", max(4, decided.epochs() // 4), "A quarter of the epochs, at least 4.")),
        device=device,
        trained_parameters=learning + head,
        total_parameters=sum(group.parameters for group in backbone.groups) + head,
        choices=(*decided.choices, Choice("device", "Compute on", device.name, device.reason, config.device != "auto")),
    )


class _Decisions:
    """Makes the open choices one by one and keeps the reason of each."""

    def __init__(self, config: RunConfig, dataset: Dataset, backbone: Backbone, strategy: Strategy) -> None:
        self.config, self.dataset, self.backbone, self.strategy = config, dataset, backbone, strategy
        self.n_train = len(dataset.part("train"))
        self.choices: list[Choice] = []

    def number(self, name: str, default: float, reason: str) -> float:
        """Return the setting `name`, or `default` if the person left it open."""
        given = getattr(self.config, name)
        self._note(name, f"{default if given is None else given:g}", reason, given is not None)
        return float(default if given is None else given)

    def epochs(self) -> int:
        return self.config.epochs or self.strategy.epochs

    def phases(self) -> tuple[PlannedPhase, ...]:
        """Share the epochs out, at least one each; with fewer epochs than phases the first phases are left out."""
        self.number("epochs", self.strategy.epochs, f"Enough for “{self.strategy.title.lower()}”; stops early.")
        left, first, planned = self.epochs(), 1, []
        kept = self.strategy.phases[-left:]
        for phase in kept:
            epochs = left if phase is kept[-1] else max(1, round(self.epochs() * phase.share))
            planned.append(self._phase(phase, first, epochs))
            left, first = left - epochs, first + epochs
        self._note_phases(planned)
        return tuple(planned)

    def framing(self) -> Framing:
        """Return how images become squares."""
        size = int(self.number("image_size", self.backbone.size_px, f"What {self.backbone.title} was trained with."))
        resize = self.backbone.resize_px if size == self.backbone.size_px else round(size * MARGIN)
        fit = self.config.fit or "crop"
        reason = "As the network was trained; pad keeps what lies at the ends of long images."
        self._note("fit", fit, reason, self.config.fit is not None)
        return Framing(size, max(resize, size), fit, self.backbone.interpolation)

    def augmentation(self) -> Literal["none", "light", "strong"]:
        """Return how much images are varied; nothing is varied where every image is read only once."""
        if all(phase.from_features for phase in self.strategy.phases):
            self._note("augmentation", "none", "Each image is read once; its features are kept.", False)
            return "none"
        reason = "Turns few images into many; from scratch needs more of it."
        value = self.config.augmentation or self.strategy.augmentation
        self._note("augmentation", value, reason, self.config.augmentation is not None)
        return value

    def _phase(self, phase: Phase, first_epoch: int, epochs: int) -> PlannedPhase:
        return PlannedPhase(
            title=phase.title,
            trained_groups=self._trained_groups(phase.train),
            first_epoch=first_epoch,
            epochs=epochs,
            rate=self.config.learning_rate or phase.rate,
            decay_per_group=phase.decay_per_group,
            from_features=phase.from_features,
            batch_size=self.config.batch_size
            or self._batch(LARGEST_FEATURE_BATCH if phase.from_features else LARGEST_BATCH),
        )

    def _trained_groups(self, depth: Depth) -> int:
        every = len(self.backbone.groups)
        return {"head": 0, "last": min(self.config.last_blocks or LAST_BLOCKS, every), "all": every}[depth]

    def _batch(self, largest: int) -> int:
        batch = SMALLEST_BATCH
        while batch < largest and batch * 2 * STEPS_PER_EPOCH <= self.n_train:
            batch *= 2
        return batch

    def _note_phases(self, planned: list[PlannedPhase]) -> None:
        batches = " then ".join(str(size) for size in dict.fromkeys(phase.batch_size for phase in planned))
        rates = " then ".join(f"{rate:g}" for rate in dict.fromkeys(phase.rate for phase in planned))
        enough = self.n_train >= SMALLEST_BATCH * STEPS_PER_EPOCH
        many = f"At least {STEPS_PER_EPOCH} steps an epoch with {self.n_train} training images."
        reason = many if enough else f"The smallest that is steady, as there are only {self.n_train} training images."
        self._note("batch_size", batches, reason, self.config.batch_size is not None)
        reason = "Highest for the head, lower for early layers; warms up, then falls to zero."
        self._note("learning_rate", rates, reason, self.config.learning_rate is not None)
        if any(phase.train == "last" for phase in self.strategy.phases):
            reason = "The last blocks hold what is most specific to the old classes."
            self._note("last_blocks", str(planned[-1].trained_groups), reason, self.config.last_blocks is not None)

    def _note(self, name: str, value: str, reason: str, given: bool) -> None:
        label = RunConfig.model_fields[name].title or name
        self.choices.append(Choice(name, label, value, "You chose it." if given else reason, given))
