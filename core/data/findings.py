"""What a person should know about the images before training: one entry for each kind of trouble."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from core.data.corrections import Correction
from core.data.dataset import Dataset
from core.data.images import printable
from core.data.scan import FoundImage, Scan

Severity = Literal["bad", "warn", "info"]

FEW_IMAGES = 20
IMBALANCE = 4
SMALL_TEST = 100
_NAMED = 3
_ENOUGH: tuple[tuple[int, str], ...] = (
    (500, "That is enough for every way of transfer, also for fine-tuning everything."),
    (50, "That is enough for feature extraction, and for careful fine-tuning."),
    (FEW_IMAGES, "That is enough for feature extraction."),
    (0, "That is very little. Feature extraction can work, but the score will be uncertain."),
)
"""From how many images a class on what can be said of them."""


@dataclass(frozen=True)
class Finding:
    """One thing worth a look. `title` goes on from `count` ("3 can’t be read") and stands alone where that is 0.

    `advice` is whole sentences. `images` are the paths, as in the scan, of the images that are meant. `remedy` are the
    corrections that would mend it at one click, named by `remedy_title` ("Leave out the copies").
    """

    key: str
    severity: Severity
    count: int
    title: str
    advice: str
    images: tuple[str, ...] = ()
    remedy_title: str = ""
    remedy: tuple[Correction, ...] = ()


def findings(scan: Scan, dataset: Dataset | None) -> tuple[Finding, ...]:
    """Return all findings, the worst first; the last one says that training can begin, if there is a dataset."""
    checks: tuple[Callable[[Scan, Dataset | None], Finding | None], ...] = (
        _unreadable,
        _in_two_classes,
        _in_two_parts,
        _copies,
        _few_images,
        _imbalance,
        _small_test,
        _untested,
        _empty,
        _outside,
        _ready,
    )
    found = [finding for check in checks if (finding := check(scan, dataset)) is not None]
    return tuple(sorted(found, key=lambda finding: ("bad", "warn", "info").index(finding.severity)))


def _unreadable(scan: Scan, dataset: Dataset | None) -> Finding | None:
    bad = scan.unreadable
    if not bad:
        return None
    named = [f"“{printable(image.path)}”: {image.problem}" for image in bad]
    advice = f"Left out of training. {_list(named, '; ')}."
    return Finding("unreadable", "bad", len(bad), "can’t be read", advice, _paths(bad))


def _in_two_classes(scan: Scan, dataset: Dataset | None) -> Finding | None:
    same = [images for images in _same_content(scan) if len({image.class_name for image in images}) > 1]
    if not same:
        return None
    title = "same image in two classes" if len(same) == 1 else "images that lie in two classes each"
    advice = "One of the classes must be wrong, and the model learns both. Keep the right copy only."
    return Finding("two-classes", "bad", len(same), title, advice, _paths(*same))


def _in_two_parts(scan: Scan, dataset: Dataset | None) -> Finding | None:
    same = [images for images in _same_content(scan) if len({image.part for image in images}) > 1]
    if not same:
        return None
    title = "same image in two parts" if len(same) == 1 else "images that lie in two parts each"
    advice = "They would make the score too good. Only the copy in the test part, or else in validation, is used."
    return Finding("two-parts", "warn", len(same), title, advice, _paths(*same))


def _copies(scan: Scan, dataset: Dataset | None) -> Finding | None:
    same = [images for images in _same_content(scan) if len({(i.class_name, i.part) for i in images}) == 1]
    if not same:
        return None
    extra = sum(len(images) - 1 for images in same)
    title = "exact copy of another image" if extra == 1 else "exact copies of other images"
    advice = "Copies stay on one side of the split. They count double, so remove them if you can."
    return Finding("copies", "warn", extra, title, advice, _paths(*same))


def _few_images(scan: Scan, dataset: Dataset | None) -> Finding | None:
    few = {name: n for name, n in _class_sizes(scan).items() if n < FEW_IMAGES}
    if not few:
        return None
    title = "class with few images" if len(few) == 1 else "classes with few images"
    named = _list([f"“{printable(name)}” has {n}" for name, n in few.items()])
    return Finding("few-images", "warn", len(few), title, f"{named}. Try to have at least {FEW_IMAGES} in each class.")


def _imbalance(scan: Scan, dataset: Dataset | None) -> Finding | None:
    sizes = _class_sizes(scan)
    largest, smallest = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    if sizes[largest] <= IMBALANCE * sizes[smallest]:
        return None
    advice = (
        f"“{printable(largest)}” has {sizes[largest]}, “{printable(smallest)}” has {sizes[smallest]}. "
        "The model may prefer the large class. Look at the score of each class, not only at the whole."
    )
    return Finding("imbalance", "warn", 0, "Classes of very different size", advice)


def _small_test(scan: Scan, dataset: Dataset | None) -> Finding | None:
    if dataset is None:
        return None
    test = dataset.part("test")
    if len(test) >= SMALL_TEST:
        return None
    if not test:
        advice = "There is nothing to measure the model with. Add images."
        return Finding("small-test", "warn", 0, "No images to test with", advice)
    points = _margin(0.9, len(test))
    advice = f"A score of 90 % on so few can be {points} points off, only by chance. More images make it surer."
    title = "image to test with" if len(test) == 1 else "images to test with are few"
    return Finding("small-test", "warn", len(test), title, advice, tuple(image.path for image in test))


def _untested(scan: Scan, dataset: Dataset | None) -> Finding | None:
    if dataset is None or not dataset.part("test"):
        return None
    names = [name for name, counts in zip(dataset.classes, dataset.counts(), strict=True) if not counts["test"]]
    if not names:
        return None
    title = "class without test images" if len(names) == 1 else "classes without test images"
    named = _list([f"“{printable(name)}”" for name in names])
    return Finding("untested", "warn", len(names), title, f"The score will say nothing about {named}.")


def _empty(scan: Scan, dataset: Dataset | None) -> Finding | None:
    if not scan.empty:
        return None
    title = "folder without images" if len(scan.empty) == 1 else "folders without images"
    named = _list([f"“{name}”" for name in scan.empty])
    return Finding("empty", "warn", len(scan.empty), title, f"Not a class until there are some: {named}.")


def _outside(scan: Scan, dataset: Dataset | None) -> Finding | None:
    if not scan.outside:
        return None
    title = "not in a class folder"
    advice = f"Left out: {_list([f'“{name}”' for name in scan.outside])}."
    return Finding("outside", "info", len(scan.outside), title, advice)


def _ready(scan: Scan, dataset: Dataset | None) -> Finding | None:
    if dataset is None:
        return None
    usual = round(median(_class_sizes(scan).values()))
    step = 10 if usual >= 100 else 5 if usual >= FEW_IMAGES else 1
    enough = next(words for least, words in _ENOUGH if usual >= least)
    return Finding("ready", "info", 0, "Ready to train", f"About {round(usual / step) * step} images a class. {enough}")


def _margin(score: float, n: int) -> int:
    """Return in percentage points how far a score on n images may be off (95 %, normal approximation)."""
    return max(1, round(196 * math.sqrt(score * (1 - score) / n)))


def _same_content(scan: Scan) -> list[list[FoundImage]]:
    by_content: dict[str, list[FoundImage]] = defaultdict(list)
    for image in scan.readable:
        if image.sha256:
            by_content[image.sha256].append(image)
    return [images for images in by_content.values() if len(images) > 1]


def _class_sizes(scan: Scan) -> dict[str, int]:
    counts = Counter(image.class_name for image in scan.readable)
    return {name: counts[name] for name in scan.classes}


def _paths(*groups: Sequence[FoundImage]) -> tuple[str, ...]:
    return tuple(image.path for images in groups for image in images)


def _list(items: Sequence[str], separator: str = ", ") -> str:
    rest = len(items) - _NAMED
    shown = separator.join(items[:_NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown
