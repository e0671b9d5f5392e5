"""Numbers as a person reads them."""

import html
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QMimeData

if TYPE_CHECKING:
    from core.train.plan import RunPlan

MINUTE, HOUR = 60, 3600


def percent(fraction: float) -> str:
    """Return 0.953 as "95 %". Only 1 is "100 %" and only 0 is "0 %": rounding never claims all or none."""
    rounded = round(100 * fraction)
    if rounded == 100 and fraction < 1:
        return "> 99 %"
    if rounded == 0 and fraction > 0:
        return "< 1 %"
    return f"{rounded} %"


def fine_percent(fraction: float) -> str:
    """Return 0.9534 as "95.3 %", for numbers that are watched while they change."""
    return f"{100 * fraction:.1f} %"


def duration(seconds: float) -> str:
    """Return a time as "34 s", "2 min 10 s", "12 min" or "3 h 5 min": as fine as anyone waits for."""
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return _say("{} s").format(max(1, whole))
    if whole < 5 * MINUTE:
        minutes, rest = whole // MINUTE, whole % MINUTE // 10 * 10
        return _say("{} min {} s").format(minutes, rest) if rest else _say("{} min").format(minutes)
    if whole < HOUR:
        return _say("{} min").format(round(whole / MINUTE))
    hours, minutes = divmod(round(whole / MINUTE), 60)
    return _say("{} h {} min").format(hours, minutes) if minutes else _say("{} h").format(hours)


def memory(megabytes: float) -> str:
    """Return an amount of memory as "640 MB" or "2.1 GB"."""
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def file_size(size_bytes: int) -> str:
    """Return the size of a file as "310 bytes", "84 kB" or "3.2 MB"."""
    if size_bytes < 1000:
        return _say("{} bytes").format(size_bytes)
    return f"{size_bytes / 1000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"


def count(number: int) -> str:
    """Return 1204 as "1,204"."""
    return f"{number:,}"


def model_words(plan: "RunPlan") -> tuple[str, str]:
    """Return how the pretrained network and the way to transfer are called."""
    from core.models.backbones import BACKBONES
    from core.train.strategies import STRATEGIES

    return BACKBONES[plan.backbone].title, STRATEGIES[plan.strategy].title


def part_name(part: str) -> str:
    """Return how a part is called on the screen."""
    return {"train": _say("Train"), "val": _say("Validation"), "test": _say("Test")}[part]


def images_in_words(number: int) -> str:
    """Return "1 image" or "1,204 images"."""
    return _say("1 image") if number == 1 else _say("{n} images").format(n=count(number))


def shorten(text: str, most: int = 24) -> str:
    """Return a name that fits into a sentence."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def cut_names(text: str, most: int = 30) -> str:
    """Return a sentence in which long names in quotes, and words that no line could break, lack their middle."""
    half = most // 2

    def cut(found: re.Match[str]) -> str:
        name, quoted = found[0].strip("“”"), found[0].startswith("“")
        if len(name) <= most:
            return found[0]
        name = f"{name[:half].rstrip()}…{name[-half:].lstrip()}"
        return f"“{name}”" if quoted else name

    return re.sub(r"“[^”]+”|[^\s“]+", cut, text)


def as_tip(text: str) -> str:
    """Return text for a tool tip, which has no plain mode: marks are escaped, so that names stay as they are."""
    lines = html.escape(text).replace("\n", "<br>")
    return f"<p>{lines}</p>" if text else ""


def local_files(data: QMimeData) -> list[Path]:
    """Return which files and folders of this computer were dropped or copied."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def usable(dropped: list[Path]) -> tuple[list[Path], str]:
    """Return the folders and images among what was dropped, and in words what is wrong with the rest."""
    from core.data.images import SUFFIXES, holds_dicom

    there = [path for path in dropped if path.exists()]
    files = [path for path in there if path.is_dir() or path.suffix.lower() in SUFFIXES or holds_dicom(path)]
    gone = [path for path in dropped if path not in there]
    others = [path for path in there if path not in files]
    parts = (
        _of_files(gone, _say("{name} is not there."), _say("{name} and {n} more are not there.")),
        _of_files(
            others,
            _say("{name} is no image that Graft reads."),
            _say("{name} and {n} more are no images that Graft reads."),
        ),
    )
    return files, " ".join(part for part in parts if part)


def _of_files(files: list[Path], one: str, several: str) -> str:
    if not files:
        return ""
    name = f"“{shorten(files[0].name, 60)}”"
    return one.format(name=name) if len(files) == 1 else several.format(name=name, n=count(len(files) - 1))


def interval(low: float, high: float) -> tuple[str, str]:
    """Return the bounds of an interval in whole percent, rounded outwards so that it never looks surer than it is."""
    return f"{math.floor(100 * low)} %", f"{math.ceil(100 * high)} %"


def run_name(folder: Path) -> str:
    """Return "Run 4" for the folder runs/0004."""
    return _say("Run {}").format(int(folder.name) if folder.name.isdigit() else folder.name)


def _say(text: str) -> str:
    return QCoreApplication.translate("words", text)
