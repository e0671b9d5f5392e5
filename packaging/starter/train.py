"""Train the starter on generated scenes: which formula drew the main object?
python packaging/starter/train.py --minutes 40 --seed 0 --state FILE --out resources/starter.safetensors
The same command goes on from the state after a stop. Minutes count training only, not the drawing of the pool."""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from pool import CLASSES, make_pool
from safetensors.torch import save_file
from scenes import Painter
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.models.resnet import BasicBlock, ResNet

ARCHITECTURE = "resnet10"
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
IMAGE_SIZE = 128  # for transfer; what was learned at 64 px carries over to finer features
VERSION = "1"
_SIDE, _BATCH, _RATE, _DECAY, _WARM_UP_STEPS = 64, 64, 1e-3, 0.05, 100
# With every variation at full strength from the start nothing is learned: it grows while the scenes are mastered.
_MASTERED, _HARDER, _HARDEST = 0.35, 0.001, 0.8
_SAVE_EVERY_S = 60
_LOG_EVERY = 50


@dataclass
class Progress:
    """How far the training has come; written to the state file. `accuracy` is a running mean over recent batches."""

    seconds: float = 0.0
    steps: int = 0
    samples: int = 0
    accuracy: float = 0.0
    strength: float = 0.0


def make_network() -> ResNet:
    """Return half a ResNet-18: one block in each stage (He et al. 2015)."""
    return ResNet(BasicBlock, [1, 1, 1, 1], num_classes=CLASSES)


def normalise(images: Tensor) -> Tensor:
    """Bring images (n, 3, side, side) of 0..1 to the range and memory layout that the network is trained on."""
    mean, std = (images.new_tensor(v)[:, None, None] for v in (MEAN, STD))
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


class Training:
    """Network, optimiser, painter and progress, which are saved and restored together."""

    def __init__(self, seed: int) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(seed)
        self.network = make_network().to(self.device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(_groups(self.network), lr=_RATE)
        self.painter = Painter(make_pool(seed).to(self.device), seed)
        self.progress = Progress()

    def run(self, limit_s: float, state: Path) -> None:
        """Train until `limit_s` seconds of training are done in all; the rate follows the clock."""
        self.network.train()
        saved = began = time.monotonic() - self.progress.seconds
        while self.progress.seconds < limit_s:
            loss = self._step(self.progress.seconds / limit_s)
            if self.progress.steps % _LOG_EVERY == 0:
                print(f"loss {loss:.3f}  {self.progress}", flush=True)
            self.progress.seconds = time.monotonic() - began
            if time.monotonic() - saved > _SAVE_EVERY_S:
                self.save(state)
                saved = time.monotonic()
        self.save(state)

    def _step(self, share: float) -> float:
        done = self.progress
        warm = min(1.0, (done.steps + 1) / _WARM_UP_STEPS)
        for group in self.optimiser.param_groups:
            group["lr"] = _RATE * warm * 0.5 * (1 + math.cos(math.pi * share))
        images, shapes = self.painter.paint(_BATCH, _SIDE, done.strength)
        logits = self.network(normalise(images))
        loss = cross_entropy(logits, shapes)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        right = (logits.argmax(1) == shapes).float().mean().item()
        done.steps, done.samples = done.steps + 1, done.samples + _BATCH
        done.accuracy = 0.98 * done.accuracy + 0.02 * right
        if done.accuracy > _MASTERED:
            done.strength = min(_HARDEST, done.strength + _HARDER)
        return loss.item()

    def save(self, state: Path) -> None:
        """Write all that is needed to go on."""
        content = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "painter": self.painter.gen.get_state(),
            "progress": asdict(self.progress),
        }
        _write(state, lambda path: torch.save(content, path))

    def resume(self, state: Path) -> None:
        """Go on from a state file, if there is one."""
        if state.exists():
            content: dict[str, Any] = torch.load(state, map_location="cpu", weights_only=True)
            self.network.load_state_dict(content["network"])
            self.optimiser.load_state_dict(content["optimiser"])
            self.painter.gen.set_state(content["painter"])
            self.progress = Progress(**content["progress"])


def main() -> None:
    """Train, or go on training, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training = Training(options.seed)
    training.resume(options.state)
    training.run(options.minutes * 60, options.state)
    export(training.network, options.out)


def _groups(network: nn.Module) -> list[dict[str, object]]:
    """Decay matrices and filters only: shrinking the scales of normalisation layers has no use."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": _DECAY}, {"params": others, "weight_decay": 0.0}]


def export(network: nn.Module, out: Path) -> None:
    """Write all but the last layer as float16 (counters stay whole numbers) with what is needed to use it."""
    tensors = {name: _half(value) for name, value in network.state_dict().items() if not name.startswith("fc.")}
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
