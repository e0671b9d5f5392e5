"""timm as its training script sets it up (`train.py`, defaults), used as a library.

`create_model`, `create_loader`, `create_optimizer_v2` and `create_scheduler_v2`: SGD with momentum, 0.1 for a batch of
256 and in proportion below, decay 2e-5, cosine with five epochs of warm-up, label smoothing 0.1, crops from 8 % of the
area, flips, colours by 0.4, random interpolation; the best epoch by validation accuracy remains, as its saver keeps it.
Kinder than the defaults: batches of 32, as the script's 128 would make one or two steps of such small folders, and the
last batch, which its loader drops, would be a large part of them. The warm-up takes at most a fifth of the epochs. For
feature extraction all but the classifier is frozen by `timm.utils.freeze`, BatchNorm too.

MobileNetV3 has other names in timm: there it starts from other random weights, which matters only for accuracy.
"""

import copy
import time

import torch
from timm import create_model
from timm.data import create_loader
from timm.loss import LabelSmoothingCrossEntropy
from timm.models.resnet import BasicBlock, ResNet
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import freeze
from torch import nn

from core.models.weights import WeightStore
from tests.benchmarks.training.data import WORKERS, Files, Loader, accuracy, size_of
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.starts import backbone_of

BATCH = 32
RATE_FOR_256 = 0.1
OTHER_NAMES = {"mobilenet_v3_small": "mobilenetv3_small_100", "vit_b_16": "vit_base_patch16_224"}


def train(job: Job) -> Outcome:
    """Train, and score the best epoch."""
    torch.manual_seed(job.seed)
    begun = time.perf_counter()
    batch = job.batch_size or BATCH
    testing = Files(job, "test")
    model = _model(job, len(testing.classes)).to(job.device)
    if job.mode == "feature-extraction":
        head = model.get_classifier()  # type: ignore[operator]
        freeze(model, [name for name, part in model.named_children() if part is not head])
    epochs = _fit(job, model, batch)
    right = accuracy(model, _loader(job, testing, batch), job.device)
    seconds = time.perf_counter() - begun
    return Outcome(seconds, epochs, right, len(testing), batch)


def _fit(job: Job, model: nn.Module, batch: int) -> tuple[float, ...]:
    """Train, and leave the model as it was in its best epoch; return the seconds of each epoch."""
    optimiser = create_optimizer_v2(model, "sgd", RATE_FOR_256 * batch / 256, 2e-5, 0.9)
    warm_up = min(5, job.epochs // 5)
    scheduler, _ = create_scheduler_v2(optimiser, "cosine", job.epochs, warmup_lr=1e-5, warmup_epochs=warm_up)
    smoothed = LabelSmoothingCrossEntropy(0.1)
    training, held_out = _loader(job, Files(job, "train"), batch, learn=True), _loader(job, Files(job, "val"), batch)
    seconds, best, state = [], -1.0, {}
    for epoch in range(job.epochs):
        begun = time.perf_counter()
        model.train()
        for images, labels in training:
            optimiser.zero_grad()
            smoothed(model(images.to(job.device)), labels.to(job.device)).backward()
            optimiser.step()
        right = accuracy(model, held_out, job.device)
        scheduler.step(epoch + 1)
        if right > best:
            best, state = right, copy.deepcopy(model.state_dict())
        seconds.append(time.perf_counter() - begun)
    model.load_state_dict(state)
    return tuple(seconds)


def _loader(job: Job, files: Files, batch: int, *, learn: bool = False) -> Loader:
    backbone = backbone_of(job.backbone)
    made: Loader = create_loader(
        files,
        (3, size_of(job), size_of(job)),
        min(batch, len(files)),
        is_training=learn,
        scale=(0.08, 1.0),
        ratio=(3 / 4, 4 / 3),
        interpolation="random" if learn else "bilinear",
        mean=backbone.mean,
        std=backbone.std,
        num_workers=WORKERS,
        crop_pct=224 / 256,
        device=torch.device(job.device),
        use_prefetcher=job.device == "cuda",
    )
    return made


def _model(job: Job, n_classes: int) -> nn.Module:
    """Return timm's network with the starting weights where it knows them by torchvision's names."""
    backbone = backbone_of(job.backbone)
    model: nn.Module
    if backbone.architecture == "resnet10":
        model = ResNet(BasicBlock, (1, 1, 1, 1), num_classes=n_classes)
    else:
        model = create_model(OTHER_NAMES.get(backbone.key, backbone.key), num_classes=n_classes)
    if backbone.key not in OTHER_NAMES:
        model.load_state_dict(WeightStore(job.folders.weights).load(backbone), strict=False)
    return model
