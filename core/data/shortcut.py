"""Can the class be guessed without looking at what the picture shows: from size, format, camera, day, border or light?

A network takes the easiest way. Where one class was photographed with another camera or saved in another size, it may
learn that instead of what a person means, and its score would not hold on other images. Here a small decision tree is
cross-validated on each family of such facts (Geirhos et al., Shortcut learning in deep neural networks, 2020).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.base.events import Stop, never
from core.data.facts import Facts
from core.data.folder.listing import FoundImage, Scan

Family = Literal["size", "format", "camera", "captured", "border", "brightness", "colour", "together"]
NATURAL: tuple[Family, ...] = ("brightness", "colour")
"""Families that may well belong to what the picture shows: leaves are green."""

LEAST_IMAGES = 10
"""Of how many images on a class counts; from fewer nothing can be learnt about it."""

CLEAR, STRONG = 0.25, 0.8
"""From which strength on a family is worth a word, and from which it is nearly all that a network needs."""

_MOST_IMAGES = 3000
_FOLDS = 5
_PAIR = 2
_SURE, _SURE_OF_ONE = 1.96, 3.0
"""Standard errors on each side: 95 %, and more where the class that is told best was picked out of many."""

_Floats = NDArray[np.float64]
_Codes = NDArray[np.intp]
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Guess:
    """How well the class is guessed from one family: the mean over the classes of the share guessed right.

    With `class_name`, this one class is told from all others. `baseline` is what guessing blindly reaches, `low` and
    `high` bound the 95 % interval. `images` are the paths of those guessed right.
    """

    family: Family
    class_name: str
    accuracy: float
    low: float
    high: float
    baseline: float
    images: tuple[str, ...]

    @property
    def strength(self) -> float:
        """How far the lower bound goes from the baseline (0) to certainty (1)."""
        return (self.low - self.baseline) / (1 - self.baseline)

    @property
    def clear(self) -> bool:
        """Whether this is well beyond chance, and not only a little of the class shows in it."""
        return self.strength >= CLEAR


@dataclass(frozen=True)
class Shortcut:
    """The best guess of each family that differs at all between `n` images of `classes`.

    The day counts as the camera wrote it into the file. The date of the file itself does not: it follows the copying,
    class folder by class folder, and leaves no trace in the picture. `border` is here only if it says more than
    brightness and colour of the whole picture do.
    """

    n: int
    classes: tuple[str, ...]
    guesses: tuple[Guess, ...]


def measure_shortcut(scan: Scan, stop: Stop = never, near: Sequence[Sequence[str]] = ()) -> Shortcut | None:
    """Return how well each family tells the classes; None if stopped, or if no two classes have enough images.

    Copies, near-duplicates (`near`, clusters of paths) and groups are never on both sides of the cross-validation. At
    most 3000 images of 300 classes are looked at; the same scan gives the same answer.
    """
    images, units = _independent(_chosen(scan), near)
    classes = tuple(sorted({image.class_name for image in images}))
    if len(classes) < _PAIR:
        return None
    trial = _Trial(images, classes, units)
    families = _families([image.facts for image in images if image.facts is not None], images)
    guesses: dict[Family, Guess] = {}
    for family, features in families.items():
        if stop():
            return None
        if np.ptp(features, axis=0).any():
            guesses[family] = trial.guess(family, features)
    natural = max((guesses[family].strength for family in NATURAL if family in guesses), default=0.0)
    if "border" in guesses and guesses["border"].strength <= natural:
        del guesses["border"]
    return Shortcut(len(images), classes, tuple(guesses.values()))


def _chosen(scan: Scan) -> list[FoundImage]:
    """Return images of all classes that have enough, of each at most its share, picked by content."""
    by_class: dict[str, list[FoundImage]] = defaultdict(list)
    for image in sorted(scan.usable, key=lambda image: (image.sha256, image.path)):
        if image.facts is not None and image.width_px and image.height_px:
            by_class[image.class_name].append(image)
    enough = sorted(name for name, images in by_class.items() if len(images) >= LEAST_IMAGES)
    looked_at = enough[: _MOST_IMAGES // LEAST_IMAGES]
    return [image for name in looked_at for image in by_class[name][: _MOST_IMAGES // len(looked_at)]]


def brightness(colour: tuple[float, float, float]) -> float:
    """Return how bright an RGB colour looks, 0 to 1 (luma of ITU-R BT.601)."""
    return sum(weight * value for weight, value in zip(_LUMA, colour, strict=True))


class _Trial:
    """The images and the folds, the same for all families."""

    def __init__(self, images: Sequence[FoundImage], classes: Sequence[str], units: _Codes) -> None:
        from sklearn.model_selection import StratifiedGroupKFold
        from sklearn.utils.class_weight import compute_sample_weight

        self._paths = [image.path for image in images]
        self._class_of = {image.path: image.class_name for image in images}
        self._classes = classes
        numbers = {name: number for number, name in enumerate(classes)}
        self._labels = np.array([numbers[image.class_name] for image in images])
        self._n_units = np.array([n for _, n in sorted(_units_by_class(images, units).items())])
        self._weights = compute_sample_weight("balanced", self._labels)
        splitter = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
        self._folds = list(splitter.split(self._paths, self._labels, units))

    def guess(self, family: Family, features: _Floats) -> Guess:
        """Return how all classes are told apart by these features or, where that is not clear, the one told best."""
        tree, said = self._tree(), np.zeros_like(self._labels)
        exact = np.ascontiguousarray(
            features, np.float32
        )  # as the tree has it: its own checks take longer than it does
        for learnt, asked in self._folds:
            tree.fit(exact[learnt], self._labels[learnt], self._weights[learnt], check_input=False)
            said[asked] = tree.predict(exact[asked], check_input=False)
        whole, *single = self._readings(family, said)
        best = whole if whole.clear else max((whole, *single), key=lambda guess: guess.strength)
        right = (self._paths[index] for index in np.flatnonzero(said == self._labels))
        only = {best.class_name} if best.class_name else set(self._classes)
        return replace(best, images=tuple(path for path in right if self._class_of[path] in only))

    def _tree(self) -> Any:  # noqa: ANN401 - scikit-learn has no types
        """As good here as forests, boosting and logistic regression, and twenty times as fast (core/README.md)."""
        from sklearn.tree import DecisionTreeClassifier

        leaf, leaves = max(3, len(self._labels) // 100), max(8, 3 * len(self._classes))
        return DecisionTreeClassifier(min_samples_leaf=leaf, max_leaf_nodes=leaves, random_state=0)

    def _readings(self, family: Family, said: _Codes) -> Iterator[Guess]:
        """Yield how all classes are told apart and then, of more than two, how each is told from the others."""
        k, n = len(self._classes), len(self._labels)
        table = np.zeros((k, k))
        np.add.at(table, (self._labels, said), 1)
        recalls = np.diag(table) / table.sum(axis=1)
        error = _standard_error(recalls, self._n_units)
        yield _guess(family, "", float(recalls.mean()), _SURE * error, 1 / k)
        taken = table.sum(axis=0) - np.diag(table)
        spared = 1 - taken / (n - table.sum(axis=1))
        for name, size, *shares in zip(self._classes, self._n_units, recalls, spared, strict=True) if k > _PAIR else ():
            error = _standard_error(np.array(shares), np.array([size, self._n_units.sum() - size]))
            yield _guess(family, name, float(np.mean(shares)), _SURE_OF_ONE * error, 1 / 2)


def _independent(images: Sequence[FoundImage], near: Sequence[Sequence[str]]) -> tuple[list[FoundImage], _Codes]:
    """Return the images of all classes of enough units, and the number of the unit of each.

    Images that hang together say no more than one. Where a class has very few groups, groups are passed over.
    """
    units = _units(images, near, grouped=True)
    if min(_units_by_class(images, units).values(), default=0) < _FOLDS:
        units = _units(images, near, grouped=False)
    counts = _units_by_class(images, units)
    kept = [index for index, image in enumerate(images) if counts[image.class_name] >= _FOLDS]
    return [images[index] for index in kept], units[kept]


def _units_by_class(images: Sequence[FoundImage], units: _Codes) -> Counter[str]:
    return Counter(name for name, _ in {(image.class_name, unit) for image, unit in zip(images, units, strict=True)})


def _units(images: Sequence[FoundImage], near: Sequence[Sequence[str]], grouped: bool) -> _Codes:
    """Return a number for each image, the same for images that hang together by content, nearness or group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    cluster_of = {path: number for number, cluster in enumerate(near) for path in cluster}
    ties: dict[object, int] = {}
    links: list[tuple[int, int]] = []
    for index, image in enumerate(images):
        group = ("group", image.class_name, image.group) if grouped and image.group else None
        cluster = ("near", cluster_of[image.path]) if image.path in cluster_of else None
        links.extend((index, ties.setdefault(tie, index)) for tie in (image.sha256, group, cluster) if tie)
    ends = np.array(links, np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(ends.shape[1], np.bool_), (ends[0], ends[1])), shape=(len(images), len(images)))
    units: _Codes = connected_components(graph, directed=False)[1].astype(np.intp)
    return units


def _guess(family: Family, class_name: str, accuracy: float, margin: float, baseline: float) -> Guess:
    low, high = max(0.0, accuracy - margin), min(1.0, accuracy + margin)
    return Guess(family, class_name, accuracy, low, high, baseline, ())


def _standard_error(shares: _Floats, counts: _Codes) -> float:
    """Return that of the mean of some shares, each of so many; never nothing (Agresti and Coull, 1998)."""
    kinder = (shares * counts + 2) / (counts + 4)
    return float(np.sqrt((kinder * (1 - kinder) / (counts + 4)).sum())) / len(shares)


def _families(facts: Sequence[Facts], images: Sequence[FoundImage]) -> dict[Family, _Floats]:
    """Return the features of each family, (n, some)."""
    size = np.log([[image.width_px, image.height_px, image.width_px / image.height_px] for image in images])
    file = _one_hot([f"{fact.format} {fact.mode}" for fact in facts])
    camera = _one_hot([fact.camera for fact in facts])
    captured = np.array([_moment(fact.captured) for fact in facts])
    colour = np.array([fact.colour for fact in facts])
    light = np.array([brightness(fact.colour) for fact in facts])
    return {
        "size": size,
        "format": file,
        "camera": camera,
        "captured": captured,
        "together": np.hstack([size, file, camera, captured]),
        "border": np.array([fact.border for fact in facts]),
        "brightness": np.column_stack([light, [fact.dark for fact in facts], [fact.bright for fact in facts]]),
        "colour": colour - light[:, None],
    }


def _one_hot(words: Sequence[str], most: int = 20) -> _Floats:
    """Return a column for each of the commonest words."""
    common = [word for word, _ in Counter(words).most_common(most)]
    return np.array([[word == one for one in common] for word in words], np.float64)


def _moment(captured: str) -> tuple[float, float]:
    """Return day and hour: minutes would tell classes apart that were photographed one after the other."""
    try:
        when = datetime.fromisoformat(captured)
    except ValueError:
        return 0.0, -1.0
    return float(when.toordinal()), float(when.hour)
