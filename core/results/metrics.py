"""How good a model is, on which images, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

Z_95 = 1.959964  # 97.5 % quantile of the standard normal distribution


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 (0 to 1) of one class, measured on `n` images of it."""

    name: str
    precision: float
    recall: float
    f1: float
    n: int


@dataclass(frozen=True)
class Judged:
    """One image: the label a person gave, what the model predicted, and its probability for that."""

    path: str
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Evaluation:
    """A score and the images behind it. `judged` paths are relative to `root`; rows of `confusion` are labels.

    `interval` is the 95 % Wilson interval of the accuracy, `majority` that of always saying the commonest class.
    """

    root: Path
    classes: tuple[str, ...]
    n: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    majority: float
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    judged: tuple[Judged, ...]


EVALUATION = TypeAdapter(Evaluation)


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, `right` of `n` (Wilson 1927); (0, 1) if n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, spread = right / n, Z_95**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def evaluate(root: Path, classes: Sequence[str], judged: Sequence[Judged]) -> Evaluation:
    """Return the score of at least one judged image. Classes without images count neither for nor against macro F1."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels, predicted = [image.label for image in judged], [image.predicted for image in judged]
    numbers = list(range(len(classes)))
    precision, recall, f1, n = precision_recall_fscore_support(labels, predicted, labels=numbers, zero_division=0.0)
    right = sum(label == said for label, said in zip(labels, predicted, strict=True))
    present = [i for i in numbers if n[i]]
    return Evaluation(
        root=root,
        classes=tuple(classes),
        n=len(judged),
        accuracy=right / len(judged),
        interval=wilson(right, len(judged)),
        macro_f1=float(sum(f1[i] for i in present) / len(present)),
        majority=max(labels.count(i) for i in numbers) / len(judged),
        per_class=tuple(
            ClassScore(classes[i], float(precision[i]), float(recall[i]), float(f1[i]), int(n[i])) for i in numbers
        ),
        confusion=tuple(
            tuple(int(cell) for cell in row) for row in confusion_matrix(labels, predicted, labels=numbers)
        ),
        judged=tuple(judged),
    )
