"""What to know about the classes: their names and sizes."""

import unicodedata
from collections import defaultdict

from core.data.corrections import Correction
from core.data.findings.finding import Evidence, Finding, joined, listed, paths, plural, quoted

FEW_IMAGES = 20
IMBALANCE = 4


def names_alike(evidence: Evidence) -> Finding | None:
    """Classes whose names differ only in capitals, blanks or form of letters."""
    by_name: dict[str, list[str]] = defaultdict(list)
    sizes = evidence.class_sizes
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        by_name[_plain(name)].append(name)
    alike = [names for names in by_name.values() if len(names) > 1]
    if not alike:
        return None
    larger = {name: first for first, *others in alike for name in others}
    images = [image for image in evidence.scan.images if image.class_name in larger]
    remedy = tuple(Correction(image.path, "label", larger[image.class_name]) for image in images)
    told = [joined([f"{quoted(name)} ({sizes[name]})" for name in names]) for names in alike]
    title = plural(len(alike), "class is written in two ways", "classes are written in two ways")
    advice = (
        f"{listed(told, '; ')} differ only in capitals, blanks or the form of a letter. "
        "If they mean the same, make them one."
    )
    one = f"Label {quoted(next(iter(larger)))} as {quoted(alike[0][0])}"
    remedy_title = one if len(larger) == 1 else "Label each as the larger one"
    return Finding("class-names", "warn", len(alike), title, advice, paths(images), remedy_title, remedy)


def few_images(evidence: Evidence) -> Finding | None:
    """Classes with few images."""
    few = {name: n for name, n in evidence.class_sizes.items() if n < FEW_IMAGES}
    if not few:
        return None
    title = plural(len(few), "class with few images", "classes with few images")
    named = listed([f"{quoted(name)} has {n}" for name, n in few.items()])
    images = [image for image in evidence.labelled if image.class_name in few]
    advice = f"{named}. Try to have at least {FEW_IMAGES} in each class."
    return Finding("few-images", "warn", len(few), title, advice, paths(images))


def imbalance(evidence: Evidence) -> Finding | None:
    """Classes of very different size."""
    sizes = evidence.class_sizes
    if not sizes:
        return None
    largest, smallest = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    if sizes[largest] <= IMBALANCE * sizes[smallest]:
        return None
    advice = (
        f"{quoted(largest)} has {sizes[largest]}, {quoted(smallest)} has {sizes[smallest]}. "
        "The model may prefer the large class. Look at the score of each class, not only at the whole."
    )
    return Finding("imbalance", "warn", 0, "Classes of very different size", advice)


def _plain(name: str) -> str:
    """Return a name without what the eye passes over (Unicode's compatibility form, folded, blanks as one)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
