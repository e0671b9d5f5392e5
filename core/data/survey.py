"""All that follows from the images of a folder and from what was decided about them: split, findings and guesses.

The one place where these are put together, for the window and for the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.base.errors import UserError
from core.data.corrections import Field, corrected
from core.data.dataset import Dataset, Part
from core.data.decisions import Decisions
from core.data.findings import Finding, findings
from core.data.listing import Scan
from core.data.project import Clusters
from core.data.split import make_dataset


@dataclass(frozen=True)
class Known:
    """What is known about the images from before: corrections, parts that were given, decisions, and the seed."""

    corrections: Mapping[tuple[str, Field], str] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    seed: int = 0


@dataclass(frozen=True)
class Survey:
    """What holds for the images of a folder. `found` is as the folder has it, `scan` with the corrections.

    Without a dataset, `problem` says why no model can learn from the images.
    """

    found: Scan
    scan: Scan
    dataset: Dataset | None
    problem: str
    findings: tuple[Finding, ...]
    decisions: Decisions
    corrections: Mapping[tuple[str, Field], str]
    groupings: tuple[object, ...] = ()
    near: Clusters = ()


def survey(found: Scan, known: Known) -> Survey:
    """Put together what follows from a scan; the same scan and knowledge give the same survey."""
    scan = corrected(found, known.corrections)
    dataset, problem = None, ""
    try:
        dataset = make_dataset(scan, known.seed, known.parts)
    except UserError as error:
        problem = str(error)
    return Survey(found, scan, dataset, problem, findings(scan, dataset), known.decisions, known.corrections)
