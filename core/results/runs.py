"""The record of a run on disk: configuration, plan, events, score. Read without loading torch."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.base.config import RunConfig
from core.base.errors import UserError
from core.base.events import Ending, EpochDone, Event, Finished, PhaseStarted, Step, Warned, name_of, record
from core.base.files import write_bytes, write_json
from core.models.backbones import BACKBONES
from core.results.metrics import EVALUATION, Evaluation
from core.train.mirrored import NOT_MIRRORED, Mirroring, load_mirroring
from core.train.plan import RunPlan, load_plan
from core.train.strategies import STRATEGIES

CONFIG_FILE, PLAN_FILE, EVENTS_FILE, EVALUATION_FILE = "config.json", "plan.json", "metrics.jsonl", "evaluation.json"
CROSS_VALIDATION_FILE = "cross_validation.json"
RECORDED = (PhaseStarted, Step, EpochDone, Warned, Finished)


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs. `ending` is None for a run that was cut off."""

    number: int
    folder: Path
    title: str
    backbone: str
    strategy: str
    accuracy: float | None
    n_test: int
    ending: Ending | None


@dataclass(frozen=True)
class RunRecord:
    """All that was kept of a run but its weights. `cross_validation` is the score of all folds, if that was wished."""

    folder: Path
    config: RunConfig
    plan: RunPlan
    events: tuple[Event, ...]
    evaluation: Evaluation | None
    cross_validation: Evaluation | None = None
    mirroring: Mirroring = NOT_MIRRORED

    @property
    def finished(self) -> Finished | None:
        """Return how the run ended, or None if it was cut off."""
        return next((event for event in reversed(self.events) if isinstance(event, Finished)), None)


def require_new(folder: Path) -> None:
    """Raise UserError if there is anything in the folder: nothing is replaced silently."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"“{folder}” exists already and is not empty.", "Choose a new folder; nothing is replaced.")


class RunWriter:
    """Keeps a run while it goes on: each event is on disk as soon as it happened."""

    def __init__(self, folder: Path, plan: RunPlan) -> None:
        """Write configuration and plan. Raises UserError if the folder is not new or cannot be written."""
        require_new(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / CONFIG_FILE, plan.config.model_dump())
            plan.save(folder / PLAN_FILE)
            self._events = (folder / EVENTS_FILE).open("a", encoding="utf-8")
        except OSError as error:
            raise UserError(f"“{folder}” cannot be written: {error.strerror}.", "Choose another folder.") from None

    def add(self, event: Event) -> None:
        """Append one event; progress is not kept."""
        if isinstance(event, RECORDED):
            self._events.write(json.dumps(record(event)) + "\n")
            self._events.flush()

    def close(self) -> None:
        """Close the file."""
        self._events.close()


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write the score of a run."""
    write_bytes(folder / EVALUATION_FILE, EVALUATION.dump_json(evaluation, indent=1))


def save_cross_validation(folder: Path, evaluation: Evaluation) -> None:
    """Write the score of all folds of a run."""
    write_bytes(folder / CROSS_VALIDATION_FILE, EVALUATION.dump_json(evaluation, indent=1))


def load_run(folder: Path) -> RunRecord:
    """Read the record of a run; raises UserError if the folder holds none."""
    plan = load_plan(folder / PLAN_FILE)
    scored, crossed = (_score(folder / name) for name in (EVALUATION_FILE, CROSS_VALIDATION_FILE))
    return RunRecord(folder, plan.config, plan, tuple(_events(folder)), scored, crossed, load_mirroring(folder))


def _score(file: Path) -> Evaluation | None:
    return EVALUATION.validate_json(file.read_bytes()) if file.exists() else None


def _events(folder: Path) -> Iterator[Event]:
    """Yield the events; a last line that was cut off by a crash is passed over."""
    if not (folder / EVENTS_FILE).exists():
        return
    kinds: dict[str, TypeAdapter[Event]] = {name_of(kind): TypeAdapter(kind) for kind in RECORDED}
    with (folder / EVENTS_FILE).open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                fields = json.loads(line)
                yield kinds[fields.pop("event")].validate_python(fields)


def list_runs(runs_folder: Path) -> tuple[RunSummary, ...]:
    """Return the runs of a project, the newest first; folders that hold no run are passed over."""
    numbered = sorted((folder for folder in runs_folder.glob("[0-9]*") if folder.name.isdigit()), reverse=True)
    return tuple(summary for folder in numbered if (summary := _summary(folder)))


def _summary(folder: Path) -> RunSummary | None:
    try:
        config = RunConfig.model_validate_json((folder / CONFIG_FILE).read_bytes())
        finished = _finished(folder)
    except (OSError, ValidationError):
        return None
    backbone = BACKBONES[config.backbone].title if config.backbone in BACKBONES else config.backbone
    strategy = STRATEGIES[config.strategy].title if config.strategy in STRATEGIES else config.strategy
    return RunSummary(
        number=int(folder.name),
        folder=folder,
        title=f"{backbone}, {strategy.lower()}",
        backbone=config.backbone,
        strategy=config.strategy,
        accuracy=finished.accuracy if finished else None,
        n_test=finished.n_test if finished else 0,
        ending=finished.ending if finished else None,
    )


def _finished(folder: Path) -> Finished | None:
    """Return the last event if it is the end; only the end of the file is read, however long the run was."""
    with (folder / EVENTS_FILE).open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - 4096))
        lines = file.read().splitlines(keepends=True)
    if not lines or b'"event": "finished"' not in lines[-1] or not lines[-1].endswith(b"\n"):
        return None
    fields = json.loads(lines[-1])
    fields.pop("event")
    return TypeAdapter(Finished).validate_python(fields)


def new_run_folder(runs_folder: Path) -> Path:
    """Return the folder for the next run, such as runs/0004; it does not exist yet."""
    numbers = [int(folder.name) for folder in runs_folder.glob("[0-9]*") if folder.name.isdigit()]
    return runs_folder / f"{max(numbers, default=0) + 1:04d}"
