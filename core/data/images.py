"""The one place where a file becomes pixels: thumbnails, training, prediction and findings all read through here."""

import errno
import hashlib
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.base.errors import UserError
from core.data.facts import Facts
from core.data.formats.decoding import decode
from core.data.formats.memory import MEMORY
from core.data.formats.pixels import Decoded, Undecodable
from core.data.formats.signatures import FOREIGN_SUFFIXES, SUFFIXES, is_dicom

if TYPE_CHECKING:
    from core.data.formats.measures import Sample

__all__ = [
    "FOREIGN_SUFFIXES",
    "SUFFIXES",
    "Framing",
    "ImageFacts",
    "UnreadableImage",
    "examine",
    "examine_all",
    "holds_dicom",
    "is_text",
    "printable",
    "read_image",
    "read_square",
    "thumbnail",
]

FILE_LIMIT_MB = 512
PADDING = (128, 128, 128)
"""What surrounds an image that was fitted into a square whole."""

_CHECK_SIDE_PX = 64
_BEGINNING_BYTES = 132
_COPIES = 4
"""How often the content of a large file is held, roughly: as it is, as values, as grey levels and as an image."""

READER_VERSION = 2
"""To be raised when the same file is read into other pixels: what was stored of the old ones is then begun anew."""

_FINER = 2
"""How much finer than the square a JPEG is decoded. Features of photos then agree with those of the full decoding to a
cosine of 0.9999, twenty times as closely as with those of the square saved as JPEG of quality 95."""
_REDUCING_GAP = 3.0
"""From where on pixels are averaged in blocks before they are resampled; Pillow calls the result indistinguishable."""

_RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


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
    facts: Facts


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

    @property
    def fast_px(self) -> int:
        """Return how small the sides of an image may be decoded without harm to the square."""
        return _FINER * self.resize_px

    def apply(self, image: Image.Image, full_size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """Return the square of an RGB image, shape (resize_px, resize_px, 3), scaled with antialiasing.

        `full_size` is the size in pixels of what was decoded at a whole fraction, so that the same square is cut.
        """
        size = full_size or image.size
        square = self._crop(image, size) if self.fit == "crop" else self._pad(image, size)
        return np.array(square, dtype=np.uint8)

    def _crop(self, image: Image.Image, size: tuple[int, int]) -> Image.Image:
        # Only the square is computed: the whole of a 1 × 20000 image at this scale would fill the memory.
        (left, right), (top, bottom) = (self._central(side, min(size)) for side in size)
        return self._scaled(image, size, (self.resize_px, self.resize_px), (left, top, right, bottom))

    def _central(self, side_px: int, shorter_px: int) -> tuple[float, float]:
        """Return where the central square begins and ends along one side, in pixels of the original."""
        scaled = self.resize_px * side_px // shorter_px
        first = round((scaled - self.resize_px) / 2)
        scale = side_px / scaled
        return first * scale, min((first + self.resize_px) * scale, side_px)

    def _pad(self, image: Image.Image, size: tuple[int, int]) -> Image.Image:
        width, height = (max(1, round(side * self.size_px / max(size))) for side in size)
        canvas = Image.new("RGB", (self.resize_px, self.resize_px), PADDING)
        scaled = self._scaled(image, size, (width, height), (0, 0, *size))
        canvas.paste(scaled, ((self.resize_px - width) // 2, (self.resize_px - height) // 2))
        return canvas

    def _scaled(
        self,
        image: Image.Image,
        size: tuple[int, int],
        wanted: tuple[int, int],
        box: tuple[float, float, float, float],
    ) -> Image.Image:
        """Return `box`, in pixels of the full size, at the size that is wanted."""
        fraction = max(1, round(max(size) / max(image.size)))  # a JPEG's last row and column may be a part of a pixel
        left, top, right, bottom = (edge / fraction for edge in box)
        part = (left, top, right, bottom)
        return image.resize(wanted, _RESAMPLING[self.interpolation], box=part, reducing_gap=_REDUCING_GAP)


def read_image(path: Path, sha256: str = "") -> Image.Image:
    """Return the image as RGB, upright and decoded to its end; of several frames or pages the first.

    With `sha256`, the file must still have that content.

    Transparent pixels show white, colours are those that the file's profile means, and more than 8 bits are scaled as
    `core.data.formats.scaling` says. Raises UnreadableImage.
    """
    with MEMORY.share():
        return _decoded(path, _content_of(path, sha256)).image


def read_square(path: Path, framing: Framing, sha256: str = "") -> NDArray[np.uint8]:
    """Return the image as `read_image` does, framed. Threads that read large files wait for each other, so that the
    memory suffices. Raises UnreadableImage."""
    with MEMORY.share():
        decoded = _decoded(path, _content_of(path, sha256), framing.fast_px)
        return framing.apply(decoded.image, (decoded.width_px, decoded.height_px))


def thumbnail(path: Path, size_px: int) -> Image.Image:
    """Return the image as `read_image` does, its longer side at most `size_px`; fast for JPEG.

    Raises UnreadableImage.
    """
    with MEMORY.share():
        image = _decoded(path, _content(path), fast_px=size_px).image
        image.thumbnail((size_px, size_px), Image.Resampling.BICUBIC)
        return image


def examine(path: Path) -> ImageFacts:
    """Read a file once, decode it to its end and return its hash, size and facts. Raises UnreadableImage."""
    (found,) = examine_all([path])
    if isinstance(found, UnreadableImage):
        raise found
    return found


def examine_all(paths: Iterable[Path]) -> list[ImageFacts | UnreadableImage]:
    """Return for each file what `examine` does, or why it cannot be read; it takes less time for a dozen in one go."""
    from core.data.formats.measures import facts_of

    read = [_sampled(path) for path in paths]
    facts = iter(facts_of([found.sample for found in read if not isinstance(found, UnreadableImage)]))
    return [
        found
        if isinstance(found, UnreadableImage)
        else ImageFacts(found.sha256, found.width_px, found.height_px, next(facts))
        for found in read
    ]


def holds_dicom(path: Path) -> bool:
    """Return whether a file begins as DICOM does: scanners write such files without a suffix. Never raises."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return is_dicom(file.read(_BEGINNING_BYTES))
    except OSError:
        return False


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


def _content_of(path: Path, sha256: str) -> bytes:
    """Return the content, which must be the expected one if `sha256` says so."""
    content = _content(path)
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise UnreadableImage(path, "it has changed since the images were read; read them again")
    return content


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        # Opening a pipe would wait for a writer that may never come.
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImage(path, "it is a folder" if path.is_dir() else "it is not an ordinary file")
        if status.st_size > FILE_LIMIT_MB * 2**20:
            raise UnreadableImage(path, f"the file is larger than {FILE_LIMIT_MB} MB")
        MEMORY.claim(_COPIES * status.st_size)  # now: contents that wait to be decoded would fill the memory too
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


def _decoded(path: Path, content: bytes, fast_px: int | None = None) -> Decoded:
    try:
        return decode(content, fast_px)
    except Undecodable as problem:
        raise UnreadableImage(path, problem.reason) from problem


@dataclass(frozen=True, slots=True)
class _Sampled:
    sha256: str
    width_px: int
    height_px: int
    sample: "Sample"


def _sampled(path: Path) -> _Sampled | UnreadableImage:
    from core.data.formats.measures import sample

    try:
        with MEMORY.share():
            content = _content(path)
            decoded = _decoded(path, content, fast_px=_CHECK_SIDE_PX)
            digest = hashlib.sha256(content).hexdigest()
            return _Sampled(digest, decoded.width_px, decoded.height_px, sample(decoded))
    except UnreadableImage as problem:
        return problem
