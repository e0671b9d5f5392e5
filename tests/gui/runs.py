"""Runs that never happened, on real small images: what pages show is known in advance."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from core.base.config import RunConfig
from core.base.events import Ending, EpochDone, Event, Finished, PhaseStarted, Step
from core.base.folders import Folders
from core.data.dataset import Dataset, LabelledImage, Part
from core.models.device import DeviceChoice
from core.results.metrics import Evaluation, Judged, evaluate
from core.results.runs import RunRecord
from core.train.plan import RunPlan, plan
from gui_app.state import State

PARTS: tuple[Part, ...] = ("train", "val", "test")
CPU = DeviceChoice("cpu", "processor", "for tests", 1024)


def draw(path: Path, number: int = 0, size: tuple[int, int] = (40, 30)) -> Path:
    """Write an image of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, ((37 * number) % 256, (91 * number) % 256, 120)).save(path)
    return path


def made_plan(root: Path, classes: Sequence[str] = ("ants", "bees")) -> RunPlan:
    """Return the plan of a feature extraction over three images a class, one in each part."""
    images = tuple(
        LabelledImage(f"{name}/{part}.png", label, part, f"{name}{part}")
        for label, name in enumerate(classes)
        for part in PARTS
    )
    config = RunConfig(backbone="resnet18", strategy="feature-extraction", epochs=10)
    return plan(config, Dataset(root, tuple(classes), images), CPU, weights_ready=True)


def made_events(epochs: int = 4, ending: Ending | None = None) -> tuple[Event, ...]:
    """Return the events of a run that gets better with each epoch; without an ending it still goes on."""
    events: list[Event] = [PhaseStarted("head only", "head only", 1, 10)]
    for epoch in range(1, epochs + 1):
        loss = 1 / (epoch + 1)
        events.append(Step(epoch - 0.5, loss))
        events.append(EpochDone(epoch, "head only", loss, 1 - loss / 2, loss, 1 - loss / 2, True, 1.0))
    if ending is not None:
        events.append(Finished("run", ending, epochs, epochs, 12.0, 40.0))
    return tuple(events)


def judged(root: Path, confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> Evaluation:
    """Return an evaluation with this confusion matrix; each image lies on the disk, the surest first."""
    images = []
    for label, row in enumerate(confusion):
        for said, number in enumerate(row):
            for i in range(number):
                path = f"{classes[label]}/{said} {i}.png"
                draw(root / path, number=i)
                images.append(Judged(path, label, said, 0.9 - 0.1 * (i % 4)))
    return evaluate(root, classes, images)


def made_record(
    root: Path,
    confusion: Sequence[Sequence[int]] | None = ((27, 2), (1, 30)),
    classes: Sequence[str] = ("ants", "bees"),
    ending: Ending | None = "completed",
) -> RunRecord:
    """Return the record of run 4; without a confusion matrix it has no score."""
    made = made_plan(root, classes)
    evaluation = judged(root, confusion, classes) if confusion is not None else None
    return RunRecord(Path("runs/0004"), made.config, made, made_events(ending=ending), evaluation)


def made_state(folders: Folders, **changes: object) -> State:
    """Return a state in which nothing happened but what is given."""
    return replace(State(folders), **changes)  # type: ignore[arg-type]
