"""Bytes to pixels: picks the decoder by content, and makes one error of whatever a decoder raises on damage."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PIL import (
    AvifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from core.data.formats.colours import mode_in_words, to_rgb
from core.data.formats.deep import (
    check_jpeg_2000_end,
    decode_jpeg,
    decode_jpeg_2000,
    decode_png,
    jpeg_2000_depth,
)
from core.data.formats.embedded import ORIENTATION, jpeg_2000_tags, tagged
from core.data.formats.memory import MEMORY
from core.data.formats.metadata import EXIF_ERRORS, of_picture
from core.data.formats.pixels import TOO_MANY_PIXELS, Decoded, Undecodable, check_size, upright
from core.data.formats.quiet import keep_quiet
from core.data.formats.signatures import is_deep_jpeg, is_deep_png, is_dicom, is_heic, is_jpeg_2000, is_tiff, meaning

# Importing its module makes Pillow know a format; those it knows by itself need no mention. Ghostscript, which Pillow
# starts for EPS, never comes into it.
_AVIF, _WEBP = AvifImagePlugin.AvifImageFile.format, WebPImagePlugin.WebPImageFile.format
_JPEG_2000 = Jpeg2KImagePlugin.Jpeg2KImageFile.format
FORMATS = ("JPEG", "PNG", "BMP", "GIF", _WEBP, _AVIF, _JPEG_2000)
_NAMES = {"MPO": "JPEG", "DIB": "BMP", "WEBP": "WebP", "JPEG2000": "JPEG 2000"}

_BYTES_PER_PIXEL = {_AVIF: 14, _WEBP: 18, _JPEG_2000: 24}
_BYTES_USUALLY, _BYTES_PROGRESSIVE, _BYTES_TRANSPARENT = 8, 14, 18

# What decoders are known to raise on damaged content.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)

Decoder = Callable[[bytes, int | None], Decoded]


def decode(content: bytes, fast_px: int | None = None) -> Decoded:
    """Decode to the end, so that a file that is cut off is noticed. Raises Undecodable.

    With `fast_px`, JPEG files are decoded at the smallest fraction of their size whose sides are at least that.
    """
    keep_quiet()
    decoder = next((decoder for fits, decoder in _DECODERS if fits(content)), _with_pillow)
    try:
        return decoder(content, fast_px)
    except UnidentifiedImageError:
        raise Undecodable(meaning(content)) from None
    except Image.DecompressionBombError:
        raise Undecodable(TOO_MANY_PIXELS) from None
    except _DECODER_ERRORS as error:
        cut = "truncated" in str(error) or isinstance(error, EOFError)
        raise Undecodable("the file is cut off" if cut else "its content is damaged") from error


def _with_pillow(content: bytes, fast_px: int | None = None) -> Decoded:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return _finish(image, fast_px)


def _finish(image: Image.Image, fast_px: int | None = None) -> Decoded:
    """Decode a picture that Pillow, or a library that works as it does, has opened."""
    size, bytes_per_pixel = image.size, _bytes_per_pixel(image)
    check_size(*size, bytes_per_pixel)
    drafted = _draft(image, fast_px) if fast_px else False
    MEMORY.claim(image.width * image.height * bytes_per_pixel)
    image.load()
    width, height = size if drafted else image.size
    profile = image.info.get("icc_profile")
    exif = _exif(image)
    rgb = to_rgb(image, profile if isinstance(profile, bytes) else b"")
    name = _NAMES.get(image.format or "", image.format or "")
    metadata = partial(of_picture, exif, image.info)
    decoded = Decoded(rgb, width, height, name, mode_in_words(image), metadata=metadata)
    return upright(decoded, exif.get(ORIENTATION))


def _draft(image: Image.Image, fast_px: int) -> bool:
    """Let a JPEG be decoded at a fraction of its size; return whether it will be.

    Where the fraction does not divide a side, the last pixel is a part of one. In an image that is to be turned that
    would be the first, and all others would lie beside their place.
    """
    if image.format not in ("JPEG", "MPO"):
        return False
    turned = _exif(image).get(ORIENTATION, 1) != 1
    for fraction in (8, 4, 2):
        width, height = (side // fraction for side in image.size)
        whole = (width * fraction, height * fraction) == image.size
        if min(width, height) >= fast_px and (whole or not turned):
            return image.draft(None, (width, height)) is not None
    return False


def _bytes_per_pixel(image: Image.Image) -> int:
    """Return how much of memory a pixel takes at most while it is decoded and converted."""
    needed = _BYTES_PER_PIXEL.get(image.format or "", _BYTES_USUALLY)
    if image.info.get("progressive") or image.info.get("progression"):
        needed = _BYTES_PROGRESSIVE
    return max(needed, _BYTES_TRANSPARENT) if image.has_transparency_data else needed


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except EXIF_ERRORS:
        return Image.Exif()


def _jpeg_2000(content: bytes, fast_px: int | None = None) -> Decoded:
    bits, *_ = jpeg_2000_depth(content)
    if bits > 8:
        return decode_jpeg_2000(content, fast_px)
    check_jpeg_2000_end(content)
    return tagged(_with_pillow(content, fast_px), jpeg_2000_tags(content))


def _tiff(content: bytes, fast_px: int | None = None) -> Decoded:
    from core.data.formats import tiff

    return tiff.decode(content, fast_px)


def _dicom(content: bytes, fast_px: int | None = None) -> Decoded:
    from core.data.formats import dicom

    return dicom.decode(content, fast_px)


def _heic(content: bytes, fast_px: int | None = None) -> Decoded:
    try:
        from pillow_heif import open_heif
    except ImportError:
        raise Undecodable(
            "it is a HEIC image, which Graft reads only where the package pillow-heif is installed; export it as JPEG"
        ) from None
    file = open_heif(io.BytesIO(content))
    width, height = file.size
    check_size(width, height, _BYTES_PER_PIXEL[_AVIF])
    MEMORY.claim(width * height * _BYTES_PER_PIXEL[_AVIF])
    return replace(_finish(file.to_pillow()), format="HEIC")


_DECODERS: tuple[tuple[Callable[[bytes], bool], Decoder], ...] = (
    (is_tiff, _tiff),
    (is_deep_png, decode_png),
    (is_jpeg_2000, _jpeg_2000),
    (is_deep_jpeg, decode_jpeg),
    (is_heic, _heic),
    (is_dicom, _dicom),
)
"""What Pillow cannot read, or not in full. Pillow reads the rest."""
