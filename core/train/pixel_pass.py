"""Every image is decoded once, in this run or an earlier one; the squares are kept on disk for all that follow."""

from collections.abc import Generator, Sequence
from pathlib import Path

from core.base.events import Event, Stop, Warned
from core.data.dataset import LabelledImage
from core.data.images import Framing, UnreadableImage
from core.data.reading import KEPT_AT_ONCE, read_dataset, require_there
from core.data.store.pixels import Pixels, PixelStore
from core.train.pace import Pace
from core.train.squares import KeptPixels, Squares

CACHE = "cache"  # what the warnings are about that its folder cannot be used


def read_pixels(
    root: Path, images: Sequence[LabelledImage], framing: Framing, cache: Path, pace: Pace, stop: Stop
) -> Generator[Event, None, tuple[Squares, list[LabelledImage]]]:
    """Yield progress and a warning for each unreadable image; return the squares of N images, and these images.

    `cache` is the folder of the pixel store; an image that is in it is not opened. When stopped, the result holds what
    was read until then.
    """
    pixels = KeptPixels(root, framing, PixelStore(cache, framing))
    there = pixels.find(images)
    decoded = read_dataset(root, [image for image in images if image.sha256 not in there], framing)
    kept: list[LabelledImage] = []
    fresh: dict[str, Pixels] = {}
    try:
        for image in images:
            if stop():
                break
            square = None if image.sha256 in there else next(decoded)
            if isinstance(square, UnreadableImage):
                require_there(root)
                yield Warned(f"Left out: {square}")
            else:
                kept.append(image)
                if square is not None:
                    fresh[image.sha256] = square
            if len(fresh) == KEPT_AT_ONCE:
                pixels.keep(fresh)
                fresh = {}
            progress = pace.advance(1)
            if progress:
                yield progress
    finally:
        decoded.close()
    pixels.keep(fresh)
    if pixels.problem:
        yield Warned(pixels.problem, about=CACHE if pixels.unusable else "")
    return Squares(pixels, kept), kept
