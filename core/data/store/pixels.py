"""Squares that were decoded once, kept for the next run: rows of pixels in files, found through a small database.

A cache that may vanish any time. Only rows that no one knows of are ever written, so windows may share the files.
"""

import shutil
import sqlite3
import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.base.disposable import ASKED_AT_ONCE, REMEDY, DisposableDatabase
from core.data.images import READER_VERSION, Framing

Pixels = NDArray[np.uint8]

_LIMIT_BYTES = 20 * 2**30  # 100,000 squares of 256 pixels
LEFT_FREE_BYTES = 2 * 2**30  # of the disk: a project must still be saved

# Without waiting for the disk: what a power cut leaves is told by its checksum, or begun anew.
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS segment (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, space TEXT NOT NULL,
    rows INTEGER NOT NULL, row_bytes INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS square (
    hash TEXT NOT NULL, segment INTEGER NOT NULL, row INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (hash, segment)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS square_of_segment ON square (segment);
"""


class Place(NamedTuple):
    """Where the square of an image lies, and how its pixels are told from others."""

    sha256: str
    segment: str
    row: int
    checksum: int


class PixelStore:
    """Squares of one framing by the SHA-256 of their image file, up to a limit in bytes for all framings together.

    A run appends to the segment that has most of its images, or begins one. When the limit is reached, the segment that
    was used longest ago goes first. Pixels that are not those which were stored are never returned. What cannot be read
    or written is as if it were not there; `problem` then says why in a sentence, and else is empty.
    """

    def __init__(self, folder: Path, framing: Framing, limit_bytes: int = _LIMIT_BYTES) -> None:
        self._folder, self._limit_bytes = folder, limit_bytes
        self._shape = (framing.resize_px, framing.resize_px, 3)
        self._row_bytes = framing.resize_px**2 * 3
        self._space = f"{framing} {READER_VERSION}"
        self._database = DisposableDatabase(folder / "pixels.db", _SCHEMA)
        self._mine: set[str] = set()  # segments that this run reads or writes
        self._checked: set[Place] = set()
        self._full = ""

    @property
    def problem(self) -> str:
        """Return why squares cannot be kept, in a sentence, or nothing."""
        error = self._database.problem
        return f"Decoded images cannot be kept in “{self._folder}”: {error}. {REMEDY}" if error else self._full

    @property
    def unusable(self) -> bool:
        """Say whether nothing can be kept, which is more than that a limit was reached."""
        return bool(self._database.problem)

    def find(self, hashes: Iterable[str]) -> dict[str, Place]:
        """Return the places of those images that have one, and note that they are in use."""
        wanted = list(hashes)
        return self._database.do(lambda database: self._found(database, wanted), {})

    def put(self, squares: Mapping[str, Pixels]) -> dict[str, Place]:
        """Store squares (R, R, 3) by hash and return where they lie; one that is there already stays."""
        return self._database.do(lambda database: self._write(database, squares), {})

    def fill(self, pixels: Pixels, places: Sequence[Place | None]) -> list[int]:
        """Read squares into `pixels` (N, R, R, 3); return the positions of those that cannot be had."""
        lost = []
        with ExitStack() as stack:
            files: dict[str, FileIO | None] = {}
            for position, place in enumerate(places):
                if place is None:
                    lost.append(position)
                    continue
                if place.segment not in files:
                    files[place.segment] = self._open(place.segment, stack)
                file = files[place.segment]
                if file is None or not self._read(file, place, pixels[position]):
                    lost.append(position)
        self._forget([place for position in lost if (place := places[position])])
        return lost

    def read(self, place: Place) -> Pixels | None:
        """Return one square (R, R, 3), or None if it cannot be had."""
        pixels = np.empty((1, *self._shape), np.uint8)
        return None if self.fill(pixels, [place]) else pixels[0]

    def _open(self, segment: str, stack: ExitStack) -> FileIO | None:
        # Read anew for each batch, not mapped: a mapped file that is cut ends the process, an open one cannot be
        # deleted on Windows, and the pages of a map count as memory of the process. The speed is the same.
        try:
            return stack.enter_context((self._folder / segment).open("rb", buffering=0))
        except OSError:
            return None

    def _read(self, file: FileIO, place: Place, pixels: Pixels) -> bool:
        """Read one square; the first time in this run, its checksum is compared."""
        try:
            file.seek(place.row * self._row_bytes)
            if file.readinto(pixels.data) != self._row_bytes:
                return False
        except OSError:
            return False
        if place not in self._checked:
            if self._checksum(place.sha256, pixels) != place.checksum:
                return False
            self._checked.add(place)
        return True

    def _checksum(self, sha256: str, pixels: Pixels) -> int:
        """Return a sum that holds for these pixels of this image in this framing only."""
        return zlib.crc32(np.ascontiguousarray(pixels).data, zlib.crc32(f"{self._space} {sha256}".encode()))

    def _found(self, database: sqlite3.Connection, wanted: list[str]) -> dict[str, Place]:
        found: dict[str, Place] = {}
        rows_of: dict[str, int] = {}
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            some = wanted[start : start + ASKED_AT_ONCE]
            statement = f"""SELECT hash, name, row, checksum FROM square JOIN segment ON id = segment
                            WHERE space = ? AND hash IN ({",".join("?" * len(some))})"""
            for place in map(Place._make, database.execute(statement, (self._space, *some))):
                if place.segment not in rows_of:
                    rows_of[place.segment] = self._rows_in(place.segment)
                if place.row < rows_of[place.segment]:
                    found[place.sha256] = place
        used = {place.segment for place in found.values()}
        self._mine |= used
        statement = "UPDATE segment SET used = (SELECT max(used) + 1 FROM segment) WHERE name = ?"
        database.executemany(statement, [(name,) for name in used])
        return found

    def _rows_in(self, segment: str) -> int:
        try:
            return (self._folder / segment).stat().st_size // self._row_bytes
        except OSError:
            return 0

    def _write(self, database: sqlite3.Connection, squares: Mapping[str, Pixels]) -> dict[str, Place]:
        places = self._found(database, list(squares))  # another window may have been faster
        fresh = {key: square for key, square in squares.items() if key not in places}
        if not fresh or not self._make_room(database, len(fresh) * self._row_bytes):
            return places
        number, name, row = self._segment(database)
        added = [
            Place(key, name, row + i, self._checksum(key, square)) for i, (key, square) in enumerate(fresh.items())
        ]
        with (self._folder / name).open("r+b") as file:
            file.seek(row * self._row_bytes)
            for square in fresh.values():
                file.write(np.ascontiguousarray(square).data)
        # Only now are the rows known to anyone: whatever ended the work before this has done no harm.
        database.execute("UPDATE segment SET rows = ? WHERE id = ?", (row + len(added), number))
        rows = [(place.sha256, number, place.row, place.checksum) for place in added]
        database.executemany("INSERT OR REPLACE INTO square VALUES (?, ?, ?, ?)", rows)
        return places | {place.sha256: place for place in added}

    def _segment(self, database: sqlite3.Connection) -> tuple[int, str, int]:
        """Return number, name and next row of the segment to append to."""
        marks = ",".join("?" * len(self._mine))
        statement = f"SELECT id, name, rows FROM segment WHERE space = ? AND name IN ({marks}) ORDER BY rows DESC"
        for number, name, rows in database.execute(statement, (self._space, *self._mine)).fetchall():
            file = self._folder / name
            if file.exists():
                # Never over a row that is there, whatever the index says: another window may be reading it.
                return int(number), str(name), max(int(rows), -(-file.stat().st_size // self._row_bytes))
        self._sweep(database)
        name = f"{uuid.uuid4().hex}.squares"
        (self._folder / name).touch(mode=0o600)
        self._mine.add(name)
        statement = """INSERT INTO segment (name, space, rows, row_bytes, used)
                       VALUES (?, ?, 0, ?, (SELECT coalesce(max(used), 0) + 1 FROM segment)) RETURNING id"""
        (number,) = database.execute(statement, (name, self._space, self._row_bytes)).fetchone()
        return int(number), name, 0

    def _sweep(self, database: sqlite3.Connection) -> None:
        """Delete files that the database does not know: it was begun anew, or a process was ended before it told."""
        known = {name for (name,) in database.execute("SELECT name FROM segment")}
        for file in self._folder.glob("*.squares"):
            if file.name not in known:
                _delete(file)

    def _make_room(self, database: sqlite3.Connection, needed_bytes: int) -> bool:
        """Delete the segments used longest ago, but none of this run, until there is room; return whether there is."""
        others = database.execute("SELECT id, name FROM segment ORDER BY used DESC").fetchall()
        others = [(number, name) for number, name in others if name not in self._mine]
        while (full := self._why_full(database, needed_bytes)) and others:
            number, name = others.pop()
            if _delete(self._folder / name):
                database.execute("DELETE FROM square WHERE segment = ?", (number,))
                database.execute("DELETE FROM segment WHERE id = ?", (number,))
        self._full = full
        return not full

    def _why_full(self, database: sqlite3.Connection, needed_bytes: int) -> str:
        (held,) = database.execute("SELECT coalesce(sum(rows * row_bytes), 0) FROM segment").fetchone()
        if held + needed_bytes > self._limit_bytes:
            return f"The decoded images that are kept have reached {self._limit_bytes / 2**30:.1f} GB."
        if shutil.disk_usage(self._folder).free - needed_bytes < LEFT_FREE_BYTES:
            return f"The disk with “{self._folder}” is nearly full, so not all decoded images can be kept."
        return ""

    def _forget(self, places: Sequence[Place]) -> None:
        if places:
            statement = """DELETE FROM square
                           WHERE hash = ? AND segment = (SELECT id FROM segment WHERE name = ?)"""
            rows = [(place.sha256, place.segment) for place in places]
            self._database.do(lambda database: database.executemany(statement, rows), None)


def _delete(file: Path) -> bool:
    """Delete a file; return whether it is gone. On Windows one that is being read stays."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return False
    return True
