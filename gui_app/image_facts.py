"""What is known of one image, as rows for the viewer. No Qt but its translation."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from gui_app.words import file_size, part_name, shorten

if TYPE_CHECKING:
    from core.data.facts import Facts
    from core.data.folder.listing import FoundImage
    from gui_app.state import State

Rows = list[tuple[str, str]]
LONGEST = 40
"""A longer value without a gap would be cut: it is shortened instead."""


def rows_of(image: "FoundImage", state: "State") -> Rows:
    """Return label and value of each fact that is known; what is not known has no row."""
    moved, labelled = (image.path, "part") in state.corrections, (image.path, "label") in state.corrections
    label = image.class_name or _say("none yet")
    rows = [
        (_say("Class"), f"{shorten(label, LONGEST)}{_say(' (corrected)') if labelled else ''}"),
        (_say("Folder"), shorten(str(PurePosixPath(image.path).parent), LONGEST)),
        (_say("Part"), _part(image, state) + (_say(" (moved)") if moved else "")),
        (_say("Group"), shorten(image.group, LONGEST)),
        (_say("Left out"), _say("yes") if image.left_out else ""),
        (_say("Size"), _say("{} × {} px").format(image.width_px, image.height_px) if image.width_px else ""),
        (_say("File"), file_size(image.size_bytes) if image.size_bytes else ""),
        *(_measured(image.facts) if image.facts else ()),
        (_say("Cannot be read"), image.problem),
        (_say("Worth a look"), _findings(image, state)),
    ]
    return [(name, value) for name, value in rows if value]


def _measured(facts: "Facts") -> Rows:
    values = ""
    if facts.low is not None and facts.high is not None:
        values = _say("{low:g} to {high:g}").format(low=facts.low, high=facts.high)
    return [
        (_say("Format"), ", ".join(word for word in (facts.format, facts.mode) if word)),
        (_say("Values"), values),
        (_say("Taken"), facts.captured.replace("T", " ")),
        (_say("Camera"), shorten(facts.camera, LONGEST)),
        (_say("Personal data"), ", ".join(facts.personal)),
    ]


def _part(image: "FoundImage", state: "State") -> str:
    images = state.dataset.images if state.dataset else ()
    part = next((each.part for each in images if each.path == image.path), image.part)
    return part_name(part) if part else ""


def _findings(image: "FoundImage", state: "State") -> str:
    return "; ".join(finding.title for finding in state.findings if image.path in finding.images)


def _say(text: str) -> str:
    return QCoreApplication.translate("image_facts", text)
