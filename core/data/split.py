"""Which images a model learns from, which choose its best state, and which score it at the end.

Every class is split 70/15/15 (or as told) on its own. What belongs together is one unit and lies on one side: files of
equal content, near-duplicates, groups. The order in which units are dealt out comes from a hash of seed and content,
not from names or from the order of files.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import cast

from core.base.errors import UserError
from core.data.dataset import PARTS, Dataset, LabelledImage, Part
from core.data.dealing import Counts, Unit, alike, components, deal, order_of
from core.data.folder.listing import FoundImage, Scan
from core.data.images import printable

NOTHING_KNOWN: Mapping[str, Part] = {}
NO_GROUPS: Mapping[str, str] = {}

_KEPT_FIRST: tuple[Part, ...] = ("test", "val", "train")
"""Where one content is fixed on several sides, the first of these keeps it: a test part stays as it was given."""

_LEAST = 2
_Fixed = Mapping[str, Part]


@dataclass(frozen=True)
class Shares:
    """How much of each class goes to each part: more than nothing each, 1 together."""

    train: float = 0.7
    val: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        if min(self.train, self.val, self.test) <= 0 or not math.isclose(self.train + self.val + self.test, 1):
            raise ValueError(f"shares must be above 0 and 1 together: {self}")

    @classmethod
    def between(cls, first: float, second: float) -> "Shares":
        """Return the shares of a slider with two handles, 0 < first < second < 1: train, then val, then test."""
        return cls(first, second - first, 1 - second)

    def by_part(self) -> dict[str, float]:
        """Return the shares by the name of the part."""
        return {"train": self.train, "val": self.val, "test": self.test}


SHARES = Shares()


@dataclass(frozen=True, slots=True)
class _Content:
    """All files of one content that are used; `parts` are those it may be in, one if it is fixed."""

    images: tuple[FoundImage, ...]
    parts: tuple[Part, ...]
    moved: bool


def make_dataset(
    scan: Scan,
    seed: int,
    known: Mapping[str, Part] = NOTHING_KNOWN,
    *,
    together: Iterable[Collection[str]] = (),
    groups: Mapping[str, str] = NO_GROUPS,
    moved: Mapping[str, Part] = NOTHING_KNOWN,
    shares: Shares = SHARES,
) -> Dataset:
    """Deal the usable images out to the parts; equal arguments give the same dataset.

    `together` are clusters of paths and `groups` names one for a path: neither is on two sides. `moved` (path -> part,
    a person's word) takes all that belongs to the image along. `known` (SHA-256, or else path, -> part) never moves,
    and parts that the folder brings stay, also where a group lies on two of them; only what the folder lacks is taken
    from its training images: a test part, and validation images for a class that has none. Left out are copies in
    training (or else in validation) of what is fixed on another side, and new images that belong to known ones on two
    sides (`left_out_by_split`). Raises UserError if a class has no image left to train on or to validate with.
    """
    contents = _contents(scan, known, moved)
    units = _units(contents, together, groups)
    sides, free = _settled(contents, units)
    placed: Counts = Counter((image.class_name, part) for key, part in sides.items() for image in contents[key].images)
    sides |= _dealt(contents, free, seed, shares, placed)
    labels = {name: label for label, name in enumerate(scan.classes)}
    group_of = {key: min(unit) for unit in units if len(unit) > 1 for key in unit}
    images = [
        LabelledImage(image.path, labels[image.class_name], part, image.sha256, group_of.get(key, ""))
        for key, part in sides.items()
        for image in contents[key].images
    ]
    _check_enough(scan, contents, units, {(scan.classes[image.label], image.part) for image in images})
    return Dataset(
        root=scan.root,
        classes=scan.classes,
        images=tuple(sorted(images, key=lambda image: image.path)),
        brings_test=any(image.part == "test" for image in scan.usable),
        elongation=_elongation(scan.usable),
    )


def _elongation(images: Sequence[FoundImage]) -> float:
    sides = [sorted((image.width_px, image.height_px)) for image in images]
    return median([longer / shorter for shorter, longer in sides if shorter] or [1.0])


def left_out_by_split(scan: Scan, dataset: Dataset) -> tuple[str, ...]:
    """Return the paths of images that could be used but are in no part: they would be on two sides."""
    used = {image.path for image in dataset.images}
    return tuple(image.path for image in scan.usable if image.path not in used)


def _contents(scan: Scan, known: Mapping[str, Part], moved: Mapping[str, Part]) -> dict[str, _Content]:
    by_content: dict[str, list[FoundImage]] = defaultdict(list)
    for image in scan.usable:
        by_content[image.sha256 or image.path].append(image)
    may_be_in = _may_be_in(scan, known)
    contents = {}
    for key, same in by_content.items():
        words = {moved[image.path] for image in same if image.path in moved}
        if words:
            contents[key] = _Content(tuple(same), (_first(words),), True)
            continue
        fixed = {may_be_in[image.path][0] for image in same if len(may_be_in[image.path]) == 1}
        kept = tuple(image for image in same if not fixed or _first(fixed) in may_be_in[image.path])
        parts = (_first(fixed),) if fixed else _common(frozenset(may_be_in[image.path] for image in kept))
        contents[key] = _Content(kept, parts, False)
    return contents


def _first(parts: Collection[Part]) -> Part:
    return next(part for part in _KEPT_FIRST if part in parts)


def _may_be_in(scan: Scan, known: Mapping[str, Part]) -> dict[str, tuple[Part, ...]]:
    """Return in which parts each image may be; one part means that it is fixed."""
    usable = scan.usable
    brought = {(image.class_name, image.part) for image in usable}
    brings_test = any(part == "test" for _, part in brought)

    @cache
    def parts(class_name: str, own: Part | None) -> tuple[Part, ...]:
        if own in ("val", "test"):
            return (own,)
        lacking = {"train": True, "val": (class_name, "val") not in brought, "test": not brings_test}
        return tuple(part for part in PARTS if lacking[part])

    def may_be_in(image: FoundImage) -> tuple[Part, ...]:
        fixed = known.get(image.sha256) or known.get(image.path)
        return (fixed,) if fixed else parts(image.class_name, image.part)

    return {image.path: may_be_in(image) for image in usable}


@cache
def _common(choices: frozenset[tuple[Part, ...]]) -> tuple[Part, ...]:
    return tuple(part for part in PARTS if all(part in choice for choice in choices))


def _units(
    contents: Mapping[str, _Content], together: Iterable[Collection[str]], groups: Mapping[str, str]
) -> list[list[str]]:
    """Return the keys of contents in units."""
    content_of = {image.path: key for key, content in contents.items() for image in content.images}
    named = alike({path: groups[path] for path in content_of if groups.get(path)})
    ties = ([content_of[path] for path in tie if path in content_of] for ties in (together, named) for tie in ties)
    return components(contents, ties)


def _settled(contents: Mapping[str, _Content], units: Iterable[list[str]]) -> tuple[dict[str, Part], list[list[str]]]:
    """Return the parts that follow from what is fixed, and the units (or what is left of them) that are free.

    A free content follows the fixed ones of its unit. Where it may follow to two sides it gets none.
    """
    sides: dict[str, Part] = {}
    free = []
    for unit in units:
        words = {contents[key].parts[0] for key in unit if contents[key].moved}
        if len(words) == 1:
            sides.update(dict.fromkeys(unit, *words))
            continue
        fixed = {key: contents[key].parts[0] for key in unit if len(contents[key].parts) == 1}
        sides |= fixed
        rest = []
        for key in unit:
            if key not in fixed:
                to = set(fixed.values()).intersection(contents[key].parts)
                if len(to) == 1:
                    sides[key] = to.pop()
                elif not to:
                    rest.append(key)
        if rest:
            free.append(rest)
    return sides, free


def _dealt(
    contents: Mapping[str, _Content], free: Iterable[list[str]], seed: int, shares: Shares, placed: Counts
) -> Iterator[tuple[str, Part]]:
    members = {order_of(seed, keys): keys for keys in free}
    units = []
    for order, keys in members.items():
        classes = tuple(image.class_name for key in keys for image in contents[key].images)
        units.append(Unit(order, classes, _common(frozenset(contents[key].parts for key in keys))))
    for order, part in deal(units, shares.by_part(), placed).items():
        yield from ((key, cast(Part, part)) for key in members[order])


def _check_enough(
    scan: Scan, contents: Mapping[str, _Content], units: Iterable[list[str]], filled: set[tuple[str, Part]]
) -> None:
    classes_of = {key: {image.class_name for image in content.images} for key, content in contents.items()}
    different = Counter(name for classes in classes_of.values() for name in classes)
    apart = Counter(name for unit in units for name in {name for key in unit for name in classes_of[key]})
    few = [f"“{printable(name)}” has {different[name]}" for name in scan.classes if different[name] < _LEAST]
    if few:
        raise UserError(
            f"Too few images: {', '.join(few)}.",
            "Each class needs at least 2 different images that can be read: one to train on and one to check with. "
            "Add or label more of them, or leave the class out.",
        )
    for name in scan.classes:
        for part, purpose in (("train", "to train on"), ("val", "to check the training with")):
            if (name, part) not in filled:
                raise _missing(scan, name, part, purpose, alone=apart[name] < _LEAST)


def _missing(scan: Scan, name: str, part: str, purpose: str, alone: bool) -> UserError:
    shown = printable(name)
    if alone:
        return UserError(
            f"All images of the class “{shown}” belong together, so that none is left {purpose}.",
            "Images of one group, and those that show nearly the same, stay on one side. Choose another grouping, or "
            "add images of another group.",
        )
    if scan.layout == "parts":
        hint = f"Add images to its folder for “{part}” that are no copies, or move some there from another part."
    else:
        hint = "Add or label more of them, or move some there from another part."
    return UserError(f"The class “{shown}” has no image {purpose}.", hint)
