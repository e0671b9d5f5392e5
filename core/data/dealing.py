"""Units of images that stay together, and dealing them out to parts so that each class has its share of each part."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

Counts = Counter[tuple[str, str]]
"""How many images of a class a part has."""

_FEW = 50
"""Up to so many units, two are moved at once if need be."""


@dataclass(frozen=True)
class Unit:
    """Images that go to one part, by content: `classes` has one entry for each image, `parts` those that it may be in.

    `order` shuffles units of equal size: it comes from seed and content, not from names or the order of files.
    """

    order: bytes
    classes: tuple[str, ...]
    parts: tuple[str, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many images of each class it holds."""
        return {name: self.classes.count(name) for name in set(self.classes)}


def order_of(seed: int, contents: Iterable[str]) -> bytes:
    """Return the place of a unit in the shuffle."""
    return hashlib.sha256(f"{seed} {min(contents)}".encode()).digest()


def components(items: Iterable[str], ties: Iterable[Collection[str]]) -> list[list[str]]:
    """Return the items in groups that hang together by the ties; a tie may name what is no item."""
    leader = {item: item for item in items}

    def find(item: str) -> str:
        while leader[item] != item:
            leader[item] = item = leader[leader[item]]
        return item

    for tie in ties:
        inside = [find(item) for item in tie if item in leader]
        for other in inside[1:]:
            leader[other] = inside[0]
    members: dict[str, list[str]] = defaultdict(list)
    for item in leader:
        members[find(item)].append(item)
    return list(members.values())


def alike(keys: Mapping[str, Hashable]) -> Iterator[list[str]]:
    """Yield the items that have the same key."""
    by_key: dict[Hashable, list[str]] = defaultdict(list)
    for item, key in keys.items():
        by_key[key].append(item)
    yield from by_key.values()


def deal(units: Sequence[Unit], shares: Mapping[str, float], placed: Counts) -> dict[bytes, str]:
    """Return the part of each unit; `placed` are the images that have theirs already.

    The largest unit comes first and goes where its classes lack most images. A class with enough units is in each of
    its parts, of which the first matter most. What a part may not have goes to the first.
    """
    table = _Table(units, shares, placed)
    sides = {unit.order: table.place(unit) for unit in sorted(units, key=lambda unit: (-len(unit.classes), unit.order))}
    table.mend(units, sides)
    return sides


class _Table:
    """Where images lie while they are dealt out, and what each part is meant to have of each class."""

    def __init__(self, units: Iterable[Unit], shares: Mapping[str, float], placed: Counts) -> None:
        self._placed = Counter(placed)
        self._waiting: Counter[str] = Counter()
        free: Counter[str] = Counter()
        may_be_in: dict[str, set[str]] = defaultdict(set)
        for unit in units:
            for name, n in unit.counts.items():
                free[name] += n
                self._waiting[name] += 1
                may_be_in[name].update(unit.parts)
        self._parts = {name: [part for part in shares if part in may_be_in[name]] for name in sorted(free)}
        self._totals = {n: free[n] + sum(placed[n, part] for part in parts) for n, parts in self._parts.items()}
        self._targets = dict(self._meant(shares))
        self._weights = {part: 4.0**-place for place, part in enumerate(shares)}

    def place(self, unit: Unit) -> str:
        """Put a unit down where it helps most and return the part."""
        urgent = [name for name in unit.counts if self._waiting[name] <= len(self._empty(name))]
        side = min(unit.parts, key=lambda part: (-self._filled(urgent, part), self._cost(unit, part)))
        self._shift(unit, side, 1)
        for name in unit.counts:
            self._waiting[name] -= 1
        return side

    def mend(self, units: Sequence[Unit], sides: dict[bytes, str]) -> None:
        """Move single units, or two of a few, to where a class is missing if nothing as bad follows."""
        with_class: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            for name in unit.counts:
                with_class[name].append(unit)
        missing = [(name, part) for part in self._weights for name in self._parts if part in self._empty(name)]
        for name, part in missing:
            able = [unit for unit in with_class[name] if part in unit.parts]
            if self._placed[name, part] or not able:
                continue
            best = min(able, key=lambda unit: self._harm(unit, sides[unit.order], part))
            if self._harm(best, sides[best.order], part)[0] < 0:
                self._move(best, part, sides)
            elif len(units) <= _FEW:
                self._mend_with_two(part, able, units, sides)

    def _mend_with_two(self, part: str, able: Sequence[Unit], units: Sequence[Unit], sides: dict[bytes, str]) -> None:
        for one in sorted(able, key=lambda unit: unit.order):
            old = sides[one.order]
            harm = self._harm(one, old, part)[0]
            self._move(one, part, sides)
            others = ((self._harm(unit, sides[unit.order], to), unit, to) for unit in units for to in unit.parts)
            least, other, to = min(others, key=lambda choice: choice[0])
            if harm + least[0] < 0:
                self._move(other, to, sides)
                return
            self._move(one, old, sides)

    def _meant(self, shares: Mapping[str, float]) -> Iterator[tuple[tuple[str, str], float]]:
        for name, (first, *others) in self._parts.items():
            yield from (((name, part), shares[part] * self._totals[name]) for part in others)
            yield (name, first), self._totals[name] * (1 - sum(shares[part] for part in others))

    def _empty(self, name: str) -> list[str]:
        return [part for part in self._parts[name] if not self._placed[name, part]]

    def _filled(self, names: Iterable[str], part: str) -> float:
        """Say how much it matters that the part gets its first image of these classes."""
        return sum(self._weights[part] for name in names if not self._placed[name, part])

    def _harm(self, unit: Unit, old: str, new: str) -> tuple[float, float, bytes]:
        """Say how much worse it is if a unit moves: by classes that go missing, then by shares."""
        if old == new:
            return 0, 0, unit.order
        left = (name for name, n in unit.counts.items() if self._placed[name, old] == n)
        missing = sum(self._weights[old] for _ in left) - self._filled(unit.counts, new)
        return missing, self._cost(unit, new), unit.order

    def _cost(self, unit: Unit, part: str) -> float:
        """Return how much further from the shares its classes are with the unit in a part: squares, as shares."""
        return sum(
            n * (n + 2 * (self._placed[name, part] - self._targets.get((name, part), 0))) / self._totals[name] ** 2
            for name, n in unit.counts.items()
        )

    def _move(self, unit: Unit, part: str, sides: dict[bytes, str]) -> None:
        self._shift(unit, sides[unit.order], -1)
        self._shift(unit, part, 1)
        sides[unit.order] = part

    def _shift(self, unit: Unit, part: str, sign: int) -> None:
        for name, n in unit.counts.items():
            self._placed[name, part] += sign * n
