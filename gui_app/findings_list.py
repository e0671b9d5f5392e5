"""What is worth a look in the images: one entry for each finding, and whether training can begin."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui_app.painted import PaintedButton
from gui_app.theme import SPACE, Tone
from gui_app.widgets import LINK_EDGE, Chip, link_button, text_label
from gui_app.words import as_tip, count, cut_names

if TYPE_CHECKING:
    from core.data.findings.checks import Finding

READY = "ready"
"""The key of the finding that says training can begin."""
TONES: dict[str, Tone] = {"bad": "bad", "warn": "warn", "info": "plain"}
LONGEST_ADVICE = 260
"""Longer advice is cut; a link shows the rest in its place."""


class FindingLine(PaintedButton):
    """One finding; a click shows its images, if it has any."""

    def __init__(self, finding: "Finding") -> None:
        super().__init__(f"finding_{finding.key}")
        self.key = finding.key
        self.setEnabled(bool(finding.images))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)  # its height follows the words
        self.setAccessibleName(self.tr("Show: {n} {title}").format(n=finding.count, title=finding.title).strip())
        if not finding.images:
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head = QHBoxLayout()
        head.setSpacing(SPACE.s)
        if finding.count:
            head.addWidget(Chip(count(finding.count), TONES[finding.severity]), 0, Qt.AlignmentFlag.AlignTop)
        title = text_label(cut_names(finding.title), "strong", wrap=True)
        title.setMinimumWidth(1)
        head.addWidget(title, 1)
        self._whole = cut_names(finding.advice)
        self._short = _cut(self._whole)
        self._advice = text_label(self._short, "muted", wrap=True, name=f"advice_{finding.key}")
        self._advice.setMinimumWidth(1)  # else its height would be that of the width of its longest word
        if self._whole != finding.advice or cut_names(finding.title) != finding.title:
            self.setToolTip(as_tip(f"{finding.title}\n{finding.advice}"))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.s, SPACE.s - 2, SPACE.s, SPACE.s - 2)
        column.setSpacing(SPACE.xs)
        column.addLayout(head)
        column.addWidget(self._advice)
        for part in self.findChildren(QWidget):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def is_long(self) -> bool:
        """Whether there is more to say than is shown at first."""
        return self._short != self._whole

    def show_whole(self, whole: bool) -> None:
        """Show all of the advice, or its beginning."""
        self._advice.setText(self._whole if whole else self._short)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint what lies beneath the words."""
        self.paint_ground(QPainter(self))


class FindingsList(QScrollArea):
    """Findings with their counts; `chosen` carries the key of one whose images are to be shown, `mended` the key of one
    whose remedy is wished for.
    """

    chosen = Signal(str)
    mended = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findings")
        self.setAccessibleName(self.tr("Worth a look"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lines: list[FindingLine] = []
        self._opened: set[str] = set()

    def show_findings(self, findings: "tuple[Finding, ...]", problem: str, reading: bool) -> None:
        """Show what was found; `problem` says why training cannot begin; while `reading`, nothing is known yet."""
        place = self.verticalScrollBar().value()
        inner = QWidget()
        inner.setProperty("role", "scrolled")
        inner.setMinimumWidth(1)  # a long name is cut; it does not push the ends of all lines out of sight
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._lines = []
        if problem:
            self._add_section(self.tr("Not ready to train"), problem)
        looks = [finding for finding in findings if finding.key != READY]
        if looks:
            self._add_heading(self.tr("Worth a look"))
        for finding in looks:
            self._add_finding(finding)
        for ready in (finding for finding in findings if finding.key == READY):
            if not looks:
                self._add_section(self.tr("Nothing to worry about"), self.tr("All images can be read."))
            self._column.addSpacing(SPACE.m)
            self._add_section(ready.title, ready.advice)
        if reading and not findings:
            self._add_section(self.tr("Reading the images"), self.tr("What is worth a look is said here afterwards."))
        self._column.addStretch(1)
        self.setWidget(inner)
        self.verticalScrollBar().setValue(place)

    def choose(self, key: str) -> None:
        """Mark the finding whose images are looked at."""
        for line in self._lines:
            line.chosen = line.key == key
            line.update()

    def _add_heading(self, title: str) -> None:
        heading = text_label(title, "heading", wrap=True)
        heading.setContentsMargins(SPACE.s, 0, SPACE.s, SPACE.xs)
        self._column.addWidget(heading)

    def _add_section(self, title: str, text: str) -> None:
        self._add_heading(title)
        words = text_label(text, "muted", wrap=True)
        words.setContentsMargins(SPACE.s, 0, SPACE.s, 0)
        words.setMinimumWidth(1)
        self._column.addWidget(words)
        self._column.addSpacing(SPACE.m)

    def _add_finding(self, finding: "Finding") -> None:
        line = FindingLine(finding)
        line.clicked.connect(partial(self.chosen.emit, finding.key))
        self._lines.append(line)
        self._column.addWidget(line)
        links = [self._more_link(line)] if line.is_long else []
        if finding.remedy:
            links.append(link_button(finding.remedy_title, f"remedy_{finding.key}"))
            links[-1].clicked.connect(partial(self.mended.emit, finding.key))
        for link in links:
            row = QHBoxLayout()
            row.setContentsMargins(SPACE.s - LINK_EDGE, 0, SPACE.s, SPACE.s - 2)
            row.addWidget(link)
            row.addStretch(1)
            self._column.addLayout(row)

    def _more_link(self, line: FindingLine) -> QPushButton:
        link = link_button(self.tr("More"), f"more_{line.key}")

        def show() -> None:
            opened = line.key in self._opened
            line.show_whole(opened)
            link.setText(self.tr("Less") if opened else self.tr("More"))
            link.setAccessibleName(self.tr("Less about this") if opened else self.tr("More about this"))

        def toggle() -> None:
            self._opened ^= {line.key}
            show()

        show()
        link.clicked.connect(toggle)
        return link


def _cut(advice: str) -> str:
    """Cut at a word; what is hardly longer is not worth a link."""
    if len(advice) <= LONGEST_ADVICE:
        return advice
    return advice[:LONGEST_ADVICE].rsplit(" ", 1)[0].rstrip(",;:.– ") + "…"
