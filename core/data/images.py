"""The one place where a file becomes pixels: thumbnails, training, prediction and findings all read through here."""

import errno
import hashlib
import io
import re
import stat
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from core.base.errors import UserError

# Importing its module makes Pillow know a format; those it knows by itself need no mention. Ghostscript, which Pillow
# starts for EPS, never comes into it.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", TiffImagePlugin.TiffImageFile.format, WebPImagePlugin.WebPImageFile.format)
SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
FOREIGN_SUFFIXES = frozenset(
    {".heic", ".heif", ".avif", ".jp2", ".dcm", ".eps", ".psd", ".cr2", ".cr3", ".nef", ".arw", ".dng"}
)
"""Image files that are not read yet. They are listed with that reason, so that none is passed over in silence."""

PIXEL_LIMIT = 120_000_000
FILE_LIMIT_MB = 512
BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels."""
PADDING = (128, 128, 128)
"""What surrounds an image that was fitted into a square whole."""

_CHECK_SIDE_PX = 256
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})
_MILLIONS = PIXEL_LIMIT // 10**6
_PILLOW_MODULES = r"PIL\."
_NO_PILLOW_WARNINGS = ("ignore", None, Warning, re.compile(_PILLOW_MODULES), 0)
_RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}

# What Pillow's decoders are known to raise on damaged content.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%!PS", "it is an EPS drawing"),
    (0, b"%PDF", "it is a PDF document"),
    (0, b"8BPS", "it is a Photoshop file"),
    (0, b"PK\x03\x04", "it is a ZIP archive"),
    (0, b"\x00\x00\x00\x0cjP", "it is a JPEG 2000 image"),
    (4, b"ftypavif", "it is an AVIF image"),
    (4, b"ftyphei", "it is a HEIC image"),
    (4, b"ftypmif1", "it is a HEIC image"),
    (128, b"DICM", "it is a DICOM image"),
)

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"GIF8", b"II*\0", b"MM\0*")


class UnreadableImage(UserError):  # noqa: N818 - the word that is used everywhere
    """A file that cannot be read as an image. `reason` is half a sentence, such as "the file is empty"."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"“{printable(path.name)}” cannot be read: {reason}.", "Replace it, or leave it out.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of a file that was decoded to its end. Width and height are those of the upright image."""

    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Framing:
    """How an image of any shape becomes a square; the network sees the central `size_px` of it.

    crop: the shorter side is scaled to `resize_px` and the centre cut out, as torchvision's Resize and CenterCrop do.
    pad: the longer side is scaled to `size_px` and the image laid on grey, out to `resize_px`; nothing is cut.
    """

    size_px: int
    resize_px: int
    fit: Literal["crop", "pad"] = "crop"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    def apply(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return the square of an RGB image, shape (resize_px, resize_px, 3), scaled with antialiasing."""
        square = self._crop(image) if self.fit == "crop" else self._pad(image)
        return np.array(square, dtype=np.uint8)

    def _crop(self, image: Image.Image) -> Image.Image:
        # Only the square is computed: the whole of a 1 × 20000 image at this scale would fill the memory.
        (left, right), (top, bottom) = (self._central(side, min(image.size)) for side in image.size)
        square = (self.resize_px, self.resize_px)
        return image.resize(square, _RESAMPLING[self.interpolation], box=(left, top, right, bottom))

    def _central(self, side_px: int, shorter_px: int) -> tuple[float, float]:
        """Return where the central square begins and ends along one side, in pixels of the original."""
        scaled = self.resize_px * side_px // shorter_px
        first = round((scaled - self.resize_px) / 2)
        scale = side_px / scaled
        return first * scale, min((first + self.resize_px) * scale, side_px)

    def _pad(self, image: Image.Image) -> Image.Image:
        width, height = (max(1, round(side * self.size_px / max(image.size))) for side in image.size)
        canvas = Image.new("RGB", (self.resize_px, self.resize_px), PADDING)
        scaled = image.resize((width, height), _RESAMPLING[self.interpolation])
        canvas.paste(scaled, ((self.resize_px - width) // 2, (self.resize_px - height) // 2))
        return canvas


def read_image(path: Path, sha256: str = "") -> Image.Image:
    """Return the image as RGB, upright and decoded to its end; of several frames or pages the first.

    With `sha256`, the file must still have that content.

    Transparent pixels show white. Grey values of 16 bits or more, and floats, are scaled so that the darkest pixel of
    this image becomes 0 and the brightest 255. Raises UnreadableImage.
    """
    content = _content(path)
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise UnreadableImage(path, "it has changed since the images were read; read them again")
    return _decode(path, content).image


def thumbnail(path: Path, size_px: int) -> Image.Image:
    """Return the image as `read_image` does, its longer side at most `size_px`; fast for JPEG.

    Raises UnreadableImage.
    """
    image = _decode(path, _content(path), fast_px=size_px).image
    image.thumbnail((size_px, size_px), Image.Resampling.BICUBIC)
    return image


def examine(path: Path) -> ImageFacts:
    """Read a file once, decode it to its end and return its hash and size. Raises UnreadableImage."""
    content = _content(path)
    decoded = _decode(path, content, fast_px=_CHECK_SIDE_PX)
    return ImageFacts(hashlib.sha256(content).hexdigest(), decoded.width_px, decoded.height_px)


def printable(name: str) -> str:
    """Return a name as it may stand in a message: line breaks, marks that turn the direction of writing and bytes that
    are no text are written out."""
    whole = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in whole)


def is_text(name: str) -> bool:
    """Return whether a name can be stored and shown; on Linux a name may be any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Decoded:
    """An RGB image, and how large it is in full: JPEG files may be decoded at a fraction of their size."""

    image: Image.Image
    width_px: int
    height_px: int


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        # Opening a pipe would wait for a writer that may never come.
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImage(path, "it is a folder" if path.is_dir() else "it is not an ordinary file")
        if status.st_size > FILE_LIMIT_MB * 2**20:
            raise UnreadableImage(path, f"the file is larger than {FILE_LIMIT_MB} MB")
        content = path.read_bytes()
    except FileNotFoundError:
        link = path.is_symlink()
        raise UnreadableImage(path, "it is a link that leads nowhere" if link else "it is no longer there") from None
    except PermissionError:
        raise UnreadableImage(path, "there is no permission to read it") from None
    except OSError as error:
        loop = error.errno == errno.ELOOP
        reason = "it is a link that leads back to itself" if loop else f"the disk reports “{error.strerror}”"
        raise UnreadableImage(path, reason) from None
    if not content:
        raise UnreadableImage(path, "the file is empty")
    return content


def _decode(path: Path, content: bytes, fast_px: int | None = None) -> _Decoded:
    """Decode to the end, so that a file that is cut off is noticed. With `fast_px`, JPEG files are decoded at the
    smallest fraction of their size whose sides are at least that."""
    _silence_pillow()
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_size(path, *image.size)
            size = image.size
            drafted = image.draft(None, (fast_px, fast_px)) if fast_px else None
            image.load()
            width, height = size if drafted else image.size
            turn = image.getexif().get(_ORIENTATION_TAG)
            upright = image.transpose(_UPRIGHT[turn]) if turn in _UPRIGHT else image
            if turn in _SIDEWAYS:
                width, height = height, width
            return _Decoded(_to_rgb(path, upright), width, height)
    except UnidentifiedImageError:
        raise UnreadableImage(path, _what_it_is(content)) from None
    except Image.DecompressionBombError:
        raise UnreadableImage(path, f"it has more than {_MILLIONS} million pixels") from None
    except _DECODER_ERRORS as error:
        cut = "truncated" in str(error) or isinstance(error, EOFError)
        raise UnreadableImage(path, "the file is cut off" if cut else "its content is damaged") from error


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > PIXEL_LIMIT:
        many = f"it has {width} × {height} pixels, and Graft reads at most {_MILLIONS} million"
        raise UnreadableImage(path, many)


def _silence_pillow() -> None:
    """Keep Pillow from printing warnings about odd files: what matters of them is told as a finding.

    `warnings.catch_warnings` would exchange the filters of the whole process, which goes wrong between threads; an
    entry that stays is safe, and it concerns Pillow alone.
    """
    if _NO_PILLOW_WARNINGS not in warnings.filters:
        warnings.filterwarnings("ignore", module=_PILLOW_MODULES)


def _to_rgb(path: Path, image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _scale_grey(path, image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        canvas = Image.new("RGB", layer.size, BACKGROUND)
        canvas.paste(layer, mask=layer.getchannel("A"))
        return canvas
    return image.convert("RGB")


def _scale_grey(path: Path, image: Image.Image) -> Image.Image:
    """Scale linearly from the darkest to the brightest pixel; Pillow's own `convert` would cut all above 255 to white.

    Pixels that are not numbers (or infinite) become black.
    """
    values = np.asarray(image, dtype=np.float64 if image.mode == "I" else np.float32)
    known = np.isfinite(values)
    if not known.any():
        raise UnreadableImage(path, "none of its pixels holds a number")
    low, high = float(values.min(where=known, initial=np.inf)), float(values.max(where=known, initial=-np.inf))
    span = high - low or 1.0
    grey = np.where(known, (np.where(known, values, low) - low) * (255 / span), 0)
    return Image.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB")


def _what_it_is(content: bytes) -> str:
    """Return in half a sentence what a file is that is none of the image formats read here."""
    for offset, signature, meaning in _SIGNATURES:
        if content[offset : offset + len(signature)] == signature:
            return f"{meaning}, which Graft does not read"
    if content.startswith(_BEGINNINGS):
        return "the file is cut off or damaged"
    start = content[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "it is a web page, not an image"
    if start.startswith((b"<svg", b"<?xml")):
        return "it is a drawing or a text, not a photo"
    if all(32 <= byte < 127 or byte in b"\t\r\n\f" for byte in start):
        return "it is text, not an image"
    return "it is not a JPEG, PNG, WebP, BMP, GIF or TIFF image"
