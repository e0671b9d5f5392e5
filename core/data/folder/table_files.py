"""Finds the image that a cell of a table means."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Match:
    """The path of the image. `by_stem`: only the name without its ending fits, as a running number may by chance.

    `foreign`: the cell has more folders than the path, and they are not those in which the root lies.
    """

    path: str
    by_stem: bool = False
    foreign: bool = False


class TableFiles:
    """The images below a root, each to be found by its path or by its name, with or without its ending.

    The folders that a cell names must be those of the image, as far as both have some, from the end: a table may be
    written for a folder further up or further down.
    """

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self._above = _comparable(root.absolute().as_posix()).split("/")
        self._exact: dict[str, str] = {}
        self._full, self._stems = _Index(), _Index()
        self._asked: dict[str, Match | None] = {}
        for path in paths:
            self._exact[_plain(path)] = path
            comparable = _comparable(path)
            folders, slash, name = comparable.rpartition("/")
            self._full.add(comparable, path)
            self._stems.add(f"{folders}{slash}{name.rpartition('.')[0] or name}", path)

    def find(self, named: str) -> Match | None:
        """Return the one image that is meant, or None if there is none or one of several."""
        if named not in self._asked:
            self._asked[named] = self._match(named)
        return self._asked[named]

    def is_ambiguous(self, named: str) -> bool:
        """Return whether a cell could mean one of several images."""
        return self.find(named) is None and len(self._candidates(_comparable(named))) > 1

    def names_image(self, cell: str) -> bool:
        """Return whether a cell names an image by its path or its full name."""
        match = self.find(cell)
        return match is not None and not match.by_stem

    def _match(self, named: str) -> Match | None:
        if exact := self._exact.get(_plain(named)):
            return Match(exact)
        found = self._candidates(_comparable(named))
        if len(found) != 1:
            return None
        *folders, name = _comparable(named).split("/")
        further = folders[: max(0, len(folders) - found[0].count("/"))]
        by_stem = _comparable(found[0]).rpartition("/")[2] != name
        return Match(found[0], by_stem, foreign=not _agree(self._above, further))

    def _candidates(self, wanted: str) -> Sequence[str]:
        return self._full.candidates(wanted) or self._stems.candidates(wanted)


class _Index:
    """Paths by all of their ends ("site1/a.png" also by "a.png"): a search among equal names would take too long."""

    def __init__(self) -> None:
        self._whole: dict[str, list[str]] = defaultdict(list)
        self._ends: dict[str, list[str]] = defaultdict(list)

    def add(self, key: str, path: str) -> None:
        self._whole[key].append(path)
        for end in _ends(key):
            self._ends[end].append(path)

    def candidates(self, wanted: str) -> Sequence[str]:
        """Return the paths that agree with what is wanted: the one that is it, or that end with it, or are its end."""
        found = self._whole.get(wanted) or self._ends.get(wanted)
        return found or next((self._whole[end] for end in _ends(wanted) if end in self._whole), ())


def _ends(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.partition("/")[2]
        yield path


def _agree(first: Sequence[str], second: Sequence[str]) -> bool:
    both = min(len(first), len(second))
    return both == 0 or first[-both:] == second[-both:]


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path.strip().replace("\\", "/")).removeprefix("./")


def _comparable(path: str) -> str:
    return _plain(path).casefold()
