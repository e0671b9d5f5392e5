"""Weights on the disk: added from files of all kinds, checked, loaded, removed."""

import io
import json
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.base.errors import UserError
from core.base.files import sha256
from core.models.backbones import BACKBONES
from core.models.importing import fit
from core.models.network import build, skeleton
from core.models.weights import WeightStore
from tests.core.models.tiny import register, write_weights

TINY = register()
State = dict[str, Tensor]
HEADS = {"densenet121": "classifier.", "vit_b_32": "heads.head.", "googlenet": "fc."}


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "store")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return load_file(write_weights(tmp_path / "made.safetensors"))


def zeros(key: str) -> State:
    """Return weights of a backbone that cost no memory until they are touched."""
    return {
        name: torch.zeros(value.shape, dtype=value.dtype)
        for name, value in skeleton(BACKBONES[key], 1000).state().items()
    }


def refused(store: WeightStore, file: Path, key: str = "tiny") -> UserError:
    with pytest.raises(UserError) as caught:
        store.add(BACKBONES[key], file)
    assert not store.ready(BACKBONES[key])
    return caught.value


def test_added_weights_come_back_without_the_head(store: WeightStore, state: State, tmp_path: Path) -> None:
    assert store.path(TINY) is None
    store.add(TINY, tmp_path / "made.safetensors")
    loaded = store.load(TINY)
    assert set(loaded) == {name for name in state if not name.startswith("classifier")}
    assert all(torch.equal(loaded[name], state[name]) for name in loaded)
    path = store.path(TINY)
    assert store.ready(TINY) and path is not None and store.digest(TINY) == sha256(path)
    record = json.loads(path.with_suffix(".json").read_text())
    assert (record["source"], record["source_sha256"]) == ("made.safetensors", sha256(tmp_path / "made.safetensors"))


WRAPPED: dict[str, Callable[[State], object]] = {
    "plain": lambda state: state,
    "state_dict": lambda state: {"epoch": 3, "state_dict": state},
    "model": lambda state: {"model": {f"module.{name}": value for name, value in state.items()}},
    "compiled": lambda state: {f"_orig_mod.module.{name}": value for name, value in state.items()},
    "without counters": lambda state: {n: v for n, v in state.items() if not n.endswith("num_batches_tracked")},
    "without head": lambda state: {name: value for name, value in state.items() if not name.startswith("classifier")},
    "double": lambda state: {n: v.double() if v.is_floating_point() else v for n, v in state.items()},
}


@pytest.mark.parametrize("wrapping", WRAPPED)
@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch_save_are_understood(
    store: WeightStore, state: State, tmp_path: Path, wrapping: str, zipped: bool
) -> None:
    file = tmp_path / "weights.pth"
    torch.save(WRAPPED[wrapping](state), file, _use_new_zipfile_serialization=zipped)
    store.add(TINY, file)
    loaded = store.load(TINY)
    assert torch.equal(loaded["layer2.0.weight"], state["layer2.0.weight"])
    assert loaded["layer2.0.weight"].dtype == torch.float32
    build(TINY, 2, loaded, seed=0)


@pytest.mark.parametrize(
    ("key", "renamed", "old"),
    [
        (
            "densenet121",
            {".norm1.": ".norm.1.", ".conv2.": ".conv.2."},
            "features.denseblock4.denselayer16.conv.2.weight",
        ),
        (
            "vit_b_32",
            {".mlp.0.": ".mlp.linear_1.", ".mlp.3.": ".mlp.linear_2."},
            "encoder.layers.encoder_layer_11.mlp.linear_2.bias",
        ),
        ("googlenet", {}, "aux1.fc1.weight"),
    ],
)
def test_names_in_older_files_of_torchvision_are_understood(key: str, renamed: dict[str, str], old: str) -> None:
    tensors = zeros(key)
    names = set(tensors)
    for today, before in renamed.items():
        tensors = {name.replace(today, before): value for name, value in tensors.items()}
    if not renamed:
        tensors[old] = torch.zeros(1)  # an auxiliary head
    assert old in tensors
    found = fit(BACKBONES[key], "old.pth", tensors)
    assert names - set(found) == {name for name in names if name.startswith(HEADS[key])}


def test_another_network_is_refused_in_words(store: WeightStore, tmp_path: Path) -> None:
    save_file(zeros("squeezenet1_1"), tmp_path / "squeeze.safetensors")
    error = refused(store, tmp_path / "squeeze.safetensors", "resnet18")
    assert error.message == (
        "“squeeze.safetensors” holds weights of another network: it lacks 100 of 120 parts of ResNet-18, "
        "such as “conv1.weight”."
    )
    assert error.hint == "Choose a file with the weights of ResNet-18, or choose the model that these belong to."


def test_larger_network_that_holds_all_parts_is_refused(store: WeightStore, tmp_path: Path) -> None:
    save_file(zeros("resnet34"), tmp_path / "large.safetensors")
    message = refused(store, tmp_path / "large.safetensors", "resnet18").message
    assert "it has 96 parts that ResNet-18 does not have, such as “layer1.2.bn1.bias”" in message


def test_other_sizes_are_refused_in_words(store: WeightStore, state: State, tmp_path: Path) -> None:
    save_file(state | {"layer1.0.weight": torch.zeros(32, 8, 3, 3)}, tmp_path / "wide.safetensors")
    message = refused(store, tmp_path / "wide.safetensors").message
    assert "1 of 18 parts of Tiny have another size in it" in message
    assert "such as “layer1.0.weight” (32 × 8 × 3 × 3 instead of 16 × 8 × 3 × 3)" in message


def test_numbers_that_are_not_finite_are_refused(store: WeightStore, state: State, tmp_path: Path) -> None:
    state["layer1.0.weight"][0, 0, 0, 0] = torch.nan
    save_file(state, tmp_path / "nan.safetensors")
    assert "holds numbers that are not finite" in refused(store, tmp_path / "nan.safetensors").message


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("exploded",)


def test_program_code_in_a_file_is_never_run(
    store: WeightStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"conv1.0.weight": _Bomb()}, tmp_path / "bomb.pth")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(_Bomb(), protocol=2))
    for name in ("bomb.pth", "bare.pt"):
        error = refused(store, tmp_path / name)
        assert str(error) == (
            f"“{name}” holds program code, which Graft never runs. "
            "Choose a file that holds only weights, best one that ends in .safetensors."
        )
    assert not (tmp_path / "exploded").exists()


def test_damaged_files_are_told(store: WeightStore, state: State, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    whole = buffer.getvalue()
    contents = {
        "cut.pth": whole[: len(whole) // 2],
        "empty.pth": b"",
        "text.pt": b"these are no weights",
        "noise.pth": bytes(range(256)) * 9,
        "noise.safetensors": bytes(range(256)) * 9,
        "empty.safetensors": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert refused(store, tmp_path / name).message == f"“{name}” is damaged, or is no file of weights."


def test_files_without_weights_and_missing_files_are_told(store: WeightStore, tmp_path: Path) -> None:
    torch.save({"epoch": 3, "model": [1, 2]}, tmp_path / "list.pth")
    assert refused(store, tmp_path / "list.pth").message == "“list.pth” holds no weights."
    assert "cannot be read: No such file or directory" in refused(store, tmp_path / "none.pth").message
    assert "cannot be read" in refused(store, tmp_path / "none.safetensors").message


def test_weights_are_never_replaced_silently(store: WeightStore, state: State, tmp_path: Path) -> None:
    store.add(TINY, tmp_path / "made.safetensors")
    other = write_weights(tmp_path / "other.safetensors", seed=1)
    with pytest.raises(
        UserError, match=r"The weights of Tiny are already here\. Remove them first if you want others\."
    ):
        store.add(TINY, other)
    assert torch.equal(store.load(TINY)["conv1.0.weight"], state["conv1.0.weight"])
    store.remove(TINY)
    assert not store.ready(TINY)
    store.add(TINY, other)
    assert not torch.equal(store.load(TINY)["conv1.0.weight"], state["conv1.0.weight"])


def test_changed_file_is_noticed_when_loaded(store: WeightStore, state: State, tmp_path: Path) -> None:
    store.add(TINY, tmp_path / "made.safetensors")
    path = store.path(TINY)
    assert path is not None
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"weights of Tiny in .* were changed or damaged\. Remove them, then add"):
        store.load(TINY)
    path.with_suffix(".json").write_text("{}")
    with pytest.raises(UserError, match=r"record of the weights of Tiny in .* is damaged"):
        store.digest(TINY)


def test_absent_weights_are_told(store: WeightStore) -> None:
    for ask in (store.load, store.digest):
        with pytest.raises(UserError, match=r"weights of Tiny are not on this computer\. Download them, or add them"):
            ask(TINY)


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    file = write_weights(tmp_path / "made.safetensors")
    message = refused(WeightStore(tmp_path / "file" / "store"), file).message
    assert message == f"Tiny cannot be stored in “{tmp_path / 'file' / 'store'}”: Not a directory."


def test_starter_is_always_ready_and_float32(store: WeightStore) -> None:
    starter = BACKBONES["starter"]
    weights = store.load(starter)
    assert {value.dtype for value in weights.values()} == {torch.float32, torch.int64}
    assert build(starter, 2, weights, seed=0).eval()(torch.rand(1, 3, 128, 128)).isfinite().all()
    assert store.digest(starter) == starter.sha256
    with pytest.raises(UserError, match="is part of Graft and cannot be removed"):
        store.remove(starter)
    with pytest.raises(UserError, match=r"were changed or damaged\. Install Graft again"):
        store.load(replace(starter, sha256="0" * 64))
