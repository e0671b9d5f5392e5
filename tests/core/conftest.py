"""Small real images and a small real network, so that tests of training need no weights, network or GPU."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.config import RunConfig, make_config
from core.base.folders import Folders
from core.data.dataset import Dataset
from core.data.folder.scan import Scanned, scan
from core.data.split import make_dataset
from core.models.device import DeviceChoice
from core.models.weights import WeightStore
from core.train.plan import RunPlan, plan
from tests.core.models.tiny import register, write_weights

CPU = DeviceChoice("cpu", "processor", "for tests", 1024)


def draw(path: Path, kind: int, seed: int, size: int = 24) -> None:
    """Write an image of horizontal (kind 0) or vertical (kind 1) stripes with noise, or (2) a disc."""
    random = np.random.default_rng(1000 * kind + seed)
    y, x = np.mgrid[:size, :size]
    phase = random.uniform(0, 6)
    shapes = (np.sin(y + phase), np.sin(x + phase), np.sign(8 - np.hypot(x - size / 2, y - size / 2)))
    grey = 128 + 60 * shapes[kind] + random.normal(0, 20, (size, size))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB").save(path)


@pytest.fixture
def images(tmp_path: Path, folders: Folders) -> Path:
    """Return a folder of two classes with 20 images each; the tiny network is then there to learn them."""
    root = tmp_path / "images"
    for kind, name in enumerate(("rows", "columns")):
        for seed in range(20):
            draw(root / name / f"{seed:02d}.png", kind, seed)
    return root


def dataset_of(root: Path) -> Dataset:
    """Scan and split a folder."""
    scanned = [event for event in scan(root) if isinstance(event, Scanned)]
    return make_dataset(scanned[-1].scan, seed=0)


def config(**values: object) -> RunConfig:
    """Return a configuration with the tiny network."""
    return make_config(**{"backbone": "tiny", "device": "cpu", **values})


def planned(root: Path, **values: object) -> RunPlan:
    """Return a plan for the images in `root`."""
    return plan(config(**values), dataset_of(root), CPU, weights_ready=True)


@pytest.fixture
def folders(graft_home: Path) -> Folders:
    """Return the folders of this test, with the tiny network's weights in them."""
    folders = Folders.of_user()
    WeightStore(folders.weights).add(register(), write_weights(graft_home / "tiny.safetensors"))
    return folders
