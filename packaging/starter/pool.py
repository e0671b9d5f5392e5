"""The pool: every drawing and texture the scenes are put together from, made once from a seed and held as bytes."""

from dataclasses import dataclass

import torch
from contours import draw_contours
from fractals import draw_fractals
from limbs import draw_limbs
from textures import draw_textures
from torch import Tensor

FRACTALS, CONTOURS, LIMBS, TEXTURES = 150, 150, 200, 200
DRAWINGS, SAMPLES = 24, 8
_STAMP_SIDE, _TEXTURE_SIDE = 96, 128


@dataclass(frozen=True)
class Pool:
    """Stamps uint8 (classes, drawings, 2, 96, 96): cover, shade. Textures uint8 (textures, samples, 1, 128, 128)."""

    stamps: Tensor
    textures: Tensor

    def to(self, device: torch.device) -> "Pool":
        """Return the same pool on another device."""
        return Pool(self.stamps.to(device), self.textures.to(device))


def make_pool(seed: int) -> Pool:
    """Draw everything on the processor, so that a seed gives the same pool with and without a GPU."""
    gen = torch.Generator().manual_seed(seed)
    fractals = draw_fractals(FRACTALS, DRAWINGS, _STAMP_SIDE, gen)
    contours = draw_contours(CONTOURS, DRAWINGS, _STAMP_SIDE, gen)
    limbs = draw_limbs(LIMBS, DRAWINGS, _STAMP_SIDE, gen)
    return Pool(torch.cat([fractals, contours, limbs]), draw_textures(TEXTURES, SAMPLES, _TEXTURE_SIDE, gen))
