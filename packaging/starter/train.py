"""Train the starter on generated scenes: which formula drew the main object, its texture, the ground, in which colours?
python packaging/starter/train.py --samples 500000 --state FILE --out resources/starter.safetensors
The same command goes on from the state after a stop; --minutes ends a stretch before all samples are seen."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from pool import Pool, make_pool
from safetensors.torch import load_file, save_file
from scenes import NUMBERS, Painter, Scenes
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.models.resnet import BasicBlock, ResNet

ARCHITECTURE = "resnet10"
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
IMAGE_SIZE = 128  # for transfer; what was learned on smaller images carries over to finer features
VERSION = "3"
_BATCH, _RATE, _DECAY, _WARM_UP_STEPS, _MEMORY = 64, 1e-3, 0.05, 100, 0.998
# In the last part the rate falls to zero and the images are larger: nearer to what the features are used on.
_SIDE, _LAST_SIDE, _LAST_PART = 64, 96, 0.25
# With every variation at full strength from the start nothing is learned: it grows while the scenes are mastered.
_MASTERED, _HARDER, _HARDEST = 0.35, 0.001, 0.8
_TEXTURE_WEIGHT, _NUMBERS_WEIGHT = 0.5, 1.0
_STATISTICS_BATCHES = 32
_SAVE_EVERY_S = 60
_LOG_EVERY = 50


@dataclass
class Progress:
    """How far the training has come; written to the state file. The last three are running means over batches."""

    processor_s: float = 0.0
    steps: int = 0
    samples: int = 0
    strength: float = 0.0
    shape: float = 0.0
    texture: float = 0.0
    numbers: float = 1.0


class Student(nn.Module):
    """The starter and what asks it questions: one layer for each answer, all on the features that transfer uses."""

    def __init__(self, shapes: int, textures: int) -> None:
        super().__init__()
        self.trunk = ResNet(BasicBlock, [1, 1, 1, 1])  # half a ResNet-18: one block in each stage (He et al. 2015)
        width = self.trunk.fc.in_features
        self.trunk.set_submodule("fc", nn.Identity())
        self.shape = nn.Linear(width, shapes)
        self.texture, self.ground = nn.Linear(width, textures), nn.Linear(width, textures)
        self.numbers = nn.Linear(width, NUMBERS)
        self.scale = nn.BatchNorm1d(NUMBERS, affine=False)  # brings the numbers asked for to a common range

    def forward(self, scenes: Scenes, questions: float) -> tuple[Tensor, Tensor]:
        """Return the loss and how well it answered (3,): rate of shapes, rate of textures, error of numbers.

        `questions` 0..1 weighs all but the shape: four questions at once from nothing taught it none.
        """
        features = self.trunk(normalise(scenes.images))
        shape, texture, ground = self.shape(features), self.texture(features), self.ground(features)
        error = mse_loss(self.numbers(features), self.scale(scenes.numbers))
        textures = cross_entropy(texture, scenes.texture) + cross_entropy(ground, scenes.ground)
        more = _TEXTURE_WEIGHT * textures + _NUMBERS_WEIGHT * error
        rates = _rate(shape, scenes.shape), _rate(texture, scenes.texture)
        return cross_entropy(shape, scenes.shape) + questions * more, torch.stack([*rates, error.detach()])


def normalise(images: Tensor) -> Tensor:
    """Bring images (n, 3, side, side) of 0..1 to the range and memory layout that the network is trained on."""
    mean, std = (images.new_tensor(v)[:, None, None] for v in (MEAN, STD))
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


class Training:
    """Student, its running mean, optimiser, painter and progress, which are saved and restored together."""

    def __init__(self, pool: Pool, seed: int, start: Path | None) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(seed)
        self.progress = Progress()
        student = Student(len(pool.stamps), len(pool.textures))
        if start is not None:
            student.trunk.load_state_dict(load_file(start))
            self.progress.strength = _HARDEST
        self.student = student.to(device=self.device).to(memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(_MEMORY)  # type: ignore[no-untyped-call]
        self.mean = AveragedModel(self.student, multi_avg_fn=average)
        self.optimiser = torch.optim.AdamW(_groups(self.student), lr=_RATE)
        self.painter = Painter(pool.to(self.device), seed)

    def run(self, samples: int, minutes: float, state: Path) -> None:
        """Train until so many samples are seen in all, or the minutes of this stretch are over."""
        self.student.train()
        saved = began = time.monotonic()
        worked = time.process_time() - self.progress.processor_s
        while self.progress.samples < samples and time.monotonic() - began < minutes * 60:
            loss = self._step(self.progress.samples / samples)
            self.progress.processor_s = time.process_time() - worked
            if self.progress.steps % _LOG_EVERY == 0:
                print(f"loss {loss:.3f}  {self.progress}", flush=True)
            if time.monotonic() - saved > _SAVE_EVERY_S:
                self.save(state)
                saved = time.monotonic()
        self.save(state)

    def _step(self, share: float) -> float:
        done = self.progress
        left = min(1.0, (1 - share) / _LAST_PART)
        for group in self.optimiser.param_groups:
            group["lr"] = _RATE * left * min(1.0, (done.steps + 1) / _WARM_UP_STEPS)
        scenes = self.painter.paint(_BATCH, _SIDE if left == 1 else _LAST_SIDE, done.strength)
        loss, answers = self.student(scenes, done.strength / _HARDEST)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.mean.update_parameters(self.student)
        done.steps, done.samples = done.steps + 1, done.samples + _BATCH
        means = torch.tensor([done.shape, done.texture, done.numbers]).lerp(answers.cpu(), 0.02)
        done.shape, done.texture, done.numbers = means.tolist()
        if done.shape > _MASTERED:
            done.strength = min(_HARDEST, done.strength + _HARDER)
        return float(loss.item())

    def save(self, state: Path) -> None:
        """Write all that is needed to go on."""
        content = {
            "student": self.student.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "painter": self.painter.gen.get_state(),
            "progress": asdict(self.progress),
        }
        _write(state, lambda path: torch.save(content, path))

    def resume(self, state: Path) -> None:
        """Go on from a state file, if there is one."""
        if state.exists():
            content: dict[str, Any] = torch.load(state, map_location="cpu", weights_only=True)
            self.student.load_state_dict(content["student"])
            self.mean.load_state_dict(content["mean"])
            self.optimiser.load_state_dict(content["optimiser"])
            self.painter.gen.set_state(content["painter"])
            self.progress = Progress(**content["progress"])

    @torch.no_grad()
    def result(self) -> ResNet:
        """Return the mean network, with the statistics of its normalisation taken anew at the size it is used at."""
        trunk: ResNet = self.mean.module.trunk
        trunk.train()
        for layer in trunk.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_running_stats()
                layer.momentum = None  # a plain mean over all batches
        for _ in range(_STATISTICS_BATCHES):
            trunk(normalise(self.painter.paint(_BATCH, IMAGE_SIZE, self.progress.strength).images))
        return trunk


def main() -> None:
    """Train, or go on training, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=500_000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="an earlier starter to go on from, in place of random weights")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training = Training(make_pool(options.seed), options.seed, options.start)
    training.resume(options.state)
    training.run(options.samples, options.minutes, options.state)
    if training.progress.samples >= options.samples:
        export(training.result(), options.out)


def _groups(network: nn.Module) -> list[dict[str, object]]:
    """Decay matrices and filters only: shrinking the scales of normalisation layers has no use."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": _DECAY}, {"params": others, "weight_decay": 0.0}]


def _rate(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(1) == labels).float().mean()


def export(trunk: nn.Module, out: Path) -> None:
    """Write the weights as float16 (counters stay whole numbers) with what is needed to use them."""
    tensors = {name: _half(value) for name, value in trunk.state_dict().items()}
    metadata = {
        "architecture": ARCHITECTURE,
        "mean": json.dumps(MEAN),
        "std": json.dumps(STD),
        "image_size": json.dumps(IMAGE_SIZE),
        "version": VERSION,
    }
    _write(out, lambda path: save_file(tensors, path, metadata))


def _half(value: Tensor) -> Tensor:
    return (value.half() if value.is_floating_point() else value).cpu().contiguous()


def _write(target: Path, write: Callable[[Path], object]) -> None:
    """Write beside the target and rename, so that a stop in the middle leaves the old file whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    write(part)
    part.replace(target)


if __name__ == "__main__":
    main()
