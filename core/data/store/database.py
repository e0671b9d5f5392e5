"""The file `project.db` of a project: opened for one task at a time, migrated by its `user_version`.

It uses SQLite's rollback journal, not WAL: that works on network drives too, and only one window writes anyway.
Every task has a connection of its own, so any thread may ask.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from core.base.errors import UserError
from core.data.images import printable

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE images (
            path TEXT PRIMARY KEY, class_name TEXT NOT NULL, folder_part TEXT, size_bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, problem TEXT NOT NULL
        ) WITHOUT ROWID""",
        # A part is remembered when its image goes away, so that it comes back to the same side.
        "CREATE TABLE parts (path TEXT PRIMARY KEY, part TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID",
    ),
    (
        "ALTER TABLE images ADD COLUMN group_name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE images ADD COLUMN modified_ns INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE images ADD COLUMN facts TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE images ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE parts DROP COLUMN used",
        # Measures are missing: the images are read once more. Their parts stay.
        "DELETE FROM settings WHERE key = 'scan'",
        # What was read of a scan that was not finished; its columns are those of images.
        "CREATE TABLE unfinished AS SELECT * FROM images LIMIT 0",
        # Nothing is ever taken out of it: to take a word back is a further entry.
        """CREATE TABLE journal (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, path TEXT NOT NULL, field TEXT NOT NULL, value TEXT,
            sha256 TEXT NOT NULL, phash TEXT NOT NULL
        )""",
        # The part belongs to the content; that of the name holds where a file was edited in place.
        "CREATE TABLE contents (sha256 TEXT PRIMARY KEY, part TEXT NOT NULL) WITHOUT ROWID",
        "INSERT OR REPLACE INTO contents SELECT sha256, part FROM parts JOIN images USING (path) WHERE sha256 != ''",
    ),
)
"""What leads from each version of the file to the next, the first from an empty file to version 1."""

_TROUBLE = {
    sqlite3.SQLITE_FULL: ("The disk is full: the project “{name}” was not saved.", "Free some space and try again."),
    sqlite3.SQLITE_READONLY: ("The project “{name}” cannot be written.", "Allow writing to its folder, or copy it."),
    sqlite3.SQLITE_PERM: ("The project “{name}” cannot be written.", "Allow writing to its folder, or copy it."),
    sqlite3.SQLITE_CANTOPEN: ("The project “{name}” is no longer there, or cannot be opened.", "Check its drive."),
    sqlite3.SQLITE_IOERR: ("The disk failed while the project “{name}” was in use.", "Check its drive."),
    sqlite3.SQLITE_BUSY: ("Another program holds the project “{name}”.", "Close it and try again."),
    sqlite3.SQLITE_CORRUPT: ("The project “{name}” is damaged.", "Take it from a backup, or make a new one."),
    sqlite3.SQLITE_NOTADB: ("The project “{name}” is damaged.", "Take it from a backup, or make a new one."),
}
"""What a person is told by SQLite's primary result code; every other code is a bug and rises."""


def create_database(file: Path) -> None:
    """Make an empty database; raises UserError if it cannot be written."""
    with _trouble_told(file):
        sqlite3.connect(file).close()
    with database(file) as connection:
        _migrate(connection, 0)


def check_database(file: Path) -> None:
    """Bring a database to the present version; raises UserError if it is damaged or newer."""
    with database(file) as connection:
        version = _ask(connection, "user_version")
        if version > len(_MIGRATIONS):
            message = f"The project “{_name(file)}” was made by a newer version of Graft."
            raise UserError(message, "Open it with that version, or install that one here.")
        if version == 0 or _ask(connection, "quick_check(1)") != "ok":
            message, hint = _TROUBLE[sqlite3.SQLITE_CORRUPT]
            raise UserError(message.format(name=_name(file)), hint)
        if version < len(_MIGRATIONS):
            _migrate(connection, version)


@contextmanager
def database(file: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection for one transaction: all of it is kept, or nothing after an error. Raises UserError."""
    with _trouble_told(file), closing(_connect(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def peek(file: Path, key: str) -> str:
    """Return a setting of a database, open elsewhere, newer or damaged as it may be; empty if it has none."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    except sqlite3.DatabaseError:
        return ""
    return str(row[0]) if row else ""


def _connect(file: Path) -> sqlite3.Connection:
    # mode=rw: a database that vanished must not come back empty.
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=2)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for statements in _MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _ask(connection: sqlite3.Connection, pragma: str) -> Any:  # noqa: ANN401 - a number or a text
    (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return value


@contextmanager
def _trouble_told(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        message, hint = _TROUBLE.get(error.sqlite_errorcode & 0xFF, ("", ""))
        if not message:
            raise
        raise UserError(message.format(name=_name(file)), hint) from error


def _name(file: Path) -> str:
    return printable(file.parent.stem)
