"""Many photos for the measurement on a graphics card: made, as nothing is downloaded; smooth areas, edges and grain."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from core.base.errors import UserError
from core.models.device import choose_device

SIZE = (500, 375)
CLASSES = 10


def why_not() -> str:
    """Return in one sentence why there is nothing to measure here; empty if there is an NVIDIA graphics card."""
    try:
        choose_device("cuda")
    except UserError as problem:
        return f"Nothing was measured: {problem.message}"
    return ""


def provide(folder: Path, count: int) -> Path:
    """Return a folder of so many photos in ten classes; they are made at first use, each another one."""
    if not folder.exists():
        unfinished = folder.with_name(f".{folder.name}")
        for label in range(CLASSES):
            (unfinished / f"class{label}").mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(lambda number: _write(unfinished / f"class{number % CLASSES}", number), range(count)))
        unfinished.rename(folder)
    return folder


def _write(folder: Path, number: int) -> None:
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8))
    grain = random.normal(0, 9, SIZE[::-1])[..., None]
    pixels = np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC), float) + grain
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{number:06d}.jpg", quality=90)
