"""One training to be measured, and what came of it: what the benchmark and its workers, each a process, hand over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from core.base.folders import Folders
from core.data.dataset import Dataset

Mode = Literal["feature-extraction", "fine-tune-all"]
MODES: tuple[Mode, ...] = ("feature-extraction", "fine-tune-all")

DATASET = TypeAdapter(Dataset)


@dataclass(frozen=True)
class Job:
    """What a worker does. `work` is its folder: home, weights and split lie there, the same for all trainers.

    Where `size_px` or `batch_size` are None, the trainer uses its own. `precision` is what the bound computes in, as
    torch calls it. With `every_epoch` Graft does not stop early, so that a time is that of all epochs.
    """

    trainer: str
    mode: Mode
    backbone: str
    images: Path
    work: Path
    epochs: int
    seed: int = 0
    size_px: int | None = None
    batch_size: int | None = None
    precision: str = ""
    device: str = "cpu"
    every_epoch: bool = False

    @property
    def folders(self) -> Folders:
        """Return where Graft keeps weights and caches in this measurement."""
        return Folders(self.work / "home" / "data", self.work / "home" / "cache")

    @property
    def split(self) -> Path:
        """Return the file of the split that every trainer is given."""
        return self.work / "split.json"

    def dataset(self) -> Dataset:
        """Return the images with their parts."""
        return DATASET.validate_json(self.split.read_bytes())


@dataclass(frozen=True)
class Outcome:
    """What was measured. `seconds` are without imports; `epoch_seconds` only those of epochs in which all layers learn.

    `accuracy` (0 to 1) is of the `n_test` test images. `parts` splits the seconds where the trainer can tell.
    `peak_mb` is the most memory that the process itself held, without the loader's workers. `cpu_seconds` are those of
    all its cores and workers: on a busy machine they tell more than the seconds.
    """

    seconds: float
    epoch_seconds: tuple[float, ...] = ()
    accuracy: float | None = None
    n_test: int = 0
    batch_size: int = 0
    precision: str = "float32"
    parts: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    cpu_seconds: float = 0.0


JOB = TypeAdapter(Job)
OUTCOME = TypeAdapter(Outcome)
