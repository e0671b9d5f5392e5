"""The images of a project in columns: counting, filtering and marking 100,000 of them takes the window milliseconds.

A table is made beside the window, in the job that read the images. No Qt.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.corrections import Field
    from core.data.dataset import Dataset, Part
    from core.data.findings.checks import Finding
    from core.data.folder.listing import FoundImage, Scan

    Rows = NDArray[np.intp]
    Yes = NDArray[np.bool_]

UNLABELLED = ""
"""The class of images that have none yet."""


@dataclass(frozen=True)
class Numbers:
    """How many images there are to learn from, by class (unlabelled ones under the empty name), and left out ones."""

    classes: Mapping[str, int]
    left_out: int

    @property
    def unlabelled(self) -> int:
        """How many have no class yet."""
        return self.classes.get(UNLABELLED, 0)


@dataclass(frozen=True, eq=False)
class ImageTable:
    """One row for each image, in the order of the scan.

    `rows` gives the row of a path, `labels` the class of each row as its place in `names`; `parts` and `findings` are
    the rows of each part of the dataset and of each finding. `drawn` says how many images lie in each part though their
    folder is that of another one, and `brought` which parts the folders bring. `struck` are the paths of what is used
    for nothing.
    """

    images: "tuple[FoundImage, ...]"
    paths: tuple[str, ...]
    rows: Mapping[str, int]
    names: tuple[str, ...]
    labels: "NDArray[np.intp]"
    readable: "Yes"
    left_out: "Yes"
    numbers: Numbers
    parts: "Mapping[Part, Rows]"
    drawn: "Mapping[str, int]"
    brought: frozenset[str]
    findings: "Mapping[str, Rows]"
    struck: frozenset[str]

    def rows_of(self, paths: Iterable[str]) -> list[int]:
        """Return the rows of those of these paths that are here."""
        return [row for path in paths if (row := self.rows.get(path)) is not None]

    def found(self, paths: Iterable[str]) -> "dict[str, FoundImage]":
        """Return the images of those of these paths that are here, by path."""
        return {self.paths[row]: self.images[row] for row in self.rows_of(paths)}


def image_table(
    scan: "Scan",
    dataset: "Dataset | None" = None,
    findings: "Iterable[Finding]" = (),
    corrections: "Mapping[tuple[str, Field], str] | None" = None,
) -> ImageTable:
    """Return the table of a scan and of what is known about its images."""
    import numpy as np

    images = scan.images
    paths = tuple([image.path for image in images])
    rows = {path: row for row, path in enumerate(paths)}
    names = tuple(dict.fromkeys((UNLABELLED, *scan.classes, *[image.class_name for image in images])))
    place = {name: code for code, name in enumerate(names)}
    labels = np.array([place[image.class_name] for image in images], np.intp)
    readable = np.array([not image.problem for image in images], bool)
    left_out = np.array([image.left_out for image in images], bool)
    parts = _parts(dataset, rows)
    said = corrections or {}
    return ImageTable(
        images=images,
        paths=paths,
        rows=rows,
        names=names,
        labels=labels,
        readable=readable,
        left_out=left_out,
        numbers=_numbers(scan, names, labels[readable & ~left_out], int((readable & left_out).sum())),
        parts=parts,
        drawn={part: _drawn(part, of_part, images, said) for part, of_part in parts.items()},
        brought=frozenset(image.part for image in images if image.part),
        findings={
            each.key: np.array([rows[path] for path in each.images if path in rows], np.intp) for each in findings
        },
        struck=frozenset([image.path for image in images if image.left_out]),
    )


def _numbers(scan: "Scan", names: tuple[str, ...], labels: "NDArray[np.intp]", left_out: int) -> Numbers:
    import numpy as np

    counts = dict(zip(names, np.bincount(labels, minlength=len(names)).tolist(), strict=True))
    shown = (*scan.classes, *([UNLABELLED] if counts[UNLABELLED] else []))
    return Numbers({name: counts[name] for name in shown}, left_out)


def _parts(dataset: "Dataset | None", rows: Mapping[str, int]) -> "dict[Part, Rows]":
    import numpy as np

    from core.data.dataset import PARTS

    if dataset is None:
        return {}
    return {part: np.array([rows[image.path] for image in dataset.part(part)], np.intp) for part in PARTS}


def _drawn(
    part: "Part", rows: "Rows", images: "tuple[FoundImage, ...]", said: "Mapping[tuple[str, Field], str]"
) -> int:
    """Count the images of a part that their folder has in another one, and that no person moved."""
    others = (images[row] for row in rows.tolist())
    return sum(image.part not in (part, None) and (image.path, "part") not in said for image in others)
