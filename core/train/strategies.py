"""How to transfer: each strategy is a tuple of phases. The training loop knows phases only."""

from dataclasses import dataclass
from typing import Literal

from core.base.config import Augmentation
from core.base.registry import Registry

Depth = Literal["head", "last", "all"]


@dataclass(frozen=True)
class Phase:
    """One stretch of training in which the same layers learn.

    `train`: the head alone, the last blocks too (how many is planned), or every layer. `share`: part of the epochs.
    `rate`: peak learning rate of the head, for batches of 8 if layers learn that were trained before.
    `decay_per_group`: factor from each layer group to the one before it, so that early layers move least (Howard and
    Ruder 2018, "discriminative fine-tuning"). `from_features`: the frozen part is computed once and the head learns on
    the stored result.
    """

    title: str
    train: Depth
    share: float
    rate: float
    decay_per_group: float = 1.0
    from_features: bool = False


@dataclass(frozen=True)
class Strategy:
    """A way to transfer. `epochs` and `augmentation` are what is planned when a person leaves them open."""

    key: str
    title: str
    summary: str
    phases: tuple[Phase, ...]
    epochs: int
    augmentation: Augmentation
    pretrained: bool = True


STRATEGIES: Registry[Strategy] = Registry("strategy", lambda strategy: strategy.key)

# Head first, then the rest from there: a random head would distort good features (Kumar et al. 2022, LP-FT).
HEAD_FIRST = Phase("head only", "head", share=0.2, rate=3e-3, from_features=True)

STRATEGIES.add(
    Strategy(
        "feature-extraction",
        "Feature extraction",
        "Keep the network as it is, learn only the classes. Seconds. Best for few images.",
        (Phase("head only", "head", share=1.0, rate=1e-3, from_features=True),),
        epochs=60,
        augmentation="none",
    )
)
STRATEGIES.add(
    Strategy(
        "fine-tune-last",
        "Fine-tune the last blocks",
        "Also adapt what is most specific. Minutes.",
        (HEAD_FIRST, Phase("last blocks", "last", share=0.8, rate=1e-3, decay_per_group=0.6)),
        epochs=15,
        augmentation="light",
    )
)
STRATEGIES.add(
    Strategy(
        "fine-tune-all",
        "Fine-tune everything",
        "For many images, or images unlike those the network knows.",
        (HEAD_FIRST, Phase("everything", "all", share=0.8, rate=1e-3, decay_per_group=0.7)),
        epochs=15,
        augmentation="light",
    )
)
STRATEGIES.add(
    Strategy(
        "from-scratch",
        "From scratch",
        "Use nothing that was learned before. Only to compare, or for very many images.",
        (Phase("everything", "all", share=1.0, rate=2e-3),),
        epochs=30,
        augmentation="strong",
        pretrained=False,
    )
)
