"""Which images a model learns from, which choose its best state, and which score it at the end.

Every class is split 70/15/15 on its own. Files of equal content count as one, so that no picture is on two sides. The
order in which they are dealt out comes from a hash of seed and content, not from names or from the order of files.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.base.errors import UserError
from core.data.dataset import PARTS, Dataset, LabelledImage, Part
from core.data.images import printable
from core.data.scan import FoundImage, Scan

SHARES: dict[Part, float] = {"train": 0.7, "val": 0.15, "test": 0.15}
NOTHING_KNOWN: Mapping[str, Part] = {}

_KEPT_FIRST: tuple[Part, ...] = ("test", "val", "train")
"""Where one content is fixed on several sides, the first of these keeps it: a test part stays as it was given."""

_LEAST = 2
_Allowed = Mapping[str, tuple[Part, ...]]
_Counts = Counter[tuple[str, Part]]


@dataclass(frozen=True)
class _Unit:
    """All files of one content; they go to one part. `order` is the hash that shuffles the units."""

    order: bytes
    images: tuple[FoundImage, ...]

    @property
    def classes(self) -> list[str]:
        return sorted({image.class_name for image in self.images})


def make_dataset(scan: Scan, seed: int, known: Mapping[str, Part] = NOTHING_KNOWN) -> Dataset:
    """Deal the readable images out to the parts; the same scan, seed and `known` give the same dataset.

    `known` (path or SHA-256 -> part) never moves, and parts that the folder brings stay; only what it lacks is taken
    from its training images: a test part, and validation images for a class that has none. Where one content is fixed
    on two sides, the copy in training (or else in validation) is left out. Raises UserError if a class has no image
    left to train on or to validate with: two different images are the least.
    """
    units = _units(scan.readable, seed)
    allowed = _allowed(scan, known)
    sides = _deal(units, allowed)
    labels = {name: label for label, name in enumerate(scan.classes)}
    images = [
        LabelledImage(image.path, labels[image.class_name], sides[unit.order], image.sha256)
        for unit in units
        for image in unit.images
        if sides[unit.order] in allowed[image.path]
    ]
    _check_enough(scan, units, {(scan.classes[image.label], image.part) for image in images})
    return Dataset(scan.root, scan.classes, tuple(sorted(images, key=lambda image: image.path)))


def _units(images: Iterable[FoundImage], seed: int) -> list[_Unit]:
    by_content: dict[str, list[FoundImage]] = defaultdict(list)
    for image in images:
        by_content[image.sha256 or image.path].append(image)
    return [
        _Unit(hashlib.sha256(f"{seed} {content}".encode()).digest(), tuple(same))
        for content, same in by_content.items()
    ]


def _allowed(scan: Scan, known: Mapping[str, Part]) -> _Allowed:
    """Return in which parts each image may be; one part means that it is fixed."""
    brought = {(image.class_name, image.part) for image in scan.readable}
    brings_test = any(part == "test" for _, part in brought)

    def may_be_in(image: FoundImage, part: Part) -> bool:
        fixed = known.get(image.path) or known.get(image.sha256)
        if fixed:
            return part == fixed
        if image.part in ("val", "test") or part == "train":
            return part == (image.part or "train")
        return not brings_test if part == "test" else (image.class_name, "val") not in brought

    return {image.path: tuple(part for part in PARTS if may_be_in(image, part)) for image in scan.readable}


def _deal(units: Iterable[_Unit], allowed: _Allowed) -> dict[bytes, Part]:
    """Return the part of each unit: first the fixed ones, then class by class, that with the fewest units first."""
    sides: dict[bytes, Part] = {}
    placed: _Counts = Counter()
    n_units = Counter(name for unit in units for name in unit.classes)
    free: dict[str, list[_Unit]] = {name: [] for name in sorted(n_units, key=lambda name: (n_units[name], name))}
    for unit in units:
        fixed = {allowed[image.path][0] for image in unit.images if len(allowed[image.path]) == 1}
        if fixed:
            sides[unit.order] = next(part for part in _KEPT_FIRST if part in fixed)
            placed.update((image.class_name, sides[unit.order]) for image in unit.images)
        else:
            free[min(unit.classes, key=list(free).index)].append(unit)
    for name, waiting in free.items():
        _deal_class(name, waiting, allowed, sides, placed)
    return sides


def _deal_class(name: str, waiting: list[_Unit], allowed: _Allowed, sides: dict[bytes, Part], placed: _Counts) -> None:
    """Deal the free units of one class, those with most copies first, each to the part that lacks most images."""
    if not waiting:
        return
    parts = next(allowed[image.path] for image in waiting[0].images if image.class_name == name)
    total = sum(placed[name, part] for part in parts) + sum(len(unit.images) for unit in waiting)
    targets = {part: max(1, round(SHARES[part] * total)) for part in parts}
    targets["train"] = total - sum(targets[part] for part in parts if part != "train")
    for left, unit in zip(range(len(waiting), 0, -1), sorted(waiting, key=_copies_then_hash), strict=True):
        empty = [part for part in parts if not placed[name, part]]
        most = max(parts, key=lambda part: targets[part] - placed[name, part])
        side = empty[0] if empty and left <= len(empty) else most
        sides[unit.order] = side
        placed.update((image.class_name, side) for image in unit.images)


def _copies_then_hash(unit: _Unit) -> tuple[int, bytes]:
    return -len(unit.images), unit.order


def _check_enough(scan: Scan, units: Iterable[_Unit], filled: set[tuple[str, Part]]) -> None:
    different = Counter(name for unit in units for name in unit.classes)
    few = [f"“{printable(name)}” has {different[name]}" for name in scan.classes if different[name] < _LEAST]
    if few:
        raise UserError(
            f"Too few images: {', '.join(few)}.",
            "Each class needs at least 2 different images that can be read: one to train on and one to check with. "
            "Add images to the folder of the class, or take the folder out.",
        )
    for name in scan.classes:
        for part, purpose in (("train", "to train on"), ("val", "to check the training with")):
            if (name, part) not in filled:
                raise UserError(
                    f"The class “{printable(name)}” has no image {purpose}.",
                    f"Add images to its folder for “{part}”; they must not be copies of images in the other parts.",
                )
