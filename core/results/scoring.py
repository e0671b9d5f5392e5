"""What a trained network says of labelled images."""

from collections.abc import Iterator, Sequence

import numpy as np

from core.base.folders import Folders
from core.data.dataset import LabelledImage
from core.data.reading import read_kept
from core.data.store.pixels import PixelStore
from core.models.features import FeatureStore
from core.results.metrics import Judged
from core.results.predict import Predicted, Predictor
from core.train.feature_pass import Features, space_of
from core.train.plan import RunPlan


def judge(path: str, label: int, probabilities: Sequence[float]) -> Judged:
    """Return label and prediction of one image."""
    predicted = max(range(len(probabilities)), key=probabilities.__getitem__)
    return Judged(path, label, predicted, probabilities[predicted])


def said_of(
    predictor: Predictor, plan: RunPlan, images: Sequence[LabelledImage], folders: Folders
) -> Iterator[Predicted]:
    """Yield a prediction for each image; where the backbone is as it was, from the features that are stored already."""
    root = plan.dataset.root
    stored = _stored_features(plan, images, folders) if plan.frozen else {}
    if len(stored) < len({image.sha256 for image in images}):
        squares = read_kept(root, images, plan.framing, PixelStore(folders.pixels, plan.framing))
        return predictor.predict_squares([root / image.path for image in images], squares)
    rows = predictor.from_features(np.stack([stored[image.sha256] for image in images]))
    return (Predicted(root / image.path, row) for image, row in zip(images, rows, strict=True))


def _stored_features(plan: RunPlan, images: Sequence[LabelledImage], folders: Folders) -> Features:
    return FeatureStore(folders.features).get(space_of(plan), [image.sha256 for image in images])
