"""One thing worth a look, what the checks that find it look at, and the words that they share."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from core.data.corrections import Correction
from core.data.dataset import Dataset, Part
from core.data.facts import Facts
from core.data.folder.listing import FoundImage, Scan
from core.data.images import printable
from core.data.shortcut import Shortcut

Severity = Literal["bad", "warn", "info"]
SEVERITIES: tuple[Severity, ...] = ("bad", "warn", "info")

_NAMED = 3


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


@dataclass(frozen=True)
class Evidence:
    """What is known about the images of a folder. `near` are clusters of paths of near-duplicates."""

    scan: Scan
    dataset: Dataset | None
    near: Sequence[Sequence[str]] = ()
    shortcut: Shortcut | None = None

    @cached_property
    def kept(self) -> tuple[FoundImage, ...]:
        """The images, readable or not, that a person did not leave out."""
        return tuple(image for image in self.scan.images if not image.left_out)

    @cached_property
    def readable(self) -> tuple[FoundImage, ...]:
        """Those that can be read, labelled or not."""
        return tuple(image for image in self.kept if not image.problem)

    @cached_property
    def measured(self) -> tuple[tuple[FoundImage, Facts], ...]:
        """Those whose picture was measured, with the measures."""
        return tuple((image, image.facts) for image in self.readable if image.facts is not None)

    @cached_property
    def labelled(self) -> tuple[FoundImage, ...]:
        """Those to learn from."""
        return self.scan.usable

    @cached_property
    def class_sizes(self) -> dict[str, int]:
        """How many images to learn from each class has."""
        counts = Counter(image.class_name for image in self.labelled)
        return {name: counts[name] for name in self.scan.classes}

    @cached_property
    def same_content(self) -> tuple[list[FoundImage], ...]:
        """The images to learn from of equal content, where there are several."""
        by_content: dict[str, list[FoundImage]] = defaultdict(list)
        for image in self.labelled:
            if image.sha256:
                by_content[image.sha256].append(image)
        return tuple(images for images in by_content.values() if len(images) > 1)

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """The part of each image in the split or, as long as there is none, that the folder brings."""
        if self.dataset is not None:
            return {image.path: image.part for image in self.dataset.images}
        return {image.path: image.part for image in self.labelled if image.part}


Check = Callable[[Evidence], Finding | None]


def paths(*groups: Sequence[FoundImage]) -> tuple[str, ...]:
    """Return the paths of the images of all groups."""
    return tuple(image.path for images in groups for image in images)


def left_out(images: Iterable[str]) -> tuple[Correction, ...]:
    """Return the corrections that leave out these paths."""
    return tuple(Correction(path, "left_out", "yes") for path in images)


def quoted(name: str) -> str:
    """Return a name from outside as it stands in a sentence."""
    return f"“{printable(name)}”"


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """Return the first few, and how many more there are."""
    rest = len(items) - _NAMED
    shown = separator.join(items[:_NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown


def joined(items: Sequence[str]) -> str:
    """Return all of them as in a sentence: "train, validation and test"."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def plural(count: int, one: str, many: str) -> str:
    """Return the words for one, or those for none or many."""
    return one if count == 1 else many
