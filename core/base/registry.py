"""A table of named entries that refuses twins and lists what exists."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from core.base.errors import UserError

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries by key, in the order they were added. `what` names one entry in messages, such as "backbone"."""

    def __init__(self, what: str, key: Callable[[Entry], str]) -> None:
        self._what = what
        self._key = key
        self._entries: dict[str, Entry] = {}

    def add(self, entry: Entry) -> Entry:
        """Add an entry; raises ValueError if its key is taken."""
        key = self._key(entry)
        if key in self._entries:
            raise ValueError(f"two entries of the {self._what} registry have the key {key!r}")
        self._entries[key] = entry
        return entry

    def __getitem__(self, key: str) -> Entry:
        """Return the entry; raises UserError that lists what exists."""
        if key not in self._entries:
            raise UserError(f"There is no {self._what} called “{key}”.", f"Choose one of: {', '.join(self._entries)}.")
        return self._entries[key]

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def keys(self) -> tuple[str, ...]:
        """Return all keys in order."""
        return tuple(self._entries)
