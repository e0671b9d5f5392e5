"""The pretrained weights on this computer: found, added from a file, downloaded, checked at each load, removed.

Each lies as `KEY.safetensors` in the store's folder, with `KEY.json` beside it that says where it came from and what
its SHA-256 is; the record is written last, so weights without one are not there. Built-in weights lie in resources.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from core.base.errors import UserError
from core.base.events import Progress, Stop, never
from core.base.files import RESOURCES, sha256, write_json, write_through
from core.models.backbones import Backbone
from core.models.download import download, not_stored

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class _Record:
    """What is known of stored weights; `source` is a url or a file name, `source_sha256` the hash of what it held."""

    sha256: str
    source: str
    source_sha256: str


class WeightStore:
    """Weights in a folder of the user, and those that come with Graft."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, backbone: Backbone) -> Path | None:
        """Return the file of the weights, or None if they are not here."""
        if _is_built_in(backbone):
            file = RESOURCES / f"{backbone.key}.safetensors"
            return file if file.exists() else None
        file = self._file(backbone)
        return file if file.exists() and self._record(backbone).exists() else None

    def ready(self, backbone: Backbone) -> bool:
        """Return whether the weights are here."""
        return self.path(backbone) is not None

    def digest(self, backbone: Backbone) -> str:
        """Return the SHA-256 that the file of the weights must have; raises UserError if they are not here."""
        self._present(backbone)
        return backbone.sha256 if _is_built_in(backbone) else self._read_record(backbone).sha256

    def load(self, backbone: Backbone) -> dict[str, "Tensor"]:
        """Return the tensors under torchvision's names, head left out, as float32 on the CPU.

        Raises UserError if they are not here or the file is not what was stored.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self._present(backbone)
        hint = "Install Graft again." if _is_built_in(backbone) else "Remove them, then add or download them again."
        try:
            if sha256(file) != self.digest(backbone):
                raise UserError(f"The weights of {backbone.title} in “{file}” were changed or damaged.", hint)
            tensors = load_file(file)
        except (OSError, SafetensorError) as error:
            raise UserError(f"The weights of {backbone.title} in “{file}” cannot be read: {error}.", hint) from error
        return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}

    def add(self, backbone: Backbone, file: Path) -> None:
        """Store the weights of a .safetensors, .pth or .pt file after comparing them with the network.

        Raises UserError if there are weights already, if the file does not fit, or if it cannot be stored.
        """
        from core.models.importing import import_weights

        self._refuse_if_here(backbone)
        tensors = import_weights(backbone, file)
        self._store(backbone, tensors, file.name, sha256(file))

    def download(self, backbone: Backbone, stop: Stop = never) -> Iterator[Progress]:
        """Fetch and store the weights; when stopped, or cut off, what has come is kept and the next call goes on.

        Raises UserError if there are weights already, if network, server or disk fail, or if the wrong file came.
        """
        self._refuse_if_here(backbone)
        if backbone.url is None:
            raise UserError(f"There is no download for {backbone.title}.", "Add its weights from a file.")
        lock = self._lock(backbone)
        try:
            yield from self._fetch(backbone, backbone.url, stop)
        finally:
            lock.release()

    def remove(self, backbone: Backbone) -> None:
        """Delete the weights and what there is of an unfinished download; raises UserError for built-in ones."""
        if _is_built_in(backbone):
            raise UserError(f"{backbone.title} is part of Graft and cannot be removed.")
        for file in (self._record(backbone), self._file(backbone), self._part(backbone)):
            file.unlink(missing_ok=True)

    def _lock(self, backbone: Backbone) -> FileLock:
        """Return a lock that is held, so that two windows do not write into one file."""
        lock = FileLock(self._folder / f"{backbone.key}.lock", timeout=0, thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            message = f"{backbone.title} is already being downloaded by another window."
            raise UserError(message, "Wait for that download, or stop it.") from None
        except OSError as error:
            raise not_stored(backbone.title, self._folder, error) from None
        return lock

    def _fetch(self, backbone: Backbone, url: str, stop: Stop) -> Iterator[Progress]:
        from core.models.importing import import_weights

        part = self._part(backbone)
        yield from download(url, part, backbone.title, stop)
        if stop():
            return
        size = part.stat().st_size
        yield Progress("Checking", size, size, 1.0)
        found = sha256(part)
        if not found.startswith(backbone.sha256):
            part.unlink()
            message = f"What came for {backbone.title} is not the expected file: its checksum is wrong."
            raise UserError(message, f"Try again, or download {url} elsewhere and use “Add file”.")
        self._store(backbone, import_weights(backbone, part), url, found)
        part.unlink()

    def _store(self, backbone: Backbone, tensors: Mapping[str, "Tensor"], source: str, source_sha256: str) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        file = self._file(backbone)
        try:
            write_through(file, lambda temporary: save_file(dict(tensors), temporary))
            write_json(self._record(backbone), asdict(_Record(sha256(file), source, source_sha256)))
        except (OSError, SafetensorError) as error:
            raise not_stored(backbone.title, self._folder, error) from None

    def _refuse_if_here(self, backbone: Backbone) -> None:
        if self.ready(backbone):
            hint = "Remove them first if you want others."
            raise UserError(f"The weights of {backbone.title} are already here.", hint)

    def _present(self, backbone: Backbone) -> Path:
        file = self.path(backbone)
        if file is None:
            hint = "Install Graft again." if _is_built_in(backbone) else "Download them, or add them from a file."
            raise UserError(f"The weights of {backbone.title} are not on this computer.", hint)
        return file

    def _file(self, backbone: Backbone) -> Path:
        return self._folder / f"{backbone.key}.safetensors"

    def _record(self, backbone: Backbone) -> Path:
        return self._folder / f"{backbone.key}.json"

    def _part(self, backbone: Backbone) -> Path:
        return self._folder / f"{backbone.key}.pth.part"

    def _read_record(self, backbone: Backbone) -> _Record:
        try:
            return _Record(**json.loads(self._record(backbone).read_bytes()))
        except (OSError, ValueError, TypeError):
            message = f"The record of the weights of {backbone.title} in “{self._record(backbone)}” is damaged."
            raise UserError(message, "Remove the weights, then add or download them again.") from None


def _is_built_in(backbone: Backbone) -> bool:
    """Return whether the weights come with Graft: they have a full hash and no address."""
    return backbone.url is None and bool(backbone.sha256)
