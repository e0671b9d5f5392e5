"""The images that a run learns from and is scored on: each with its class and its part."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image. `path` is relative to the root, with "/"; `label` numbers the classes from 0.

    `group` is the same for images that stay on one side of every split, and empty for one alone.
    """

    path: str
    label: int
    part: Part
    sha256: str
    group: str = ""


@dataclass(frozen=True)
class Dataset:
    """All images of a split, in the order of their paths. `brings_test` says that the folder gave the test part.

    `notes` say in sentences which images of the folder are not in it, and why.
    """

    root: Path
    classes: tuple[str, ...]
    images: tuple[LabelledImage, ...]
    brings_test: bool = False
    notes: tuple[str, ...] = ()
    elongation: float = 1.0
    """How many times longer than wide (or wider than long) an image is, the median; 1 where it is not known."""

    def part(self, part: Part) -> tuple[LabelledImage, ...]:
        """Return the images of one part."""
        return self._parts[part]

    def counts(self) -> tuple[dict[Part, int], ...]:
        """Return how many images of each part every class has, by label."""
        counts: tuple[dict[Part, int], ...] = tuple(dict.fromkeys(PARTS, 0) for _ in self.classes)
        for image in self.images:
            counts[image.label][image.part] += 1
        return counts

    @cached_property
    def _parts(self) -> dict[Part, tuple[LabelledImage, ...]]:
        """Sorted once: the window asks for the parts of 100,000 images whenever a setting changes."""
        return {part: tuple([image for image in self.images if image.part == part]) for part in PARTS}
