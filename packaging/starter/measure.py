"""Compare the starter with random weights on image folders: python packaging/starter/measure.py FOLDER
A linear classifier learns from frozen features, read and framed as Graft does it. To report, not to choose."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from core.data.folder.walk import image_files
from core.data.images import Framing, UnreadableImage
from core.data.reading import read_squares
from core.models.backbones import BACKBONES
from core.models.inputs import as_seen
from core.models.network import Network, build
from core.models.weights import WeightStore

STARTER = BACKBONES["starter"]
SETS = {
    "ants_bees": ("train", "val"),
    "sign_digits": ("train", "test"),
    "cifar10_small": ("train", "test"),
    "neu_steel": ("train", "test"),
    "brain_mri": ("train", "test"),
    "pacs_photo_sketch": ("photo_train", "photo_test"),
}
RANDOM_SEEDS = (0, 1, 2)
PENALTY = 0.01  # C of the logistic regression, the same for all; fixed beforehand, not tuned on these images
BATCH = 32

Part = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Squares (N, R, R, 3) and labels (N,)."""


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--starter", type=Path, help="an export of the training to measure in place of the shipped one")
    options = parser.parse_args()
    folder, weights = options.folder, load(options.starter)
    networks = [build(STARTER, 1, weights, 0)] + [build(STARTER, 1, None, seed) for seed in RANDOM_SEEDS]
    print("| images | train | test | starter | random weights (three seeds) | gain |\n|---|---|---|---|---|---|")
    gains = []
    for name, parts in SETS.items():
        train, test = (read(folder / name / part) for part in parts)
        starter, *random = (score(network.eval(), train, test) for network in networks)
        gains.append((starter, float(np.mean(random))))
        spread = f"{gains[-1][1]:.1f} % ({min(random):.1f} to {max(random):.1f})"
        gain = starter - gains[-1][1]
        print(f"| {name} | {len(train[1])} | {len(test[1])} | {starter:.1f} % | {spread} | {gain:+.1f} |", flush=True)
    mean = np.mean(gains, axis=0)
    print(f"| **mean** | | | **{mean[0]:.1f} %** | **{mean[1]:.1f} %** | **{mean[0] - mean[1]:+.1f}** |")


def load(export: Path | None) -> dict[str, Tensor]:
    """Return the tensors of an export, or of the starter that ships."""
    if export is not None:
        return {name: v.float() if v.is_floating_point() else v for name, v in load_file(export).items()}
    with tempfile.TemporaryDirectory() as nowhere:
        return WeightStore(Path(nowhere)).load(STARTER)


def read(folder: Path) -> Part:
    """Return the readable images of all class folders."""
    framing = Framing(STARTER.size_px, STARTER.resize_px)
    squares, labels = [], []
    for label, place in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for square in read_squares(image_files(place), framing):
            if not isinstance(square, UnreadableImage):
                squares.append(square)
                labels.append(label)
    return np.stack(squares), np.array(labels)


def features(network: Network, squares: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    """Yield the features of one batch after the other."""
    for start in range(0, len(squares), BATCH):
        seen = as_seen(squares[start : start + BATCH], STARTER.size_px, STARTER, torch.device("cpu"))
        with torch.inference_mode():
            yield network.features(seen).numpy()


def score(network: Network, train: Part, test: Part) -> float:
    """Return the accuracy in per cent on the test images of a classifier fitted to the training images."""
    seen, new = (np.concatenate(list(features(network, part[0]))) for part in (train, test))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=1000))
    return 100 * float(model.fit(seen, train[1]).score(new, test[1]))


if __name__ == "__main__":
    main()
