"""Images of 8 bits a channel, in whatever colours, to RGB: profiles, inks, palettes and transparency."""

import io
from functools import lru_cache
from itertools import product

import numpy as np
from PIL import Image, ImageCms

BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels."""

_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
"""Which colours a profile must speak of, by the mode of the image."""

_WORDS = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with transparency",
    "P": "palette",
    "RGBA": "RGB with transparency",
    "RGBX": "RGB",
    "LAB": "Lab",
}
_SAME = 3
"""Up to this difference, out of 255, a profile says nothing that sRGB does not."""

_PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError, RuntimeError)


def mode_in_words(image: Image.Image) -> str:
    """Return what the pixels of an image hold, in plain words."""
    return _WORDS.get(image.mode, image.mode)


def to_rgb(image: Image.Image, profile: bytes = b"") -> Image.Image:
    """Return an image of 8 bits a channel as RGB, its colours as the profile means them, on the background.

    A profile that is damaged or is made for other colours is passed over.
    """
    alpha = None
    if image.has_transparency_data or image.mode in ("RGBa", "La"):
        alpha = image.convert("RGBA").getchannel("A")
        grey = image.mode in ("L", "LA", "La", "1")
        image = image.convert("LA").getchannel("L") if grey else image.convert("RGBA").convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("P", "RGBX"):
        image = image.convert("RGB")
    rgb = _apply(image, profile)
    if alpha is None:
        return rgb
    canvas = Image.new("RGB", rgb.size, BACKGROUND)
    canvas.paste(rgb, mask=alpha)
    return canvas


def _apply(image: Image.Image, profile: bytes) -> Image.Image:
    transform = _transform(profile, image.mode) if profile and image.mode in _SPACES else None
    if transform is not None:
        try:
            return transform.apply(image)
        except _PROFILE_ERRORS:
            pass
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what brings colours of a profile to sRGB; None if they are the same or the profile is of no use.

    The images of a folder mostly share a few profiles, so each is looked at once.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        srgb = ImageCms.createProfile("sRGB")
        flags = (
            ImageCms.Flags.NOCACHE | ImageCms.Flags.BLACKPOINTCOMPENSATION
        )  # without the cache, threads may share it
        transform = ImageCms.buildTransform(source, srgb, mode, "RGB", flags=flags)
        return None if _changes_nothing(transform, mode) else transform
    except _PROFILE_ERRORS:
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode == "CMYK":
        return False
    colours = list(product(range(0, 256, 51), repeat=len(mode)))
    probe = Image.fromarray(np.array([colours], np.uint8).squeeze(axis=2 if mode == "L" else ()))
    before, after = np.asarray(probe.convert("RGB"), int), np.asarray(transform.apply(probe), int)
    return int(np.abs(before - after).max()) <= _SAME
