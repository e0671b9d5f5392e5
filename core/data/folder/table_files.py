"""Finds the image that a cell of a table means."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
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
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._asked: dict[str, Sequence[str]] = {}
        for path in paths:
            self._exact[_plain(path)] = path
            name = _comparable(path).rpartition("/")[2]
            self._by_name[name].append(path)
            self._by_stem[name.rpartition(".")[0]].append(path)

    def find(self, named: str) -> Match | None:
        """Return the one image that is meant, or None if there is none or one of several."""
        if exact := self._exact.get(_plain(named)):
            return Match(exact)
        found = self._candidates(_comparable(named))
        if len(found) != 1:
            return None
        *folders, name = _comparable(named).split("/")
        further = folders[: max(0, len(folders) - found[0].count("/"))]
        return Match(found[0], by_stem=name not in self._by_name, foreign=not _agree(self._above, further))

    def is_ambiguous(self, named: str) -> bool:
        """Return whether a cell could mean one of several images."""
        return _plain(named) not in self._exact and len(self._candidates(_comparable(named))) > 1

    def names_image(self, cell: str) -> bool:
        """Return whether a cell names an image by its path or its full name."""
        match = self.find(cell)
        return match is not None and not match.by_stem

    def _candidates(self, wanted: str) -> Sequence[str]:
        if wanted not in self._asked:
            self._asked[wanted] = self._search(wanted)
        return self._asked[wanted]

    def _search(self, wanted: str) -> Sequence[str]:
        *folders, name = wanted.split("/")
        same = self._by_name.get(name) or self._by_stem.get(name, []) if name else []
        found = [path for path in same if _agree(_folders(_comparable(path)), folders)]
        if len(found) < 2:
            return found
        just = [path for path in found if wanted in (_comparable(path), _comparable(path).rpartition(".")[0])]
        return just if len(just) == 1 else found  # one of several may lie just there


def _agree(first: Sequence[str], second: Sequence[str]) -> bool:
    both = min(len(first), len(second))
    return both == 0 or first[-both:] == second[-both:]


def _folders(path: str) -> list[str]:
    return path.split("/")[:-1]


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path.strip().replace("\\", "/")).removeprefix("./")


def _comparable(path: str) -> str:
    return _plain(path).casefold()
