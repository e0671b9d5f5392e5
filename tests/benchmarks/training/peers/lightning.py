"""Lightning as on the page "Transfer Learning" of its documentation: a LightningModule and a Trainer.

Feature extraction: the network in evaluation mode and without gradients, a linear classifier after it. Fine-tuning: the
same module with everything left to learn. Adam at 0.001, as in the documentation's examples, batches of 32, the views
of PyTorch's tutorial, as Lightning brings none; the last epoch remains. Logger, checkpoints, progress bar and the check
of the validation before the first epoch are off: they would only cost time.
"""

import time
import warnings

import lightning
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.benchmarks.training.data import Files, accuracy, loader, plain_view, training_view
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.starts import started, with_head

BATCH = 32


class _Transfer(lightning.LightningModule):  # type: ignore[misc]
    """A backbone and a classifier for the classes at hand."""

    def __init__(self, job: Job, n_classes: int) -> None:
        super().__init__()
        module, head = with_head(started(job), n_classes)
        name = next(name for name, part in module.named_modules() if part is head)
        module.set_submodule(name, nn.Identity())
        self.backbone, self.classifier = module, head
        self.frozen = job.mode == "feature-extraction"

    def forward(self, images: Tensor) -> Tensor:
        if self.frozen:
            self.backbone.eval()
            with torch.no_grad():
                features = self.backbone(images)
        else:
            features = self.backbone(images)
        logits: Tensor = self.classifier(features)
        return logits

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        images, labels = batch
        return functional.cross_entropy(self(images), labels)

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        images, labels = batch
        self.log("val_loss", functional.cross_entropy(self(images), labels))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=1e-3)


class _Clock(lightning.Callback):  # type: ignore[misc]
    """Notes the seconds of each epoch with its validation, which Lightning runs within it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_train_epoch_start(self, trainer: object, module: object) -> None:
        self.begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: object, module: object) -> None:
        self.seconds.append(time.perf_counter() - self.begun)


def train(job: Job) -> Outcome:
    """Train, and score what the last epoch left."""
    warnings.simplefilter("ignore")
    lightning.seed_everything(job.seed, verbose=False)
    begun = time.perf_counter()
    batch = job.batch_size or BATCH
    training, testing = Files(job, "train", training_view(job)), Files(job, "test", plain_view(job))
    model, clock = _Transfer(job, len(training.classes)), _Clock()
    trainer = lightning.Trainer(
        accelerator="gpu" if job.device == "cuda" else "cpu",
        devices=1,
        max_epochs=job.epochs,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=job.work,
    )
    held_out = loader(Files(job, "val", plain_view(job)), batch)
    trainer.fit(model, loader(training, batch, shuffle=True), held_out)
    right = accuracy(model.to(job.device), loader(testing, batch), job.device)
    seconds = time.perf_counter() - begun
    return Outcome(seconds, tuple(clock.seconds), right, len(testing), batch)
