"""Small folders of real images, and a short way to scan them."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from PIL import Image

from core.data.folder.scan import FoundImage, Scan, Scanned, scan

# In the repository its folder would make pytest warn, as `norecursedirs` is set; and warnings are errors.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "graft-hypothesis")


def picture(seed: int, size: tuple[int, int] = (16, 12)) -> Image.Image:
    """Return an RGB image of noise, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels)


def fill(root: Path, **classes: int) -> Path:
    """Write that many different images into each class folder; "train__ants" is the folder train/ants."""
    for number, (name, count) in enumerate(classes.items()):
        folder = root / name.replace("__", "/")
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            picture(1000 * number + index).save(folder / f"{index:03d}.png")
    return root


def scanned(root: Path) -> Scan:
    """Return the scan of a folder."""
    *_, last = scan(root)
    assert isinstance(last, Scanned)
    return last.scan


def found(name: str, class_name: str, sha256: str = "", **facts: object) -> FoundImage:
    """Return an image as a scan would find it, without a file; its content is its path unless told."""
    path = f"{class_name}/{name}"
    part = facts.pop("part", None)
    return FoundImage(path, class_name, part, 1, sha256 or path, 8, 8, **facts)  # type: ignore[arg-type]


def as_scan(*images: FoundImage, layout: str = "classes", **more: object) -> Scan:
    """Return a scan that holds these images."""
    classes = tuple(sorted({image.class_name for image in images}))
    return Scan(Path("/nowhere"), layout, classes, tuple(sorted(images, key=lambda i: i.path)), **more)  # type: ignore[arg-type]


@pytest.fixture
def two_classes(tmp_path: Path) -> Path:
    """Return a folder of two classes with 8 images each."""
    return fill(tmp_path / "images", ants=8, bees=8)
