import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.base.errors import UserError
from core.base.events import Progress
from core.data.images import read_image
from core.data.samples import drawing as samples
from core.data.samples.drawing import SamplesDrawn, draw_samples
from tests.core.data.conftest import scanned

CLASSES = ("ginkgo", "maple", "oak", "willow")
Feature = Callable[[Image.Image], NDArray[np.float64]]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "leaves"
    *progress, last = draw_samples(folder)
    assert last == SamplesDrawn(folder)
    assert isinstance(progress[-1], Progress) and progress[-1].fraction == 1
    return folder


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "PER_CLASS", 2)


def contents(folder: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.jpg"))]


def test_there_are_four_classes_of_60_different_images(drawn: Path) -> None:
    scan = scanned(drawn)
    assert scan.classes == CLASSES
    assert [sum(image.class_name == name for image in scan.readable) for name in CLASSES] == [60] * 4
    assert {(image.width_px, image.height_px) for image in scan.images} == {(160, 160)}
    assert len(set(contents(drawn))) == 240


@pytest.mark.usefixtures("few")
def test_the_seed_decides(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        list(draw_samples(tmp_path / name, seed))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert not set(contents(tmp_path / "a")) & set(contents(tmp_path / "c"))


@pytest.mark.usefixtures("few")
def test_they_are_drawn_once(tmp_path: Path) -> None:
    list(draw_samples(tmp_path / "leaves"))
    assert list(draw_samples(tmp_path / "leaves")) == [SamplesDrawn(tmp_path / "leaves")]


def test_a_stop_leaves_nothing(tmp_path: Path) -> None:
    asked = iter([False] * 5 + [True] * 5)
    assert not any(isinstance(event, SamplesDrawn) for event in draw_samples(tmp_path / "x", stop=lambda: next(asked)))
    assert list(tmp_path.iterdir()) == []


def test_closing_in_mid_work_leaves_nothing(tmp_path: Path) -> None:
    events = draw_samples(tmp_path / "x")
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").touch()
    with pytest.raises(UserError, match=r"The sample images in “.*” are not complete\. Delete that folder"):
        list(draw_samples(tmp_path))
    assert (tmp_path / "mine.jpg").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="The sample images cannot be written to"):
        list(draw_samples(tmp_path / "file" / "x"))


def accuracy(folder: Path, feature: Feature) -> float:
    """Return the accuracy of a logistic regression on a feature, cross-validated over five folds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    paths = sorted(folder.rglob("*.jpg"))
    features = np.stack([feature(read_image(path)) for path in paths])
    labels = [path.parent.name for path in paths]
    model = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky"))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(cross_val_score(model, features, labels, cv=folds).mean())


def colour_histogram(image: Image.Image) -> NDArray[np.float64]:
    """Return the share of each of 64 colours."""
    red, green, blue = np.moveaxis(np.asarray(image) // 64, 2, 0).astype(int)
    counts = np.bincount((16 * red + 4 * green + blue).ravel(), minlength=64)
    return np.asarray(counts / counts.sum())


def colour_moments(image: Image.Image) -> NDArray[np.float64]:
    """Return mean and standard deviation of each colour."""
    pixels = np.asarray(image, float).reshape(-1, 3)
    return np.concatenate([pixels.mean(axis=0), pixels.std(axis=0)])


def silhouette(image: Image.Image) -> NDArray[np.float64]:
    """Return how slender, ragged and spread that is which is unlike the border of the image, thin lines left out."""
    pixels = np.asarray(image.reduce(2), float)
    border = np.concatenate([pixels[:3].reshape(-1, 3), pixels[-3:].reshape(-1, 3)])
    unlike = np.sqrt((((pixels - np.median(border, axis=0)) / (border.std(axis=0) + 4)) ** 2).sum(axis=2))
    mask = Image.fromarray(((unlike > unlike.mean() + 0.6 * unlike.std()) * 255).astype(np.uint8))
    shape = np.asarray(mask.filter(ImageFilter.MedianFilter(5))) > 0
    points = np.argwhere(shape) - np.argwhere(shape).mean(axis=0)
    spread = np.linalg.eigvalsh(np.cov(points.T))
    edge = np.count_nonzero(np.diff(shape, axis=0)) + np.count_nonzero(np.diff(shape, axis=1))
    distances = np.percentile(np.hypot(*points.T), [5, 25, 50, 75, 90, 99]) / np.sqrt(len(points))
    return np.array([np.log(spread[0] / spread[1]), np.log(edge**2 / len(points)), *distances])


def test_colours_do_not_tell_the_leaves_apart(drawn: Path) -> None:
    majority = 1 / len(CLASSES)
    for feature in (colour_histogram, colour_moments):
        assert accuracy(drawn, feature) < 0.45, feature.__name__
        assert accuracy(drawn, feature) - majority < 0.2


def test_shape_does_tell_the_leaves_apart(drawn: Path) -> None:
    assert accuracy(drawn, silhouette) > 0.6
