"""Which images belong together, as a guess from subfolders, names and times, for a person to confirm or change.

A wrong guess costs little while groups are small; one that puts a good part of a class into one group ruins the split.
A guess is therefore only made where every class stays in many pieces.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import PurePosixPath

from core.data.folder.listing import FoundImage, Scan

_SEPARATORS = "_- .@#+~,=("
_NTH = ("first ", "second ", "third ")
_SHOWN_GROUPS = 3
_SHOWN_PATHS = 4
_BURSTS = ((300, "five minutes"), (60, "a minute"), (10, "ten seconds"), (2, "two seconds"))
"""Seconds between pictures of one burst, the longest first: the first that leaves the classes in pieces is taken."""


@dataclass(frozen=True)
class Grouping:
    """One way to tell what belongs together; `groups` holds only images in a group of two or more.

    `examples` are a few of the largest groups: there a wrong guess shows first.
    """

    key: str
    title: str
    n_groups: int
    examples: tuple[tuple[str, ...], ...]
    groups: Mapping[str, str]


@dataclass(frozen=True)
class _Bounds:
    """When a guess is offered: pieces that each class is left in, share of the largest, share of images in groups."""

    least_pieces: int
    largest: float
    offered_from: float
    convinces_from: float


_GIVEN = _Bounds(least_pieces=3, largest=0.5, offered_from=0, convinces_from=0)
_NAME = _Bounds(least_pieces=5, largest=0.34, offered_from=0.1, convinces_from=0.25)
_TIME = _Bounds(least_pieces=5, largest=0.34, offered_from=0.02, convinces_from=0.2)


@dataclass(frozen=True)
class _Guess:
    key: str
    title: str
    groups: Mapping[str, str]
    convinces: bool


NOTHING = Grouping("none", "nothing: each picture alone", 0, (), {})


def groupings(scan: Scan, kept: str = "") -> tuple[Grouping, ...]:
    """Return the groupings that make sense for these images, the most convincing first; "none" stands before others.

    The one whose key is `kept` was decided before: it stays among them however little it convinces by now.
    """
    images = scan.usable
    guesses = [guess for guesser in _GUESSERS if (guess := guesser(images, kept)) is not None]
    convincing = [_grouping(guess) for guess in guesses if guess.convinces or guess.key == kept]
    others = [_grouping(guess) for guess in guesses if not (guess.convinces or guess.key == kept)]
    return (*convincing, NOTHING, *others)


def _grouping(guess: _Guess) -> Grouping:
    members = _members(guess.groups)
    largest = sorted(members.values(), key=lambda paths: (-len(paths), paths))[:_SHOWN_GROUPS]
    examples = tuple(tuple(paths[:_SHOWN_PATHS]) for paths in largest)
    return Grouping(guess.key, guess.title, len(members), examples, guess.groups)


def _given(images: Sequence[FoundImage], kept: str) -> _Guess | None:
    """Take what the subfolders or the table say; offered even where it leaves too few pieces, as somebody said it."""
    groups = _of_two({image.path: image.group for image in images if image.group})
    if not groups:
        return None
    folders = sum(set(image.group.split("/")) <= set(image.path.split("/")[:-1]) for image in images if image.group)
    title = "the subfolder" if folders * 2 > len(groups) else "the column of the table"
    return _Guess("given", title, groups, _in_pieces(images, groups, _GIVEN))


def _by_name(images: Sequence[FoundImage], kept: str) -> _Guess | None:
    """Find the beginning of names that most images share with a few others; the shortest that leaves enough pieces."""
    best: tuple[int, _Guess] | None = None
    stems = {image.path: PurePosixPath(image.path).stem for image in images}
    for title, cut in _cuts(stems.values()):
        groups = _of_two({path: start for path, stem in stems.items() if (start := cut(stem))})
        share, key = len(groups) / max(1, len(images)), f"name: {title}"
        if groups and key == kept:
            return _Guess(key, title, groups, True)
        if share < _NAME.offered_from or not _in_pieces(images, groups, _NAME):
            continue
        guess = _Guess(key, title, groups, share >= _NAME.convinces_from)
        rank = len(images) - len(groups) + len(set(groups.values()))
        if best is None or (guess.convinces, -rank) > (best[1].convinces, -best[0]):
            best = rank, guess
    return best[1] if best else None


def _cuts(names: Collection[str]) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield a title and a function from a name to its beginning, empty where the name has none."""
    for separator in _SEPARATORS:
        most = max((name.count(separator) for name in names), default=0)
        shown = "space" if separator == " " else f"“{separator}”"
        for count, nth in enumerate(_NTH[:most], 1):
            yield f"the name before the {nth}{shown}", _before(separator, count)
        if most > 1:
            yield f"the name before the last {shown}", _before_last(separator)
    yield "the name without the letter at its end", _before_letter


def _before(separator: str, count: int) -> Callable[[str], str]:
    def cut(name: str) -> str:
        pieces = name.split(separator)
        return separator.join(pieces[:count]).strip() if len(pieces) > count else ""

    return cut


def _before_last(separator: str) -> Callable[[str], str]:
    return lambda name: name.rpartition(separator)[0].strip()


def _before_letter(name: str) -> str:
    """Cut “scan12b” to “scan12”."""
    found = re.fullmatch(r"(.*\d)[A-Za-z]", name)
    return found[1] if found else ""


def _by_time(images: Sequence[FoundImage], kept: str) -> _Guess | None:
    """Take pictures of one camera that follow each other quickly as one burst."""
    taken = sorted(
        (image.facts.camera, time, image.path)
        for image in images
        if image.facts is not None and (time := _time(image.facts.captured)) is not None
    )
    for seconds, words in sorted(_BURSTS, key=lambda burst: f"time: {burst[0]} s" != kept):
        groups = _of_two(_bursts(taken, seconds))
        share, key = len(groups) / max(1, len(images)), f"time: {seconds} s"
        if groups and key == kept:
            return _Guess(key, f"when they were taken, within {words}", groups, True)
        if share >= _TIME.offered_from and _in_pieces(images, groups, _TIME):
            return _Guess(key, f"when they were taken, within {words}", groups, share >= _TIME.convinces_from)
    return None


def _bursts(taken: Sequence[tuple[str, float, str]], seconds: float) -> dict[str, str]:
    number = 0
    bursts = {path: "0" for *_, path in taken[:1]}
    for (camera, time, _), (next_camera, next_time, path) in pairwise(taken):
        number += camera != next_camera or next_time - time > seconds
        bursts[path] = str(number)
    return bursts


def _time(captured: str) -> float | None:
    """Return seconds of a time in ISO 8601; None where there is none."""
    try:
        return datetime.fromisoformat(captured).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


_GUESSERS: tuple[Callable[[Sequence[FoundImage], str], _Guess | None], ...] = (_given, _by_name, _by_time)


def _members(groups: Mapping[str, str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for path in sorted(groups):
        members[groups[path]].append(path)
    return members


def _of_two(groups: Mapping[str, str]) -> dict[str, str]:
    """Return only the images that share their group with another one."""
    sizes = Counter(groups.values())
    return {path: name for path, name in groups.items() if sizes[name] > 1}


def _in_pieces(images: Sequence[FoundImage], groups: Mapping[str, str], bounds: _Bounds) -> bool:
    """Say whether each class is left in enough pieces, none of which holds too much of it, where Graft splits it."""
    pieces: dict[str, Counter[str]] = defaultdict(Counter)
    for image in (image for image in images if image.part in (None, "train")):
        pieces[image.class_name][groups.get(image.path) or f"/{image.path}"] += 1
    return bool(groups) and all(
        len(sizes) >= bounds.least_pieces and max(sizes.values()) <= bounds.largest * sizes.total()
        for sizes in pieces.values()
    )
