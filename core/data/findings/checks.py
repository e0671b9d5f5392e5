"""What a person should know about the images before training: one entry for each kind of trouble."""

from collections.abc import Sequence

from core.data.dataset import Dataset
from core.data.findings import classes, copies, files, quality, shortcuts, split
from core.data.findings.finding import SEVERITIES, Check, Evidence, Finding, Severity
from core.data.folder.listing import Scan
from core.data.shortcut import Shortcut

__all__ = ["Finding", "Severity", "findings"]

_CHECKS: tuple[Check, ...] = (
    copies.near_across_parts,
    copies.in_two_classes,
    shortcuts.shortcut,
    files.unreadable,
    files.reading,
    copies.in_two_parts,
    copies.near_in_two_classes,
    classes.names_alike,
    copies.copies,
    quality.nearly_empty,
    classes.few_images,
    classes.imbalance,
    split.between,
    split.group_across,
    split.small_test,
    split.untested,
    files.missing,
    files.empty,
    files.unlabelled,
    quality.blurred,
    quality.dark,
    quality.bright,
    quality.odd_one_out,
    quality.odd_size,
    quality.value_range,
    copies.near_in_one_class,
    shortcuts.natural,
    files.personal,
    files.outside,
    files.left_out_by_hand,
    split.ready,
)
"""The worst of each severity first."""


def findings(
    scan: Scan,
    dataset: Dataset | None,
    *,
    near: Sequence[Sequence[str]] = (),
    shortcut: Shortcut | None = None,
) -> tuple[Finding, ...]:
    """Return all findings, the worst first; the last one says that training can begin, if there is a dataset.

    `near` are clusters of paths of near-duplicates. What was not measured is not spoken of.
    """
    evidence = Evidence(scan, dataset, near, shortcut)
    found = [finding for check in _CHECKS if (finding := check(evidence)) is not None]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
