"""What was decided about a folder of images as a whole, by a person or at first sight; kept in the project."""

from dataclasses import dataclass

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Decisions:
    """How to read the folder and how to split it.

    `reading` is the key of a reading of the folder (empty: the one that fits best). `added` are files and folders from
    elsewhere, as absolute paths. `grouping` is the key of what keeps images together (empty: not decided yet), which is
    a guess until it is `confirmed`. `shares` are train, val and test in percent.
    """

    reading: str = ""
    added: tuple[str, ...] = ()
    grouping: str = ""
    confirmed: bool = False
    shares: tuple[int, int, int] = (70, 15, 15)

    def to_json(self) -> str:
        """Return the decisions as text to be stored."""
        return _ADAPTER.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> "Decisions":
        """Return the decisions that `to_json` wrote."""
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(Decisions)
