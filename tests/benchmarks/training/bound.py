"""What no trainer can be much faster than: decoding alone, and the network alone on tensors that are already there.

The same network, precision and number of images as Graft: a forward pass in inference mode for feature extraction,
forward, backward and the optimiser's step for fine-tuning, and a forward pass over the validation images. Channels last
in memory; decoding is Pillow's, resized to the square, in as many threads as there are cores.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.nn import functional

from core.models.network import build
from core.models.weights import WeightStore
from core.train.plan import RunPlan
from tests.benchmarks.training.graft import planned
from tests.benchmarks.training.job import Job, Outcome
from tests.benchmarks.training.starts import backbone_of

BATCH = 32  # in a forward pass; larger ones are no faster on a processor
WARM_UP = 3


def train(job: Job) -> Outcome:
    """Measure the bound of this job."""
    made = planned(job)
    weights = WeightStore(job.folders.weights).load(backbone_of(job.backbone)) if made.pretrained else None
    network = build(backbone_of(job.backbone), len(made.dataset.classes), weights, 0, made.framing.size_px)
    bench = _Bench(network.to(job.device, memory_format=torch.channels_last), made, job)  # type: ignore[call-overload]
    return bench.feature_extraction() if job.mode == "feature-extraction" else bench.fine_tuning()


class _Bench:
    def __init__(self, network: nn.Module, made: RunPlan, job: Job) -> None:
        self._network, self._plan, self._job = network, made, job
        self._precision = job.precision or "float32"
        self._batch = max(BATCH, made.phases[-1].batch_size) if job.device != "cpu" else BATCH

    def feature_extraction(self) -> Outcome:
        """Return the seconds to decode every image and to pass it through the network once."""
        images = self._plan.dataset.images
        decode = decode_seconds(
            [self._plan.dataset.root / image.path for image in images], self._plan.framing.resize_px
        )
        forward = self._forward(len(images))
        return Outcome(decode + forward, precision=self._precision, parts={"decode": decode, "forward": forward})

    def fine_tuning(self) -> Outcome:
        """Return the seconds of one epoch: steps on the training images, forward over those for validation."""
        size = self._plan.phases[-1].batch_size
        steps = self._steps(len(self._plan.dataset.part("train")), size)
        forward = self._forward(len(self._plan.dataset.part("val")))
        parts = {"steps": steps, "forward": forward}
        both = steps + forward
        return Outcome(both, (both,), batch_size=size, precision=self._precision, parts=parts)

    def _forward(self, n: int) -> float:
        self._network.eval()

        def step(images: Tensor, labels: Tensor) -> None:
            with torch.inference_mode(), self._autocast():
                self._network(images)

        return self._seconds(n, self._batch, step)

    def _steps(self, n: int, size: int) -> float:
        optimiser = torch.optim.AdamW(self._network.parameters(), lr=1e-4, fused=True)
        self._network.train()

        def step(images: Tensor, labels: Tensor) -> None:
            with self._autocast():
                loss = functional.cross_entropy(self._network(images), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

        return self._seconds(n, size, step)

    def _seconds(self, n: int, size: int, step: Callable[[Tensor, Tensor], None]) -> float:
        """Time `step` on n images in batches; the first few are not counted."""
        side, device = self._plan.framing.size_px, self._job.device
        images = torch.rand(size, 3, side, side, device=device).contiguous(memory_format=torch.channels_last)
        labels = torch.randint(0, len(self._plan.dataset.classes), (size,), device=device)
        for _ in range(WARM_UP):
            step(images, labels)
        self._wait()
        begun = time.perf_counter()
        for start in range(0, n, size):
            here = min(size, n - start)
            if here > 1:
                step(images[:here], labels[:here])
        self._wait()
        return time.perf_counter() - begun

    def _wait(self) -> None:
        if self._job.device == "cuda":
            torch.cuda.synchronize()

    def _autocast(self) -> AbstractContextManager[object]:
        if self._precision == "float32":
            return nullcontext()
        return torch.autocast(self._job.device, dtype=getattr(torch, self._precision))


def decode_seconds(paths: Sequence[Path], side_px: int) -> float:
    """Return the seconds to decode files and make squares of them."""

    def decode(path: Path) -> None:
        with Image.open(path) as image:
            np.asarray(ImageOps.fit(image.convert("RGB"), (side_px, side_px), Image.Resampling.BILINEAR))

    begun = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in pool.map(decode, paths):
            pass
    return time.perf_counter() - begun
