"""fastai as on the page "Computer vision intro" of its documentation, with the defaults of `vision_learner`.

Feature extraction: the page's first recipe (images resized as items, no augmentation; the fastest one), the body stays
frozen and `fit_one_cycle` runs at the default rate of a Learner. Fine-tuning: its second recipe (presizing to 460 / 224
of the side, `aug_transforms`) and `fine_tune`, of whose epochs the first is the frozen one, so that their number is the
same for all. Batches of 64, an epoch drops what does not fill one, unless there are fewer images. The last epoch
remains. Its own head (two layers, dropout) is part of the recipe; its BatchNorm layers learn though the body is frozen.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from fastai.vision.all import (
    Callback,
    CategoryBlock,
    DataBlock,
    ImageBlock,
    IndexSplitter,
    Normalize,
    Resize,
    accuracy,
    aug_transforms,
    model_meta,
    set_seed,
    vision_learner,
)
from torch import nn

from tests.benchmarks.training.data import WORKERS, Files, size_of
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.starts import backbone_of, started

BATCH = 64
PRESIZE = 460 / 224


class _Clock(Callback):  # type: ignore[misc]
    """Notes when each epoch of a fit begins and ends."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def before_fit(self) -> None:
        self.seconds.clear()  # what remains are the epochs of the last fit, in which all layers learn

    def before_epoch(self) -> None:
        self.begun = time.perf_counter()

    def after_epoch(self) -> None:
        self.seconds.append(time.perf_counter() - self.begun)


def train(job: Job) -> Outcome:
    """Train, and score what the last epoch left."""
    set_seed(job.seed)
    begun = time.perf_counter()
    training, held_out, testing = (Files(job, part) for part in ("train", "val", "test"))
    batch = job.batch_size or min(BATCH, len(training))
    labels = dict([*training.items, *held_out.items, *testing.items])
    loaders = _block(job, labels, len(training)).dataloaders(
        [path for path, _ in [*training.items, *held_out.items]],
        bs=batch,
        num_workers=WORKERS,
        device=torch.device(job.device),
    )
    clock = _Clock()
    learner = vision_learner(loaders, _architecture(job), metrics=accuracy, cbs=clock, path=job.work)
    with learner.no_bar(), learner.no_logging():
        if job.mode == "feature-extraction":
            learner.fit_one_cycle(job.epochs)
        else:
            learner.fine_tune(max(1, job.epochs - 1))
        epochs = tuple(clock.seconds)  # predicting counts as a fit to callbacks
        scores, truth = learner.get_preds(dl=loaders.test_dl([path for path, _ in testing.items], with_labels=True))
    right = float((scores.argmax(dim=1) == truth).float().mean())
    seconds = time.perf_counter() - begun
    return Outcome(seconds, epochs, right, len(testing), batch)


def _block(job: Job, labels: Mapping[Path, int], n_train: int) -> DataBlock:
    """Return how files become batches: those after the first `n_train` are for validation."""
    size, backbone = size_of(job), backbone_of(job.backbone)
    presized = job.mode == "fine-tune-all"
    return DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=list(range(len(job.dataset().classes))))),
        get_y=lambda path: labels[path],
        splitter=lambda items: IndexSplitter(list(range(n_train, len(items))))(items),
        item_tfms=Resize(round(size * PRESIZE) if presized else size),
        batch_tfms=[
            *(aug_transforms(size=size) if presized else ()),
            Normalize.from_stats(backbone.mean, backbone.std),
        ],
    )


def _architecture(job: Job) -> Any:  # noqa: ANN401 - fastai knows a network by the function that makes it
    """Return a function that makes the network with the starting weights, cut and split as fastai does its kind."""
    from torchvision.models import resnet18

    def make(**pretrained: object) -> nn.Module:
        return started(job)

    if "resnet" in backbone_of(job.backbone).architecture:
        model_meta[make] = model_meta[resnet18]
    return make
