"""Which part of this computer does the computing, and why. Loads torch only when asked."""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import psutil

from core.base.errors import UserError

Kind = Literal["cpu", "cuda", "mps"]
Precision = Literal["float32", "bfloat16", "float16"]

_MB = 2**20


@dataclass(frozen=True)
class DeviceChoice:
    """What to compute on. `reason` is a sentence; `memory_mb` is all the memory that the device has, used or not."""

    kind: Kind
    name: str
    reason: str
    memory_mb: int


@dataclass(frozen=True)
class _Card:
    """A kind of graphics card; `missing` says in a sentence why torch cannot use one, or is empty."""

    kind: Kind
    what: str
    missing: Callable[[], str]
    name: Callable[[], str]
    memory_mb: Callable[[], int]


def choose_device(wish: str) -> DeviceChoice:
    """Return the device for "cpu", "cuda", "mps" or "auto", which takes the first graphics card that works.

    A card is tried out with a small sum first. Raises UserError if the wished one is not there or does not work.
    """
    cards = [card for card in _cards() if wish in ("auto", card.kind)]
    if not cards and wish != "cpu":
        raise UserError(f"There is no device called “{wish}”.", "Choose auto, cpu, cuda or mps.")
    problems: list[str] = []
    for card in cards:
        problem = card.missing() or _trial(card)
        if not problem:
            reason = f"The {card.what} works, and is faster than the processor." if wish == "auto" else "You chose it."
            return DeviceChoice(card.kind, card.name(), reason, card.memory_mb())
        problems.append(problem)
    if wish not in ("auto", "cpu"):
        raise UserError(problems[0], "Choose “auto” or “cpu” to compute on the processor.")
    reason = "You chose it." if wish == "cpu" else f"{problems[0]} The processor computes instead."
    return DeviceChoice("cpu", f"Processor, {os.cpu_count()} threads", reason, psutil.virtual_memory().total // _MB)


def precisions(kind: Kind) -> tuple[Precision, ...]:
    """Return in what a network may be computed: float32, and the type of 16 bits that the device has units for.

    Which of them is faster depends on the network.
    """
    import torch

    if kind == "cpu":
        return ("float32", "bfloat16") if _multiplies_bfloat16() else ("float32",)
    if kind == "cuda":
        return ("float32", "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16")
    return ("float32",)


def _multiplies_bfloat16() -> bool:
    """Say whether the processor multiplies bfloat16 (AVX-512 BF16, AMX); torch also computes it without, but slower."""
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _trial(card: _Card) -> str:
    """Return what goes wrong when the card adds two numbers: it may be too old, or its driver; empty if nothing."""
    import torch

    try:
        right = float(torch.ones(1, device=card.kind) + 1) == 2
    except RuntimeError as error:
        return f"The {card.what} does not work with this torch: {str(error).splitlines()[0]}."
    return "" if right else f"The {card.what} computes wrongly."


def _cards() -> tuple[_Card, ...]:
    """Return all kinds of cards, the one that is usual on this system first."""
    import torch

    cards = (
        _Card(
            "cuda",
            "NVIDIA graphics card",
            _cuda_missing,
            torch.cuda.get_device_name,
            lambda: torch.cuda.get_device_properties(0).total_memory // _MB,
        ),
        _Card(
            "mps",
            "Apple graphics processor",
            lambda: "" if torch.backends.mps.is_available() else "There is no Apple graphics processor.",
            lambda: "Apple graphics processor",
            lambda: torch.mps.recommended_max_memory() // _MB,
        ),
    )
    return cards[::-1] if platform.system() == "Darwin" else cards


def _cuda_missing() -> str:
    import torch

    if torch.cuda.is_available():
        return ""
    if not shutil.which("nvidia-smi"):
        return "There is no NVIDIA graphics card."
    if torch.version.cuda is None:
        return "There is an NVIDIA graphics card, but this torch was installed without support for it."
    return "There is an NVIDIA graphics card, but torch cannot reach it; its driver may be too old."
