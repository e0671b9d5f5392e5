"""All that follows from the images of a folder and from what was decided about them: split, findings and guesses.

The one place where these are put together, for the window and for the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.base.errors import UserError
from core.base.events import Stop, never
from core.data.corrections import Field, corrected, moved
from core.data.dataset import Dataset, Part
from core.data.decisions import Decisions
from core.data.findings.checks import Finding, findings
from core.data.folder.listing import Scan
from core.data.groups import Grouping, groupings
from core.data.near import Clusters
from core.data.shortcut import Shortcut, measure_shortcut
from core.data.split import Shares, make_dataset


@dataclass(frozen=True)
class Known:
    """What is known about the images from before: corrections, parts that were given, decisions, and the seed.

    `shortcut` is what was measured before.
    """

    corrections: Mapping[tuple[str, Field], str] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    seed: int = 0
    shortcut: Shortcut | None = None


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class Survey:
    """What holds for the images of a folder. `found` is as the folder has it, `scan` with the corrections.

    Without a dataset, `problem` says why no model can learn from the images. `decisions` are those of before, with the
    best guess at what nobody had decided. `shortcut` is None until it was measured.
    """

    found: Scan
    scan: Scan
    dataset: Dataset | None
    problem: str
    findings: tuple[Finding, ...]
    decisions: Decisions
    corrections: Mapping[tuple[str, Field], str]
    groupings: tuple[Grouping, ...]
    near: Clusters
    shortcut: Shortcut | None = None


def survey(found: Scan, near: Clusters, known: Known = NOTHING_KNOWN) -> Survey:
    """Put together what follows from a scan and its near-duplicates; equal arguments give an equal survey."""
    scan = corrected(found, known.corrections)
    offered = groupings(scan)
    chosen = next((each for each in offered if each.key == known.decisions.grouping), offered[0])
    train, val, test = (percent / 100 for percent in known.decisions.shares)
    dataset, problem = None, ""
    try:
        dataset = make_dataset(
            scan,
            known.seed,
            known.parts,
            together=near,
            groups={**chosen.groups, **_said_groups(known.corrections)},
            moved=moved(known.corrections),
            shares=Shares(train, val, test),
        )
    except UserError as error:
        problem = str(error)
    decided = replace(known.decisions, grouping=chosen.key)
    said = findings(scan, dataset, near=near, shortcut=known.shortcut)
    return Survey(found, scan, dataset, problem, said, decided, known.corrections, offered, near, known.shortcut)


def with_shortcut(made: Survey, stop: Stop = never) -> Survey:
    """Measure whether something beside the picture gives the label away, and say so; it takes seconds.

    The same survey if stopped.
    """
    shortcut = measure_shortcut(made.scan, stop, made.near)
    if stop():
        return made
    said = findings(made.scan, made.dataset, near=made.near, shortcut=shortcut)
    return replace(made, findings=said, shortcut=shortcut)


def _said_groups(corrections: Mapping[tuple[str, Field], str]) -> dict[str, str]:
    """Return the groups that a person gave to single images: they hold whatever else keeps images together."""
    return {path: f"said: {value}" for (path, about), value in corrections.items() if about == "group" and value}
