"""A small database of what can be computed again: it may vanish any time, and its failing never ends the work."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

REMEDY = "Make room there, or allow this program to write there."
ASKED_AT_ONCE = 500  # values in one statement: some builds of SQLite take no more than 999
_WAIT_S = 5.0  # for another window that is writing


class DisposableDatabase:
    """One SQLite file, opened for each piece of work. A damaged one is begun anew.

    What cannot be read or written is as if it were not there; `problem` then says why, and else is empty. Nothing more
    is tried after that: each piece of work would wait again for a file that another window does not let go of.
    """

    def __init__(self, file: Path, schema: str) -> None:
        self.file, self._schema = file, schema
        self.problem = ""

    def do(self, work: Callable[[sqlite3.Connection], Result], otherwise: Result) -> Result:
        """Return what `work` returns, done as one transaction that no other window interrupts, or else `otherwise`."""
        if self.problem:
            return otherwise
        try:
            try:
                return self._once(work)
            except sqlite3.OperationalError:
                raise  # locked, full or not writable: the file itself is sound
            except sqlite3.DatabaseError:
                for suffix in ("", "-wal", "-shm"):
                    self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
                return self._once(work)
        except OSError as error:
            self.problem = error.strerror or str(error)
            return otherwise
        except sqlite3.Error as error:
            self.problem = str(error)
            return otherwise

    def _once(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(self.file, timeout=_WAIT_S)) as database:
            database.executescript(self._schema)
            with database:
                database.execute("BEGIN IMMEDIATE")
                return work(database)
