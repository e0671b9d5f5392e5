"""Sample images to begin with: photographs of leaves of four kinds, drawn by code when they are first asked for."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import UserError
from core.base.events import Progress, Stop, never
from core.data.images import printable
from core.data.samples.leaves import KINDS
from core.data.samples.scenery import photograph

PER_CLASS = 60
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class SamplesDrawn:
    """The sample images are there, whole, in class folders in `folder`."""

    folder: Path


def draw_samples(folder: Path, seed: int = 0, stop: Stop = never) -> Iterator[Progress | SamplesDrawn]:
    """Draw four classes of 60 images into `folder`, unless they are there; the same seed gives the same files.

    `folder` appears when all are drawn; after a stop or an error nothing is left. Raises UserError if it cannot be
    written, or holds something else.
    """
    names = [f"{kind}/{number:02d}.jpg" for kind in KINDS for number in range(1, PER_CLASS + 1)]
    if folder.exists():
        if not all((folder / name).is_file() for name in names):
            message = f"The sample images in “{printable(str(folder))}” are not complete."
            raise UserError(message, "Delete that folder, or move it, and try again.")
        yield SamplesDrawn(folder)
        return
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        for kind in KINDS:
            (unfinished / kind).mkdir(parents=True)
        yield from _draw(unfinished, names, seed, stop)
        if stop():
            return
        unfinished.rename(folder)
    except OSError as error:
        message = f"The sample images cannot be written to “{printable(str(folder))}”: {error.strerror}."
        raise UserError(message, "Free some space, or allow writing there.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    yield SamplesDrawn(folder)


def _draw(folder: Path, names: list[str], seed: int, stop: Stop) -> Iterator[Progress]:
    begun = reported = time.monotonic()
    for number, name in enumerate(names):
        if stop():
            return
        random = np.random.default_rng([seed, number])
        leaf = KINDS[name.split("/")[0]](random)
        photograph(leaf, random).save(folder / name, quality=_JPEG_QUALITY)
        now, done = time.monotonic(), number + 1
        if now - reported >= 0.1 or done == len(names):
            reported = now
            rate = done / max(now - begun, 1e-9)
            yield Progress(
                "Drawing sample images", done, len(names), done / len(names), (len(names) - done) / rate, rate
            )
