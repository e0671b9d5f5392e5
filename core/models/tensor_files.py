"""Trained tensors on disk: safetensors, written in one step, with a checksum that is asked for at each load."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core.base.errors import UserError
from core.base.files import write_through


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write the tensors; what was at `path` is replaced only when all are written."""
    content = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_through(path, lambda temporary: save_file(content, temporary, metadata={"sha256": _digest(content)}))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read tensors that `save_tensors` wrote; raises UserError if the file is missing or damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            content = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            expected = (file.metadata() or {}).get("sha256")
    except (OSError, SafetensorError):
        raise UserError(f"“{path}” is missing or damaged.", "Train again, or choose another run.") from None
    if expected != _digest(content):
        raise UserError(f"“{path}” was changed after it was written.", "Train again, or choose another run.")
    return content


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).numpy().data)
    return digest.hexdigest()
