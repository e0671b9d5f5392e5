"""What a file says of its picture besides the pixels: measured once for each content and kept in the project."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Facts:
    """Measures of one content. Shares and brightness lie between 0 and 1; a missing measure is empty or None.

    `low` and `high` are the values that became black and white where an image has more than 8 bits. `personal` names
    the kinds of personal metadata ("GPS position", "owner's name", ...), never what they say.
    """

    format: str = ""
    mode: str = ""
    phash: str = ""
    dark: float = 1.0
    bright: float = 0.0
    sharpness: float = 1.0
    entropy: float = 8.0
    colour: tuple[float, float, float] = (0.5, 0.5, 0.5)
    border: tuple[float, float, float] = (0.5, 0.5, 0.5)
    low: float | None = None
    high: float | None = None
    captured: str = ""
    camera: str = ""
    personal: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the facts as text to be stored."""
        return _adapter().dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> "Facts":
        """Return the facts that `to_json` wrote."""
        return _adapter().validate_json(text)


@cache
def _adapter() -> "TypeAdapter[Facts]":
    from pydantic import TypeAdapter  # not above: it is half of what a process of a scan takes to start

    return TypeAdapter(Facts)
