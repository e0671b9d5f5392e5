"""All that follows from the images of a folder and from what was decided about them: split, findings and guesses.

The one place where these are put together, for the window and for the command line.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from core.base.errors import UserError
from core.base.events import Stop, never
from core.data.corrections import Field, corrected, moved
from core.data.dataset import Dataset, Part
from core.data.decisions import Decisions
from core.data.findings.checks import Finding, findings
from core.data.findings.finding import listed, plural, quoted
from core.data.folder.listing import Scan
from core.data.groups import Grouping, groupings
from core.data.images import printable
from core.data.near import Clusters
from core.data.shortcut import Shortcut, measure_shortcut
from core.data.split import Shares, left_out_by_split, make_dataset


@dataclass(frozen=True)
class Known:
    """What is known about the images from before: corrections, parts that were given, and decisions.

    `shortcut` is what was measured before.
    """

    corrections: Mapping[tuple[str, Field], str] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    shortcut: Shortcut | None = None


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class Survey:
    """What holds for the images of a folder. `found` is as the folder has it, `scan` with the corrections.

    Without a dataset, `problem` says why no model can learn from the images. `drawn` is the split without the moves of
    a person: what to remember, so that a move can be taken back. `decisions` are those of before, with the best guess
    at what nobody had decided; `grouping` is the key of the grouping in use. `shortcut` is None until it was measured.
    """

    found: Scan
    scan: Scan
    dataset: Dataset | None
    drawn: Dataset | None
    problem: str
    findings: tuple[Finding, ...]
    decisions: Decisions
    grouping: str
    corrections: Mapping[tuple[str, Field], str]
    groupings: tuple[Grouping, ...]
    near: Clusters
    shortcut: Shortcut | None = None


def survey(found: Scan, near: Clusters, known: Known = NOTHING_KNOWN) -> Survey:
    """Put together what follows from a scan and its near-duplicates; equal arguments give an equal survey."""
    scan = corrected(found, known.corrections)
    offered = groupings(scan, known.decisions.grouping)
    chosen = next((each for each in offered if each.key == known.decisions.grouping), offered[0])
    train, val, test = (percent / 100 for percent in known.decisions.shares)
    groups = {**chosen.groups, **_said_groups(known.corrections)}
    draw = partial(make_dataset, scan, 0, known.parts, together=near, groups=groups, shares=Shares(train, val, test))
    drawn, problem = _tried(draw)
    dataset = drawn
    if moves := moved(known.corrections):
        dataset, problem = _tried(partial(draw, moved=moves))
    if dataset is not None:
        dataset = replace(dataset, notes=tuple(_notes(scan, dataset)))
    decided = known.decisions if chosen.key == "none" else replace(known.decisions, grouping=chosen.key)
    said = findings(scan, dataset, near=near, shortcut=known.shortcut)
    return Survey(
        found=found,
        scan=scan,
        dataset=dataset,
        drawn=drawn,
        problem=problem,
        findings=said,
        decisions=decided,
        grouping=chosen.key,
        corrections=known.corrections,
        groupings=offered,
        near=near,
        shortcut=known.shortcut,
    )


def with_shortcut(made: Survey, stop: Stop = never) -> Survey:
    """Measure whether something beside the picture gives the label away, and say so; it takes seconds.

    The same survey if stopped.
    """
    shortcut = measure_shortcut(made.scan, stop, made.near)
    if stop():
        return made
    said = findings(made.scan, made.dataset, near=made.near, shortcut=shortcut)
    return replace(made, findings=said, shortcut=shortcut)


def _tried(draw: Callable[[], Dataset]) -> tuple[Dataset | None, str]:
    """Return a split, or why there is none. Its seed is always the same: scores of different runs can be compared."""
    try:
        return draw(), ""
    except UserError as error:
        return None, str(error)


def _notes(scan: Scan, dataset: Dataset) -> Iterator[str]:
    unreadable = scan.unreadable
    if unreadable:
        named = listed([f"“{printable(image.path)}”: {image.problem}" for image in unreadable], "; ")
        yield f"{plural(len(unreadable), '1 image', f'{len(unreadable)} images')} cannot be read. {named}."
    between = left_out_by_split(scan, dataset)
    if between:
        named = listed([quoted(path) for path in between])
        number = plural(len(between), "1 image is", f"{len(between)} images are")
        yield f"{number} not used, as copies of them or what belongs to them lies on another side: {named}."


def _said_groups(corrections: Mapping[tuple[str, Field], str]) -> dict[str, str]:
    """Return the groups that a person gave to single images: they hold whatever else keeps images together."""
    return {path: f"said: {value}" for (path, about), value in corrections.items() if about == "group" and value}
