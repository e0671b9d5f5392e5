"""The same images, settings and seed give the same run: every loss, and the weights file byte for byte."""

from dataclasses import asdict
from pathlib import Path

import torch

from core.base.events import EpochDone, Finished, Step
from core.base.files import sha256
from core.base.folders import Folders
from core.results.session import train
from tests.core.conftest import planned


def run(images: Path, folder: Path, folders: Folders, **values: object) -> tuple[list[object], str]:
    """Return what was measured on the way, without times, and the hash of the weights."""
    plan = planned(images, strategy="fine-tune-all", epochs=4, **values)
    measured: list[object] = []
    for event in train(plan, folder, folders):
        if isinstance(event, Step | EpochDone | Finished):
            without = {"seconds", "images_per_s", "run"}
            measured.append({name: value for name, value in asdict(event).items() if name not in without})
    return measured, sha256(folder / "best.safetensors")


def test_equal_runs_are_equal_bit_for_bit(images: Path, tmp_path: Path, folders: Folders) -> None:
    for augmentation in ("strong", "widest"):
        threads = torch.get_num_threads()
        settings = {"seed": 5, "augmentation": augmentation, "mixing": "cutmix", "averaging": "on"}
        first = run(images, tmp_path / f"{augmentation} 1", folders, **settings)
        torch.rand(3)  # what others draw must not matter
        again = run(images, tmp_path / f"{augmentation} 2", folders, **settings)
        other = run(images, tmp_path / f"{augmentation} 3", folders, **{**settings, "seed": 6})
        assert first == again
        assert first[1] != other[1]
        assert torch.get_num_threads() == threads


def test_what_does_not_learn_is_computed_by_one_core_each_and_keeps_no_gradients(
    images: Path, tmp_path: Path, folders: Folders
) -> None:
    seen: set[tuple[bool, int]] = set()

    def note(module: torch.nn.Module, inputs: object) -> None:
        if isinstance(module, torch.nn.Conv2d) and not module.training:
            seen.add((torch.is_inference_mode_enabled(), torch.get_num_threads()))

    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with torch.nn.modules.module.register_module_forward_pre_hook(note):
            run(images, tmp_path / "run", folders)
    finally:
        torch.set_num_threads(threads)
    assert seen == {(True, 1)}
