"""Cross-validation: as many splits as there are folds, each with another fold as the test part."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import cast

from core.base.errors import UserError
from core.data.dataset import PARTS, Dataset, LabelledImage, Part
from core.data.dealing import Unit, alike, components, deal, order_of
from core.data.images import printable
from core.data.split import SHARES, Shares

_LEAST = len(PARTS)
_Units = Mapping[bytes, Collection[LabelledImage]]


def folds(dataset: Dataset, k: int, seed: int, shares: Shares = SHARES) -> tuple[Dataset, ...]:
    """Return `k` datasets of the same images; each image is in the test part of exactly one of them.

    All images are used, those of the test part too: where a folder brought its test part and it is to stay unseen, take
    it out before. What belongs together is never on two sides. The validation part is taken from the rest and is as
    large as in `shares`. Raises UserError if a class has too few pieces to be in each part, and ValueError for k < 2.
    """
    if k < 2:
        raise ValueError(f"cross-validation needs at least 2 folds, not {k}")
    units = _units(dataset, seed)
    _check_enough(dataset, units)
    numbers = {f"{number}": 1 / k for number in range(k)}
    fold_of = _dealt(units, numbers)
    return tuple(_with_test(dataset, units, {o for o in units if fold_of[o] == number}, shares) for number in numbers)


def _units(dataset: Dataset, seed: int) -> dict[bytes, list[LabelledImage]]:
    by_path = {image.path: image for image in dataset.images}
    copies = alike({path: image.sha256 or path for path, image in by_path.items()})
    grouped = alike({path: image.group for path, image in by_path.items() if image.group})
    units = components(by_path, (*copies, *grouped))
    members = ([by_path[path] for path in unit] for unit in units)
    return {order_of(seed, (image.sha256 or image.path for image in unit)): unit for unit in members}


def _dealt(units: _Units, shares: Mapping[str, float]) -> dict[bytes, str]:
    parts = tuple(shares)
    waiting = [Unit(order, tuple(f"{image.label}" for image in unit), parts) for order, unit in units.items()]
    return deal(waiting, shares, Counter())


def _with_test(dataset: Dataset, units: _Units, test: Collection[bytes], shares: Shares) -> Dataset:
    rest = {order: unit for order, unit in units.items() if order not in test}
    n_rest = sum(len(unit) for unit in rest.values())
    val = min(0.5, shares.val * len(dataset.images) / n_rest)
    side = {**_dealt(rest, {"train": 1 - val, "val": val}), **dict.fromkeys(test, "test")}
    images = [replace(i, part=cast(Part, side[order])) for order, unit in units.items() for i in unit]
    return replace(dataset, images=tuple(sorted(images, key=lambda image: image.path)))


def _check_enough(dataset: Dataset, units: _Units) -> None:
    pieces: dict[int, int] = defaultdict(int)
    for unit in units.values():
        for label in {image.label for image in unit}:
            pieces[label] += 1
    few = [name for label, name in enumerate(dataset.classes) if pieces[label] < _LEAST]
    if few:
        raise UserError(
            f"The class “{printable(few[0])}” has too few images for cross-validation.",
            f"Each class needs at least {_LEAST} that do not belong together: to train, to choose and to test with.",
        )
