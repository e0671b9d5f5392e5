"""What to know about the split, and whether training can begin."""

import math
from collections import defaultdict
from statistics import median

from core.data.findings.classes import FEW_IMAGES
from core.data.findings.finding import Evidence, Finding, Severity, listed, paths, plural, quoted
from core.data.folder.listing import FoundImage
from core.data.split import left_out_by_split

SMALL_TEST = 100
_MEANINGLESS = 30
_ENOUGH: tuple[tuple[int, str], ...] = (
    (500, "That is enough for every way of transfer, also for fine-tuning everything."),
    (50, "That is enough for feature extraction, and for careful fine-tuning."),
    (FEW_IMAGES, "That is enough for feature extraction."),
    (0, "That is very little. Feature extraction can work, but the score will be uncertain."),
)
"""From how many images a class on what can be said of them."""


def small_test(evidence: Evidence) -> Finding | None:
    """A test part from which little can be said."""
    if evidence.dataset is None:
        return None
    test = evidence.dataset.part("test")
    if len(test) >= SMALL_TEST:
        return None
    if not test:
        advice = "There is nothing to measure the model with. Add images."
        return Finding("small-test", "warn", 0, "No images to test with", advice)
    points = _margin(0.9, len(test))
    advice = f"A score of 90 % on so few can be {points} points off, only by chance. More images make it surer."
    title = plural(len(test), "image to test with", "images to test with are few")
    if len(test) < _MEANINGLESS:
        title = plural(len(test), "image to test with means little", "images to test with are too few to mean much")
        advice += (
            " Or choose cross-validation among the settings of the model: it trains several times, each time with other"
            " images kept for the test, and scores them all."
        )
    return Finding("small-test", "warn", len(test), title, advice, tuple(image.path for image in test))


def between(evidence: Evidence) -> Finding | None:
    """Images that the split had to leave out."""
    if evidence.dataset is None:
        return None
    content_of = {image.path: image.sha256 for image in evidence.labelled}
    used = {image.sha256 for image in evidence.dataset.images}
    out = left_out_by_split(evidence.scan, evidence.dataset)
    images = tuple(path for path in out if content_of[path] not in used)  # copies of used ones have their own finding
    if not images:
        return None
    title = plural(len(images), "image is in no part of the split", "images are in no part of the split")
    advice = "Each belongs to images on two sides, where it would make the score too good. They are not used."
    return Finding("between", "warn", len(images), title, advice, images)


def group_across(evidence: Evidence) -> Finding | None:
    """Groups that a table, a subfolder or a person names, and that lie on several sides of the split."""
    members: dict[str, list[FoundImage]] = defaultdict(list)
    for image in evidence.labelled:
        if image.group and image.path in evidence.parts:
            members[image.group].append(image)
    across = {
        name: images for name, images in members.items() if len({evidence.parts[image.path] for image in images}) > 1
    }
    if not across:
        return None
    severity: Severity = "warn" if evidence.scan.layout == "table" else "info"
    title = plural(len(across), "group lies on two sides of the split", "groups lie on two sides of the split")
    advice = (
        f"{listed([quoted(name) for name in across])}. If these images belong together, the score will be too good:"
        " choose beneath the split what stays together."
    )
    return Finding("group-across", severity, len(across), title, advice, paths(*across.values()))


def untested(evidence: Evidence) -> Finding | None:
    """Classes without an image to test with."""
    dataset = evidence.dataset
    if dataset is None or not dataset.part("test"):
        return None
    names = [name for name, counts in zip(dataset.classes, dataset.counts(), strict=True) if not counts["test"]]
    if not names:
        return None
    title = plural(len(names), "class without test images", "classes without test images")
    named = listed([quoted(name) for name in names])
    return Finding("untested", "warn", len(names), title, f"The score will say nothing about {named}.")


def ready(evidence: Evidence) -> Finding | None:
    """Training can begin."""
    if evidence.dataset is None:
        return None
    usual = round(median(evidence.class_sizes.values()))
    step = 10 if usual >= 100 else 5 if usual >= FEW_IMAGES else 1
    enough = next(words for least, words in _ENOUGH if usual >= least)
    return Finding("ready", "info", 0, "Ready to train", f"About {round(usual / step) * step} images a class. {enough}")


def _margin(score: float, n: int) -> int:
    """Return in percentage points how far a score on n images may be off (95 %, normal approximation)."""
    return max(1, round(196 * math.sqrt(score * (1 - score) / n)))
