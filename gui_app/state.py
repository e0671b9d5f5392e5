"""What the window knows: one frozen State, and the Store that replaces it and says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from core.base.config import RunConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.base.events import Progress
    from core.base.folders import Folders
    from core.data.corrections import Field
    from core.data.dataset import Dataset
    from core.data.findings.checks import Finding
    from core.data.folder.changes import Changes
    from core.data.folder.scan import Scan
    from core.data.groups import Grouping
    from core.models.device import DeviceChoice
    from core.results.predict import Predicted
    from core.results.runs import RunRecord, RunSummary
    from core.train.estimate import Estimate
    from core.train.plan import RunPlan
    from gui_app.image_table import ImageTable
    from gui_app.live import LiveRun

PageKey = Literal["start", "data", "model", "train", "results", "use"]


@dataclass(frozen=True)
class ProjectInfo:
    """The project that is open: its name as shown, its folder, and the folder of its images."""

    name: str
    folder: Path
    images_root: Path


@dataclass(frozen=True)
class State:
    """All that pages show.

    `table` holds what is known of all images in columns: it comes and goes with `scan`. `data_problem` says why there
    is no dataset though the images were read. `corrections` are the words of a person
    that hold now, by path and field; `scan` has them already. `grouping` is the key of what keeps images together,
    `shares` the parts in percent, `changes` what is new in the folder since it was read before. A `plan` with a
    `plan_problem` is only a preview: it cannot be carried out yet; `estimate` is what it takes, once that is measured.
    `device_problem` says why the chosen device is not there. `busy` names work that no other field shows.
    """

    folders: Folders
    page: PageKey = "start"
    project: ProjectInfo | None = None
    scan: Scan | None = None
    table: ImageTable | None = None
    dataset: Dataset | None = None
    findings: tuple[Finding, ...] = ()
    data_problem: str = ""
    corrections: Mapping[tuple[str, Field], str] = field(default_factory=dict)
    groupings: tuple[Grouping, ...] = ()
    grouping: str = ""
    grouping_confirmed: bool = False
    shares: tuple[int, int, int] = (70, 15, 15)
    changes: Changes | None = None
    reading: Progress | None = None
    config: RunConfig = field(default_factory=RunConfig)
    device: DeviceChoice | None = None
    device_problem: str = ""
    weights_ready: frozenset[str] = frozenset()
    plan: RunPlan | None = None
    plan_problem: str = ""
    estimate: Estimate | None = None
    download: tuple[str, Progress] | None = None
    live: LiveRun | None = None
    training: bool = False
    paused: bool = False
    runs: tuple[RunSummary, ...] = ()
    shown: RunRecord | None = None
    predictions: tuple[Predicted, ...] = ()
    predicting: bool = False
    recent: tuple[Path, ...] = ()
    busy: str = ""


class Store(QObject):
    """Holds the state. Each change replaces it and emits `changed`."""

    changed = Signal()

    def __init__(self, state: State, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = state

    def update(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of State
        """Replace the state by one with these fields changed."""
        self.state = replace(self.state, **changes)
        self.changed.emit()
