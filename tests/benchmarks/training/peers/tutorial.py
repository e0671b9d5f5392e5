"""The loop of PyTorch's tutorial "Transfer Learning for Computer Vision", with its numbers.

Batches of 4, SGD with momentum at 0.001, divided by ten every 7 epochs, random crops and flips; the validation images
are scored after each epoch and the best epoch, saved to a file, is what remains. For feature extraction all but the new
last layer is frozen, but computed in each epoch. With a batch size in the job, that one is used and nothing else
changes. The last batch of an epoch may be smaller; one image alone is left out, as BatchNorm cannot learn from it.
"""

import tempfile
import time
from pathlib import Path

import torch
from torch import nn, optim

from tests.benchmarks.training.data import Files, accuracy, loader, plain_view, training_view
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.starts import started, with_head

BATCH = 4


def train(job: Job) -> Outcome:
    """Train, and score the best epoch."""
    torch.manual_seed(job.seed)
    begun = time.perf_counter()
    model = started(job)
    if job.mode == "feature-extraction":
        model.requires_grad_(False)
    batch = job.batch_size or BATCH
    training = Files(job, "train", training_view(job))
    model, head = with_head(model, len(training.classes))
    model = model.to(job.device)
    learning = head.parameters() if job.mode == "feature-extraction" else model.parameters()
    epochs = _fit(job, model, optim.SGD(learning, lr=0.001, momentum=0.9), training, batch)
    testing = Files(job, "test", plain_view(job))
    right = accuracy(model, loader(testing, batch), job.device)
    seconds = time.perf_counter() - begun
    return Outcome(seconds, epochs, right, len(testing), batch)


def _fit(job: Job, model: nn.Module, optimiser: optim.Optimizer, training: Files, batch: int) -> tuple[float, ...]:
    """Train, and leave the model as it was in its best epoch; return the seconds of each epoch."""
    scheduler = optim.lr_scheduler.StepLR(optimiser, step_size=7, gamma=0.1)
    shuffled = loader(training, batch, shuffle=True)
    held_out = loader(Files(job, "val", plain_view(job)), batch)
    seconds, best = [], -1.0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "best.pt"
        for _ in range(job.epochs):
            begun = time.perf_counter()
            model.train()
            for images, labels in shuffled:
                if len(labels) > 1:
                    _step(model, optimiser, images.to(job.device), labels.to(job.device))
            scheduler.step()
            right = accuracy(model, held_out, job.device)
            if right > best:
                best = right
                torch.save(model.state_dict(), file)
            seconds.append(time.perf_counter() - begun)
        model.load_state_dict(torch.load(file, weights_only=True))
    return tuple(seconds)


def _step(model: nn.Module, optimiser: optim.Optimizer, images: torch.Tensor, labels: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    loss.item()  # the tutorial sums the losses up, which waits for each step
