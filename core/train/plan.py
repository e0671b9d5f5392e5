"""From what a person chose to what will be done: every open choice made, each with one sentence of reason."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from core.base.config import Augmentation, Mixing, RunConfig
from core.base.errors import UserError
from core.base.files import write_bytes
from core.base.folders import Folders
from core.data.dataset import Dataset
from core.data.images import Framing
from core.models.backbones import BACKBONES, Backbone
from core.models.device import DeviceChoice, Precision
from core.models.weights import WeightStore
from core.train.strategies import STRATEGIES, Depth, Phase, Strategy

SMALLEST_BATCH, LARGEST_BATCH, LARGEST_FEATURE_BATCH = 8, 32, 256
LEAST_TO_DIVIDE = 16  # in a batch of which two cores may take a part each, enough for the statistics of BatchNorm
MOST_AT_ONCE = 32  # images computed at once where nothing is learned
AT_ONCE = 16  # images from which on torch computes all convolutions on one core by oneDNN, if no layer is too large
LAYER_MB, LARGEST_LAYER_MB = 40, 160  # that a layer takes and gives on each core: enough, and at most for those 16
STEPS_PER_EPOCH = 16  # below this an epoch teaches too little between two looks at the validation images
LAST_BLOCKS = 2
MARGIN = 256 / 224  # the pixels kept around what the network sees, as in torchvision's usual evaluation
FEW = 100  # training images, below which BatchNorm keeps its statistics
LONG_STEPS = 2000  # of a phase from which a mean of the weights is kept
LARGE, MANY_EPOCHS = 10_000, 30  # images and epochs from which on images are mixed
UNBALANCED = 3.0  # times as many images in the largest class as in the smallest
ONLY_HEAD = "Only the head learns, on stored features."
ELONGATED = 1.5  # times as long as wide, from which on a crop cuts off too much

Mirror = Literal["never", "always", "if it pays"]
"""When the mirror image is asked as well: if it pays is decided on the validation images, at the end of the run."""


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
    augmentation: Augmentation
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
    flips: bool = True
    """Whether images are mirrored where they are varied."""
    mirror: Mirror = "never"
    finds_rate: bool = False
    """Whether rising rates are tried before layers learn, and one of them is taken in place of the planned one."""

    @property
    def network(self) -> Backbone:
        """Return the backbone as it was when this was planned: a later version of Graft may ship another starter."""
        return replace(BACKBONES[self.backbone], architecture=self.architecture, mean=self.mean, std=self.std)

    @property
    def epochs(self) -> int:
        """Return the epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def evaluation_batch(self) -> int:
        """Return how many images are computed at once where nothing is learned: by each core, or by another device.

        Never more than were chosen for a step: who chose few may have done so because more do not fit into the memory.
        """
        most = min(MOST_AT_ONCE, self.config.batch_size or MOST_AT_ONCE)
        if self.device.kind != "cpu":
            return most
        enough, fits = int(LAYER_MB / self.layer_mb), int(LARGEST_LAYER_MB / self.layer_mb)
        return min(most, max(1, enough, min(AT_ONCE, fits)))

    @property
    def layer_mb(self) -> float:
        """Return what the layer with most of it takes and gives for one image."""
        return self.network.layer_mb * (self.framing.size_px / self.network.size_px) ** 2

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
    finds_rate = decided.finds_rate()
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
        patience=int(
            decided.number(
                "patience",
                max(4, decided.epochs() // 2),
                "Half of the epochs, at least 4: the last ones, at low rates, are often the best.",
            )
        ),
        class_weights=decided.class_weights(),
        flips=decided.flips(),
        mirror=decided.mirror(),
        finds_rate=finds_rate,
        device=device,
        trained_parameters=learning + head,
        total_parameters=sum(group.parameters for group in backbone.groups) + head,
        choices=(*decided.choices, Choice("device", "Compute on", device.name, device.reason, config.device != "auto")),
    )


def with_digest(plan: RunPlan, folders: Folders) -> RunPlan:
    """Return the plan with the digest of the weights that it begins from, which names what is stored of them."""
    if not plan.pretrained or plan.weights:
        return plan
    return replace(plan, weights=WeightStore(folders.weights).digest(BACKBONES[plan.backbone]))


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

    def finds_rate(self) -> bool:
        """Return whether a rate is looked for, which one that was chosen makes needless."""
        if self.config.find_rate == "off":
            return False
        reason = f"{ONLY_HEAD} There one rate suits every network."
        if self.config.learning_rate is not None:
            reason = "You chose a learning rate, and that is taken."
        self._note("find_rate", "on" if self._looks_for_rate else "off", reason, self._looks_for_rate)
        return self._looks_for_rate

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
        self._note_blocks(planned[-1].trained_groups)
        if self._on_features:
            for name, value in (("averaging", "off"), ("mixing", "none"), ("norms", "keep")):
                self._note(name, value, ONLY_HEAD, getattr(self.config, name) == value)
        return tuple(planned)

    def framing(self) -> Framing:
        """Return how images become squares."""
        size = int(self.number("image_size", self.backbone.size_px, f"What {self.backbone.title} was trained with."))
        resize = self.backbone.resize_px if size == self.backbone.size_px else round(size * MARGIN)
        elongated = self.dataset.elongation > ELONGATED
        fit = self.config.fit or ("pad" if elongated else "crop")
        reason = "As the network was trained; pad keeps what lies at the ends of long images."
        if elongated:
            reason = (
                f"Half of the images are over {self.dataset.elongation:.1f} times as long as wide: a crop cuts much."
            )
        self._note("fit", fit, reason, self.config.fit is not None)
        return Framing(size, max(resize, size), fit, self.backbone.interpolation)

    def augmentation(self) -> Augmentation:
        """Return how much images are varied; nothing is varied where every image is read only once."""
        if self._on_features:
            once = "Each image is read once; its features are kept."
            self._note("augmentation", "none", once, self.config.augmentation == "none")
            return "none"
        reason = "Turns few images into many. Strong variation was no better, be it with 60 or 300 training images."
        if not self.strategy.pretrained:
            reason = "Turns few images into many; from scratch needs more of it."
        value = self.config.augmentation or self.strategy.augmentation
        self._note("augmentation", value, reason, self.config.augmentation is not None)
        return value

    def flips(self) -> bool:
        """Return whether images are mirrored while the network learns."""
        return self.config.flips != "never"

    def mirror(self) -> Mirror:
        """Return when the mirror image is asked as well, which a network must have learned first."""
        given = self.config.flips
        varied = (self.config.augmentation or self.strategy.augmentation) != "none"
        if self._on_features:
            self._note("flips", "never", "The features of each image are stored as it is.", given == "never")
            return "never"
        if not varied:
            always = given == "always"
            still = "While the network learns nothing is varied."
            self._note("flips", "when it predicts" if always else "never", still, given == "never")
            return "always" if always else "never"
        reason = "Also when it predicts, if that lowers the loss on the validation images at the end."
        self._note("flips", given or "training", reason, given is not None)
        return {None: "if it pays", "never": "never", "training": "never", "always": "always"}[given]  # type: ignore[return-value]

    def class_weights(self) -> tuple[float, ...]:
        """Return weights that rise with the square root of how rare a class is (Mahajan et al. 2018), or none."""
        counts = [max(1, parts["train"]) for parts in self.dataset.counts()]
        ratio = max(counts) / min(counts)
        how = self.config.balance or ("weights" if ratio >= UNBALANCED else "none")
        said = f"The largest class has {ratio:.1f} times as many training images as the smallest"
        reason = f"{said}; without weights the rare ones would be overlooked." if how == "weights" else f"{said}."
        self._note("balance", how, reason, self.config.balance is not None)
        if how == "none":
            return ()
        raw = [count**-0.5 for count in counts]
        mean = sum(weight * count for weight, count in zip(raw, counts, strict=True)) / sum(counts)
        return tuple(weight / mean for weight in raw)

    @property
    def _on_features(self) -> bool:
        return all(phase.from_features for phase in self.strategy.phases)

    @property
    def _looks_for_rate(self) -> bool:
        return self.config.find_rate == "on" and self.config.learning_rate is None and not self._on_features

    def _phase(self, phase: Phase, first_epoch: int, epochs: int) -> PlannedPhase:
        batch = self.config.batch_size or self._batch(phase.from_features)
        steps = epochs * -(-self.n_train // batch)
        planned = PlannedPhase(
            title=phase.title,
            trained_groups=self._trained_groups(phase.train),
            first_epoch=first_epoch,
            epochs=epochs,
            rate=self.config.learning_rate or self._rate(phase, batch),
            decay_per_group=phase.decay_per_group,
            from_features=phase.from_features,
            batch_size=batch,
        )
        if phase.from_features:
            return planned
        return replace(
            planned, averaging=self._averaging(steps, epochs), mixing=self._mixing(epochs), norms_frozen=self._norms()
        )

    def _averaging(self, steps: int, epochs: int) -> float:
        """Return a decay by which the mean reaches back about one epoch."""
        how = self.config.averaging or ("on" if steps >= LONG_STEPS else "off")
        reason = f"Calmer in long training; this has {steps} steps, and {LONG_STEPS} or more count as long."
        self._note("averaging", how, reason, self.config.averaging is not None)
        return 1 - min(0.5, epochs / steps) if how == "on" else 0.0

    def _mixing(self, epochs: int) -> Mixing:
        enough = self.n_train >= LARGE and epochs >= MANY_EPOCHS
        how: Mixing = self.config.mixing or ("cutmix" if enough else "none")
        reason = f"Helps from about {LARGE} training images and {MANY_EPOCHS} epochs on; with fewer it slows learning."
        self._note("mixing", how, reason, self.config.mixing is not None)
        return how

    def _norms(self) -> bool:
        if not self.strategy.pretrained:
            self._note("norms", "learn", "From scratch there are none to keep.", self.config.norms == "learn")
            return False
        how = self.config.norms or ("keep" if self.n_train < FEW else "learn")
        reason = f"Fewer than {FEW} training images say too little about them; more images do better with their own."
        self._note("norms", how, reason, self.config.norms is not None)
        return how == "keep"

    def _trained_groups(self, depth: Depth) -> int:
        every = len(self.backbone.groups)
        return {"head": 0, "last": min(self.config.last_blocks or LAST_BLOCKS, every), "all": every}[depth]

    def _rate(self, phase: Phase, batch: int) -> float:
        """Return a rate that follows the square root of the batch, as suits Adam (Malladi et al. 2022).

        Not from scratch, where higher ones were worse, nor beyond what was tried.
        """
        if phase.from_features or not self.strategy.pretrained:
            return phase.rate
        reached = max(SMALLEST_BATCH, min(batch, self.n_train, LARGEST_BATCH))
        return float(f"{phase.rate * (reached / SMALLEST_BATCH) ** 0.5:.2g}")

    def _batch(self, from_features: bool) -> int:
        batch = SMALLEST_BATCH if from_features or self.n_train < FEW else LEAST_TO_DIVIDE
        largest = LARGEST_FEATURE_BATCH if from_features else LARGEST_BATCH
        while batch < largest and batch * 2 * STEPS_PER_EPOCH <= self.n_train:
            batch *= 2
        return batch

    def _note_phases(self, planned: list[PlannedPhase]) -> None:
        batches = " then ".join(str(size) for size in dict.fromkeys(phase.batch_size for phase in planned))
        rates = " then ".join(f"{rate:g}" for rate in dict.fromkeys(phase.rate for phase in planned))
        enough = self.n_train >= planned[-1].batch_size * STEPS_PER_EPOCH
        many = f"At least {STEPS_PER_EPOCH} steps an epoch with {self.n_train} training images."
        reason = many if enough else f"Small, as there are only {self.n_train} training images; smaller is less steady."
        self._note("batch_size", batches, reason, self.config.batch_size is not None)
        reason = "Highest for the head, lower for early layers, higher in larger batches; rises, then falls to zero."
        if self._looks_for_rate:
            rates = " then ".join([*(f"{phase.rate:g}" for phase in planned if phase.from_features), "a found one"])
            reason = f"Rising rates are tried first; {planned[-1].rate:g} is taken if the loss falls at none."
        self._note("learning_rate", rates, reason, self.config.learning_rate is not None)

    def _note_blocks(self, trained_groups: int) -> None:
        wanted = self.config.last_blocks
        if any(phase.train == "last" for phase in self.strategy.phases):
            reason = "The last blocks hold what is most specific to the old classes."
            if wanted is not None and wanted > trained_groups:
                reason = f"{self.backbone.title} has no more."
            self._note("last_blocks", str(trained_groups), reason, wanted == trained_groups)
        elif wanted is not None:
            reason = f"“{self.strategy.title}” leaves no choice here."
            self._note("last_blocks", str(trained_groups), reason, wanted == trained_groups)

    def _note(self, name: str, value: str, reason: str, given: bool) -> None:
        label = RunConfig.model_fields[name].title or name
        self.choices.append(Choice(name, label, value, "You chose it." if given else reason, given))
