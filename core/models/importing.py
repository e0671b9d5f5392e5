"""Reads weights from files of others and compares them with the network they are meant for; runs no code from them."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from core.base.errors import UserError
from core.models.backbones import Backbone
from core.models.network import skeleton

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.", "model.")

# Names in files from before torchvision renamed its layers; torchvision itself still offers these files.
_RENAMED = (
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\."), r"\1\2."),
    (re.compile(r"(encoder_layer_\d+\.mlp)\.linear_1\."), r"\1.0."),
    (re.compile(r"(encoder_layer_\d+\.mlp)\.linear_2\."), r"\1.3."),
)

# Heads that serve only to train GoogLeNet and Inception from scratch.
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")


def import_weights(backbone: Backbone, file: Path) -> dict[str, Tensor]:
    """Return the tensors of a file under torchvision's names, head left out, as float32.

    Takes safetensors, and what torch.save wrote: a state by itself, or under the usual keys and prefixes. Raises
    UserError if the file cannot be read, holds no weights, or those of another network.
    """
    tensors = _tensors(_read(file))
    if not tensors:
        raise UserError(f"“{file.name}” holds no weights.", f"Choose a file with the weights of {backbone.title}.")
    return fit(backbone, file.name, tensors)


def fit(backbone: Backbone, file: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a file as `import_weights` does; raises UserError, naming the file, if they do not fit."""
    network = skeleton(backbone, 1)
    heads = (f"{network.head_name}.", *_AUXILIARY)
    expected = network.trunk.state_dict()
    # Files from before 2018 lack these counters, which are of no effect.
    counters = {name: torch.tensor(0) for name in expected if name.endswith(".num_batches_tracked")}
    found = counters | {name: value for name, value in _named(tensors).items() if not name.startswith(heads)}
    _compare(backbone, file, found, expected)
    if not all(bool(value.isfinite().all()) for value in found.values()):
        raise UserError(f"“{file}” holds numbers that are not finite.", "Get the file again, or choose another one.")
    return {name: found[name].to(value.dtype).contiguous() for name, value in expected.items()}


def _read(file: Path) -> object:
    try:
        file.open("rb").close()
    except OSError as error:
        raise UserError(f"“{file}” cannot be read: {error.strerror}.", "Choose another file.") from None
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" not in str(error):
            raise _damaged(file) from None
        hint = "Choose a file that holds only weights, best one that ends in .safetensors."
        raise UserError(f"“{file.name}” holds program code, which Graft never runs.", hint) from None
    except Exception:  # noqa: BLE001 - a file that is cut off or was never one of weights raises anything
        raise _damaged(file) from None


def _damaged(file: Path) -> UserError:
    message = f"“{file.name}” is damaged, or is no file of weights."
    return UserError(message, "Choose a .safetensors, .pth or .pt file, or get this one again.")


def _tensors(content: object) -> dict[str, Tensor]:
    while isinstance(content, Mapping) and (inner := [content[key] for key in _WRAPPERS if key in content]):
        content = inner[0]
    if not isinstance(content, Mapping):
        return {}
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _named(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors under today's torchvision names, without the prefixes that torch's own wrappers add."""
    for prefix in _PREFIXES * 2:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return {_today(name): value for name, value in tensors.items()}


def _today(name: str) -> str:
    for old, new in _RENAMED:
        name = old.sub(new, name)
    return name


def _compare(backbone: Backbone, file: str, found: dict[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    other = f"“{file}” holds weights of another network:"
    hint = f"Choose a file with the weights of {backbone.title}, or choose the model that these belong to."
    if missing := [name for name in expected if name not in found]:
        parts = f"{len(missing)} of {len(expected)} parts of {backbone.title}"
        raise UserError(f"{other} it lacks {parts}, such as “{missing[0]}”.", hint)
    # ResNet-34 has all that ResNet-18 has: without this it would be taken for it.
    if extra := [name for name in found if name not in expected]:
        parts = f"{len(extra)} parts that {backbone.title} does not have"
        raise UserError(f"{other} it has {parts}, such as “{min(extra)}”.", hint)
    if unlike := [name for name, value in expected.items() if found[name].shape != value.shape]:
        parts = f"{len(unlike)} of {len(expected)} parts of {backbone.title} have another size in it"
        sizes = f"{_size(found[unlike[0]])} instead of {_size(expected[unlike[0]])}"
        raise UserError(f"{other} {parts}, such as “{unlike[0]}” ({sizes}).", hint)


def _size(tensor: Tensor) -> str:
    return " × ".join(str(length) for length in tensor.shape) or "1 number"
