"""What a person should know about the images before training: one entry for each kind of trouble."""

from collections.abc import Sequence

from core.data import (
    findings_classes,
    findings_copies,
    findings_files,
    findings_quality,
    findings_shortcut,
    findings_split,
)
from core.data.dataset import Dataset
from core.data.finding import SEVERITIES, Check, Evidence, Finding, Severity
from core.data.listing import Scan
from core.data.shortcut import Shortcut

__all__ = ["Finding", "Severity", "findings"]

_CHECKS: tuple[Check, ...] = (
    findings_copies.near_across_parts,
    findings_copies.in_two_classes,
    findings_shortcut.shortcut,
    findings_files.unreadable,
    findings_copies.in_two_parts,
    findings_copies.near_in_two_classes,
    findings_classes.names_alike,
    findings_copies.copies,
    findings_quality.nearly_empty,
    findings_classes.few_images,
    findings_classes.imbalance,
    findings_split.small_test,
    findings_split.untested,
    findings_files.missing,
    findings_files.empty,
    findings_files.unlabelled,
    findings_quality.blurred,
    findings_quality.dark,
    findings_quality.bright,
    findings_quality.odd_one_out,
    findings_quality.odd_size,
    findings_quality.value_range,
    findings_copies.near_in_one_class,
    findings_shortcut.natural,
    findings_files.personal,
    findings_files.outside,
    findings_files.left_out_by_hand,
    findings_split.ready,
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
