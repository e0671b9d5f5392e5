"""A project: a folder NAME.graft with what Graft knows about a folder of images, and with the runs. Images stay put."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from core.base.config import RunConfig, make_config
from core.base.errors import UserError
from core.data.corrections import Correction, Word
from core.data.dataset import Dataset, Part
from core.data.decisions import Decisions
from core.data.facts import Facts
from core.data.folder.listing import FoundImage, Scan
from core.data.images import is_text, printable
from core.data.near import Clusters
from core.data.store.database import check_database, create_database, database, peek

_DATABASE = "project.db"
_LOCK = "open.lock"
_RUNS = "runs"
_SOME = 200
"""How many images are looked for when the images folder is chosen again."""

_SCAN = TypeAdapter(Scan)
_INSERT = "INSERT OR REPLACE INTO {} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Project:
    """An open project; while it is open, no other window can open it. Any thread may call its methods.

    Every method that reads or writes raises UserError if the project folder is gone, damaged or cannot be written.
    """

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self.folder = folder
        self._lock = lock
        self._file = folder / _DATABASE

    @classmethod
    def create(cls, folder: Path, images_root: Path) -> Self:
        """Make a project for the images in `images_root`, which is never written to, and open it.

        Raises UserError if the folder is taken, lies among the images, or cannot be written; then nothing is left.
        """
        root = images_root.absolute()
        unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        try:
            _check_place(folder, root)
            (unfinished / _RUNS).mkdir(parents=True)
            create_database(unfinished / _DATABASE)
            cls(unfinished, FileLock(unfinished / _LOCK))._write_settings(images_root=str(root))
            unfinished.rename(folder)
        except OSError as error:
            reason = error.strerror or "the disk gives no reason"
            message = (
                f"The project “{printable(folder.stem)}” cannot be made in “{printable(str(folder.parent))}”: {reason}."
            )
            raise UserError(message, "Choose another place.") from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a project; raises UserError if it is none, is open elsewhere, cannot be written, is damaged or newer."""
        if not (folder / _DATABASE).is_file():
            raise UserError(
                f"“{printable(str(folder))}” is not a Graft project.", "Choose a folder that ends in .graft."
            )
        lock = _locked(folder)
        try:
            check_database(folder / _DATABASE)
            (folder / _RUNS).mkdir(exist_ok=True)
        except BaseException:
            lock.release()
            raise
        return cls(folder, lock)

    def close(self) -> None:
        """Let other windows open the project."""
        self._lock.release()

    @property
    def name(self) -> str:
        """The name of the project: its folder without the ending."""
        return self.folder.stem

    @property
    def runs_folder(self) -> Path:
        """Where the runs lie."""
        return self.folder / _RUNS

    @property
    def images_root(self) -> Path:
        """The folder with the images, whether or not it is still there."""
        return Path(self._setting("images_root"))

    def require_images(self) -> Path:
        """Return the folder with the images; raises UserError if it is not there."""
        root = self.images_root
        if not root.is_dir():
            raise UserError(
                f"The images of the project “{printable(self.name)}” are not in “{printable(str(root))}” any more.",
                "Connect their drive, or choose their folder again.",
            )
        return root

    def relocate(self, new_root: Path) -> None:
        """Take the images from another folder from now on; raises UserError unless it holds images known by now."""
        root = new_root.absolute()
        with database(self._file) as connection:
            rows = connection.execute("SELECT path FROM images ORDER BY random() LIMIT ?", (_SOME,)).fetchall()
        if rows and not any((root / path).is_file() for (path,) in rows):
            raise UserError(
                f"“{printable(str(root))}” does not hold the images of the project “{printable(self.name)}”.",
                "Choose the folder that holds the class folders, or make a new project for other images.",
            )
        self._write_settings(images_root=str(root))

    def save(self, scan: Scan, dataset: Dataset | None, near: Clusters = ()) -> None:
        """Keep what a scan found and how it was split, in place of the last scan; parts once given are remembered.

        The scan is the folder's own, without corrections.
        """
        about = _SCAN.dump_json(replace(scan, images=())).decode()
        with database(self._file) as connection:
            for table in ("images", "unfinished"):
                connection.execute(f"DELETE FROM {table}")
            connection.executemany(_INSERT.format("images"), map(_row, scan.images))
            _write_parts(connection, dataset)
            settings = {"scan": about, "near": json.dumps(near)}
            connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())

    def remember(self, dataset: Dataset | None) -> None:
        """Keep the parts that images were given, of the scan that was saved last."""
        with database(self._file) as connection:
            _write_parts(connection, dataset)

    def keep(self, images: Iterable[FoundImage]) -> None:
        """Keep what was read of images before the scan is whole, so that nothing is read twice."""
        with database(self._file) as connection:
            connection.executemany(_INSERT.format("unfinished"), map(_row, images))

    def read_before(self) -> dict[str, FoundImage]:
        """Return what is known of each image by its path, also from a scan that was not finished."""
        return {image.path: image for image in (*self._images("images"), *self._images("unfinished"))}

    def scan(self) -> Scan | None:
        """Return what the last scan found, without corrections, or None if there was none."""
        stored = self._setting("scan")
        if not stored:
            return None
        return replace(_SCAN.validate_json(stored), root=self.images_root, images=self._images("images"))

    def near(self) -> Clusters:
        """Return the clusters of near-duplicates of the last scan."""
        return tuple(tuple(paths) for paths in json.loads(self._setting("near") or "[]"))

    def known(self) -> dict[str, Part]:
        """Return the part of every image that ever had one, by path and by SHA-256: such an image never moves."""
        with database(self._file) as connection:
            by_content = connection.execute("SELECT sha256, part FROM contents")
            by_path = connection.execute("SELECT path, part FROM parts")
            return {**dict(by_content.fetchall()), **dict(by_path.fetchall())}

    def forget_parts(self) -> None:
        """Let the next split be drawn anew."""
        with database(self._file) as connection:
            for table in ("parts", "contents"):
                connection.execute(f"DELETE FROM {table}")

    def correct(self, words: Iterable[Word]) -> None:
        """Write what a person said of single images into the journal."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = ((now, *astuple(word.correction), word.sha256, word.phash) for word in words)
        with database(self._file) as connection:
            connection.executemany(
                "INSERT INTO journal (at, path, field, value, sha256, phash) VALUES (?, ?, ?, ?, ?, ?)", rows
            )

    def journal(self) -> tuple[Word, ...]:
        """Return all that was ever said of single images, the oldest first."""
        with database(self._file) as connection:
            rows = connection.execute("SELECT path, field, value, sha256, phash FROM journal ORDER BY id").fetchall()
        return tuple(Word(Correction(*row[:3]), *row[3:]) for row in rows)

    def decisions(self) -> Decisions:
        """Return what was decided about the images as a whole."""
        stored = self._setting("decisions")
        return Decisions.from_json(stored) if stored else Decisions()

    def decide(self, decisions: Decisions) -> None:
        """Keep what was decided about the images as a whole."""
        self._write_settings(decisions=decisions.to_json())

    def config(self) -> RunConfig:
        """Return the settings for the next run; raises UserError if they do not fit this version of Graft."""
        return make_config(**json.loads(self._setting("config") or "{}"))

    def save_config(self, config: RunConfig) -> None:
        """Keep the settings for the next run."""
        self._write_settings(config=config.model_dump_json())

    def _images(self, table: str) -> tuple[FoundImage, ...]:
        with database(self._file) as connection:
            rows = connection.execute(f"SELECT * FROM {table} ORDER BY path").fetchall()
        return tuple(map(_image, rows))

    def _setting(self, key: str) -> str:
        with database(self._file) as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _write_settings(self, **values: str) -> None:
        with database(self._file) as connection:
            connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", values.items())


def _write_parts(connection: sqlite3.Connection, dataset: Dataset | None) -> None:
    images = dataset.images if dataset else ()
    parts = ((image.path, image.part) for image in images)
    contents = ((image.sha256, image.part) for image in images if image.sha256)
    connection.executemany("INSERT OR REPLACE INTO parts VALUES (?, ?)", parts)
    connection.executemany("INSERT OR REPLACE INTO contents VALUES (?, ?)", contents)


def _row(image: FoundImage) -> tuple[object, ...]:
    measured = image.sha256, image.width_px, image.height_px, image.problem
    facts = image.facts.to_json() if image.facts else ""
    named = image.path, image.class_name, image.part, image.size_bytes
    return *named, *measured, image.group, image.modified_ns, facts, image.left_out


def _image(row: Sequence[Any]) -> FoundImage:
    *first, group, modified_ns, facts, left_out = row
    measured = Facts.from_json(facts) if facts else None
    image = FoundImage(*first)
    return replace(image, group=group, modified_ns=modified_ns, facts=measured, left_out=bool(left_out))


def belongs_to(folder: Path, images_root: Path) -> bool:
    """Say whether a folder is the project of these images, even if it is open elsewhere or cannot be opened."""
    return peek(folder / _DATABASE, "images_root") == str(images_root.absolute())


def _check_place(folder: Path, images_root: Path) -> None:
    if not is_text(str(images_root)):
        raise UserError(f"The name “{printable(str(images_root))}” holds bytes that are no text.", "Rename the folder.")
    if folder.absolute().resolve().is_relative_to(images_root.resolve()):
        message = f"The project “{printable(folder.stem)}” would lie among the images."
        raise UserError(message, "Choose another place: Graft does not write in the folder of your images.")
    if folder.exists():
        message = f"There is already something called “{printable(folder.name)}” in “{printable(str(folder.parent))}”."
        raise UserError(message, "Open it, or choose another name.")


def _locked(folder: Path) -> FileLock:
    name = printable(folder.stem)
    lock = FileLock(folder / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"The project “{name}” is open in another window.", "Go on there, or close it first.") from None
    except (OSError, NotImplementedError):
        message = f"The project “{name}” cannot be written."
        raise UserError(message, "Allow writing to its folder, or copy it to a local drive.") from None
    return lock
