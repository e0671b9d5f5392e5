"""Which items of a list are selected, by the hands of a file manager: one, one more, all up to here. No Qt."""

from collections.abc import Iterable


class Selection:
    """Positions in a list. The anchor is where a range begins."""

    def __init__(self) -> None:
        self._chosen: set[int] = set()
        self._anchor = 0

    def __contains__(self, position: int) -> bool:
        """Say whether the item at a position is selected."""
        return position in self._chosen

    def __len__(self) -> int:
        return len(self._chosen)

    @property
    def positions(self) -> list[int]:
        """The selected positions, first ones first."""
        return sorted(self._chosen)

    def only(self, position: int) -> None:
        """Select this one and no other."""
        self._chosen, self._anchor = {position}, position

    def toggle(self, position: int) -> None:
        """Add this one, or take it away."""
        self._chosen ^= {position}
        self._anchor = position

    def extend(self, position: int) -> None:
        """Select everything from the anchor to here."""
        low, high = sorted((self._anchor, position))
        self._chosen = set(range(low, high + 1))

    def all(self, number: int) -> None:
        """Select the first `number` items: all of them."""
        self._chosen = set(range(number))

    def these(self, positions: Iterable[int]) -> None:
        """Select these; the anchor is the first one."""
        self._chosen = set(positions)
        self._anchor = min(self._chosen, default=0)
