"""Features that were computed once, kept for the next run: one SQLite file, a cache that may vanish any time."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.base.disposable import ASKED_AT_ONCE, REMEDY, DisposableDatabase

Vector = NDArray[np.float32]

_LIMIT_BYTES = 4 * 2**30

_SCHEMA = """
PRAGMA auto_vacuum = FULL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS space (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, bytes INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS feature (
    space INTEGER NOT NULL, hash TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (space, hash));
"""


class FeatureStore:
    """Vectors by space (the same weights and framing) and hash (of the image file), float32, up to a limit in bytes.

    When the limit is reached, the space that was used longest ago goes first. A damaged file is begun anew. What cannot
    be read or written is as if it were not there; `problem` then says why in a sentence, and else is empty.
    """

    def __init__(self, folder: Path, limit_bytes: int = _LIMIT_BYTES) -> None:
        self._database = DisposableDatabase(folder / "features.db", _SCHEMA)
        self._limit_bytes = limit_bytes
        self._full = ""

    @property
    def problem(self) -> str:
        """Return in a sentence what could not be kept; nothing if all is well."""
        wrong = self._database.problem
        if not wrong:
            return self._full
        return f"Features cannot be kept for the next run in “{self._database.file.parent}”: {wrong}. {REMEDY}"

    @property
    def unusable(self) -> bool:
        """Say whether nothing can be kept, which is more than that a limit was reached."""
        return bool(self._database.problem)

    def get(self, space: str, hashes: Iterable[str]) -> dict[str, Vector]:
        """Return the stored vectors (D,) of those images that have one."""
        wanted = list(hashes)
        return self._database.do(lambda database: _read(database, space, wanted), {})

    def put(self, space: str, vectors: Mapping[str, Vector]) -> None:
        """Store vectors (D,) by hash; one that is there already stays."""
        self._database.do(lambda database: self._write(database, space, vectors), None)

    def _write(self, database: sqlite3.Connection, space: str, vectors: Mapping[str, Vector]) -> None:
        number = _touch(database, space)
        needed = sum(4 * vector.size for vector in vectors.values())
        if not _make_room(database, number, self._limit_bytes - needed):
            limit = f"{self._limit_bytes / 2**30:.1f} GB"
            self._full = f"The stored features have reached {limit}; those of further images are computed in each run."
            return
        for key, vector in vectors.items():
            blob = np.ascontiguousarray(vector, np.float32).tobytes()
            added = database.execute("INSERT OR IGNORE INTO feature VALUES (?, ?, ?)", (number, key, blob)).rowcount
            database.execute("UPDATE space SET bytes = bytes + ? WHERE id = ?", (added * len(blob), number))


def _read(database: sqlite3.Connection, space: str, wanted: list[str]) -> dict[str, Vector]:
    number = _touch(database, space)
    found: dict[str, Vector] = {}
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        some = wanted[start : start + ASKED_AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = database.execute(
            f"SELECT hash, vector FROM feature WHERE space = ? AND hash IN ({marks})", (number, *some)
        )
        found |= {key: np.frombuffer(blob, np.float32).copy() for key, blob in rows}
    return found


def _touch(database: sqlite3.Connection, space: str) -> int:
    """Return the number of a space, noting it as the one used last."""
    statement = """INSERT INTO space (name, bytes, used) VALUES (?, 0, (SELECT coalesce(max(used), 0) + 1 FROM space))
                   ON CONFLICT (name) DO UPDATE SET used = excluded.used RETURNING id"""
    (number,) = database.execute(statement, (space,)).fetchone()
    return int(number)


def _make_room(database: sqlite3.Connection, keep: int, limit_bytes: int) -> bool:
    """Delete the spaces used longest ago, but not `keep`, until the rest is within the limit; return whether it is."""
    others = database.execute("SELECT id FROM space WHERE id != ? ORDER BY used DESC", (keep,)).fetchall()
    while _held(database) > limit_bytes and others:
        oldest = others.pop()
        database.execute("DELETE FROM feature WHERE space = ?", oldest)
        database.execute("DELETE FROM space WHERE id = ?", oldest)
    return _held(database) <= limit_bytes


def _held(database: sqlite3.Connection) -> int:
    (held,) = database.execute("SELECT sum(bytes) FROM space").fetchone()
    return int(held)
