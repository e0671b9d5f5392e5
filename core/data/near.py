"""Near-duplicates: different files that show the same picture, resized, recompressed, a little cropped or brighter.

Perceptual hashes (256 bits, by DCT: `imagehash.phash`) are compared pair by pair; pictures that are near, and what is
near to those, make a cluster. What was measured on seven sets of images stands in core/README.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.base.events import Stop, never
from core.data.folder.listing import FoundImage

Clusters = tuple[tuple[str, ...], ...]
_Indices = NDArray[np.intp]

_HASH_DIGITS = 64
_LEVELS = (56, 40, 24, 8)
"""In how many of 256 bits near pictures may differ; others of one kind (hands, heads) begin about there. Where
a cluster grows over a good part of a class even so, its pictures are too much alike for this measure, and it is taken
apart at the next, stricter level."""

_SURE = 32
"""Up to so many bits the hash alone says enough; beyond, shape and colour must agree as well."""

_SHAPES = 0.12
_COLOURS = 0.05
_SHARE_OF_CLASS = 0.2
_NEVER_TOO_MANY = 5
_BLOCK = (256, 4096)
"""Rows and columns that are compared at once: few enough for a processor's cache, and to ask `stop` in between."""

_MANY_LINKS = 100_000


@dataclass(frozen=True)
class _Pictures:
    """One entry for each content: hash as 4 words of 64 bits, logarithm of the aspect ratio, mean colour, class."""

    words: NDArray[np.uint64]
    shapes: NDArray[np.float32]
    colours: NDArray[np.float32]
    classes: tuple[str, ...]


class _Stopped(Exception):  # noqa: N818 - stopping is not an error
    """`stop` said so."""


def near_hashes(first: str, second: str) -> bool:
    """Return whether two perceptual hashes (64 hex digits; empty: none) are those of nearly one picture."""
    return bool(first and second) and (int(first, 16) ^ int(second, 16)).bit_count() <= _LEVELS[0]


def near_duplicates(images: Sequence[FoundImage], stop: Stop = never) -> Clusters:
    """Return clusters of paths: at least two different contents each, with all their copies; none if stopped.

    Images without a perceptual hash (not measured, or without any contrast) are in none. 100,000 images take about 25 s
    on one core.
    """
    contents = _contents(images)
    if stop() or not contents:
        return ()
    try:
        clusters = list(_clusters(_pictures([same[0] for same in contents]), stop))
    except _Stopped:
        return ()
    return tuple(sorted(tuple(sorted(i.path for k in cluster for i in contents[k])) for cluster in clusters))


def _contents(images: Sequence[FoundImage]) -> list[list[FoundImage]]:
    """Return the images with a hash, copies in one list; equal hashes follow each other, so that they join early."""
    by_hash: dict[str, dict[str, list[FoundImage]]] = defaultdict(lambda: defaultdict(list))
    for image in images:
        if image.facts is not None and len(image.facts.phash) == _HASH_DIGITS:
            by_hash[image.facts.phash][image.sha256 or image.path].append(image)
    return [same for contents in by_hash.values() for same in contents.values()]


def _pictures(images: Sequence[FoundImage]) -> _Pictures:
    facts = [image.facts for image in images if image.facts is not None]
    digits = "".join(fact.phash for fact in facts)
    return _Pictures(
        np.frombuffer(bytes.fromhex(digits), np.uint64).reshape(-1, 4),
        np.log(np.array([max(i.width_px, 1) / max(i.height_px, 1) for i in images], np.float32)),
        np.array([fact.colour for fact in facts], np.float32),
        tuple(image.class_name for image in images),
    )


def _clusters(pictures: _Pictures, stop: Stop) -> Iterator[_Indices]:
    """Link all pictures, and those of each cluster that swallows a class once more at the next level."""
    in_class = Counter(pictures.classes)
    waiting = [(np.arange(len(pictures.classes)), 0)]
    while waiting:
        members, level = waiting.pop()
        for cluster in _linked(pictures, members, _LEVELS[level], stop):
            if level + 1 < len(_LEVELS) and _swallows((pictures.classes[k] for k in cluster), in_class):
                waiting.append((cluster, level + 1))
            else:
                yield cluster


def _swallows(cluster: Iterable[str], in_class: Counter[str]) -> bool:
    inside = Counter(cluster)
    return any(n > max(_NEVER_TOO_MANY, _SHARE_OF_CLASS * in_class[name]) for name, n in inside.items())


def _linked(pictures: _Pictures, members: _Indices, most: int, stop: Stop) -> list[_Indices]:
    """Return the connected components, of two pictures or more, of pairs that differ in `most` bits or less."""
    words = [np.ascontiguousarray(column) for column in pictures.words[members].T]
    shapes, colours = pictures.shapes[members], pictures.colours[members]
    differences = _Differences(words)
    labels = np.arange(len(members))
    waiting: list[_Indices] = []
    for rows, columns in _blocks(len(members)):
        if stop():
            raise _Stopped
        if (labels[rows] == labels[rows.start]).all() and (labels[columns] == labels[rows.start]).all():
            continue  # these hang together already: keeps films and fixed cameras from taking minutes
        left, right, bits = differences.up_to(most, rows, columns)
        agree = np.abs(shapes[left] - shapes[right]) <= _SHAPES
        agree &= (np.abs(colours[left] - colours[right]) <= _COLOURS).all(axis=1)
        near = (labels[left] != labels[right]) & (agree | (bits <= _SURE))
        waiting.append(np.stack([left[near], right[near]]))
        if rows.start == 0 or sum(links.shape[1] for links in waiting) > _MANY_LINKS:
            labels, waiting = _joined(labels, waiting), []
    return _components(members, _joined(labels, waiting))


def _blocks(n: int) -> Iterator[tuple[slice, slice]]:
    """Yield blocks that hold every pair once (some twice), first those of neighbours: films are joined early."""
    height, width = _BLOCK
    for shift in range(0, n, width):
        for row in range(0, n, height):
            column = row - row % width + shift
            if column < n:
                yield slice(row, min(row + height, n)), slice(column, min(column + width, n))


def _joined(labels: _Indices, links: Sequence[_Indices]) -> _Indices:
    """Return the labels after pairs of entries (2, m) were joined: entries that hang together have one label."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = labels[np.concatenate([np.empty((2, 0), np.intp), *links], axis=1)]
    graph = coo_array((np.ones(ends.shape[1], np.bool_), (ends[0], ends[1])), shape=(len(labels), len(labels)))
    _, of_label = connected_components(graph, directed=False)
    joined: _Indices = of_label[labels].astype(np.intp)
    return joined


def _components(members: _Indices, labels: _Indices) -> list[_Indices]:
    order = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[order])) + 1
    return [members[same] for same in np.split(order, ends) if len(same) > 1]


class _Differences:
    """Counts differing bits block by block, in the same memory each time: that doubles the speed."""

    def __init__(self, words: list[NDArray[np.uint64]]) -> None:
        self._words = words
        self._mixed = np.empty(_BLOCK, np.uint64)
        self._ones = np.empty(_BLOCK, np.uint8)
        self._bits = np.empty(_BLOCK, np.uint8)

    def up_to(self, most: int, rows: slice, columns: slice) -> tuple[_Indices, _Indices, _Indices]:
        """Return positions (left, right) and differing bits of the pairs in a block that differ in `most` or less."""
        first, *others = self._words
        cut = np.s_[: rows.stop - rows.start, : columns.stop - columns.start]
        mixed, ones, bits = self._mixed[cut], self._ones[cut], self._bits[cut]
        np.bitwise_count(np.bitwise_xor(first[rows, None], first[columns], out=mixed), out=bits)
        for word in others:
            np.bitwise_count(np.bitwise_xor(word[rows, None], word[columns], out=mixed), out=ones)
            np.add(bits, ones, out=bits)
        left, right = np.nonzero(bits <= most)
        left, right = left + rows.start, right + columns.start
        exact = np.stack([np.bitwise_count(word[left] ^ word[right]) for word in self._words]).sum(
            axis=0, dtype=np.intp
        )
        true = exact <= most  # a negative differs in 256 bits, which the buffer took for none
        return left[true], right[true], exact[true]
