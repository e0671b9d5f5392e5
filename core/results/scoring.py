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
    vectors = [stored[image.sha256] for image in images if image.sha256 in stored]
    rows = iter(predictor.from_features(np.stack(vectors)) if vectors else [])
    missing = [image for image in images if image.sha256 not in stored]
    squares = read_kept(root, missing, plan.framing, PixelStore(folders.pixels, plan.framing))
    said = predictor.predict_squares([root / image.path for image in missing], squares)
    for image in images:
        yield Predicted(root / image.path, next(rows)) if image.sha256 in stored else next(said)


def _stored_features(plan: RunPlan, images: Sequence[LabelledImage], folders: Folders) -> Features:
    return FeatureStore(folders.features).get(space_of(plan), [image.sha256 for image in images])
