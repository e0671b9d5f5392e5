"""What is worth a look in the images: one entry for each finding, and whether training can begin."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui_app.theme import SPACE, Tone
from gui_app.widgets import Chip, link_button, text_label
from gui_app.words import count

if TYPE_CHECKING:
    from core.data.findings import Finding

READY = "ready"
"""The key of the finding that says training can begin."""
TONES: dict[str, Tone] = {"bad": "bad", "warn": "warn", "info": "plain"}


class FindingsList(QScrollArea):
    """Findings with their counts; `chosen` carries the key of one whose images are to be shown."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findings")
        self.setAccessibleName(self.tr("Worth a look"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_findings(self, findings: "tuple[Finding, ...]", problem: str, reading: bool) -> None:
        """Show what was found; `problem` says why training cannot begin; while `reading`, nothing is known yet."""
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        inner.setMinimumWidth(1)  # a long name is cut; it does not push the ends of all lines out of sight
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE.s)
        if problem:
            self._add_section(self.tr("Not ready to train"), problem)
        looks = [finding for finding in findings if finding.key != READY]
        if looks:
            self._column.addWidget(text_label(self.tr("Worth a look"), "heading"))
        for finding in looks:
            self._add_finding(finding)
        for ready in (finding for finding in findings if finding.key == READY):
            if not looks:
                self._add_section(self.tr("Nothing to worry about"), self.tr("All images can be read."))
            self._add_section(ready.title, ready.advice)
        if reading and not findings:
            self._add_section(self.tr("Reading the images"), self.tr("What is worth a look is said here afterwards."))
        self._column.addStretch(1)
        self.setWidget(inner)

    def _add_section(self, title: str, text: str) -> None:
        self._column.addWidget(text_label(title, "heading", wrap=True))
        self._column.addWidget(text_label(text, "muted", wrap=True))
        self._column.addSpacing(SPACE.m)

    def _add_finding(self, finding: "Finding") -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE.s)
        if finding.count:
            head.addWidget(Chip(count(finding.count), TONES[finding.severity]), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(text_label(finding.title, "strong", wrap=True), 1)
        self._column.addLayout(head)
        advice = text_label(finding.advice, "muted", wrap=True, name=f"advice_{finding.key}")
        advice.setMinimumWidth(1)  # else its height would be that of the width of its longest word
        self._column.addWidget(advice)
        if finding.images:
            link = link_button(self.tr("Show them"), f"finding_{finding.key}")
            link.setAccessibleName(self.tr("Show: {n} {title}").format(n=finding.count, title=finding.title))
            link.clicked.connect(partial(self.chosen.emit, finding.key))
            self._column.addWidget(link)
        self._column.addSpacing(SPACE.s)
