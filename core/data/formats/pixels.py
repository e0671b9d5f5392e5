"""What every decoder hands back, and the limits that hold for all of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

PIXEL_LIMIT = 120_000_000
MEMORY_LIMIT_MB = 960
"""What decoding one image may take; a small file can claim any size."""

_MILLIONS = PIXEL_LIMIT // 10**6
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

TOO_MANY_PIXELS = f"it has more than {_MILLIONS} million pixels"


class Undecodable(Exception):  # noqa: N818 - like UnreadableImage, which it becomes
    """Content that is no image Graft reads. `reason` is half a sentence, such as "the file is cut off"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says about its making; see `Facts` for the fields."""

    captured: str = ""
    camera: str = ""
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """An RGB image, and how large it is in full: JPEG files may be decoded at a fraction of their size.

    `mode` says in words what the file holds; `low` and `high` are the values that became black and white where that is
    more than 8 bits a channel. `metadata` is asked for only where it is needed, as it takes time.
    """

    image: Image.Image
    width_px: int
    height_px: int
    format: str
    mode: str
    low: float | None = None
    high: float | None = None
    metadata: Callable[[], Metadata] = Metadata


def upright(decoded: Decoded, orientation: object) -> Decoded:
    """Return the image turned as EXIF orientation 2 to 8 asks for; any other value leaves it as it is."""
    if not isinstance(orientation, int) or orientation not in _UPRIGHT:
        return decoded
    width, height = decoded.width_px, decoded.height_px
    if orientation in _SIDEWAYS:
        width, height = height, width
    return replace(decoded, image=decoded.image.transpose(_UPRIGHT[orientation]), width_px=width, height_px=height)


def check_size(width: int, height: int, bytes_per_pixel: int = 8) -> None:
    """Raise Undecodable if an image is too large to be decoded, whatever its file claims.

    `bytes_per_pixel` is what the decoder and the steps after it need at most at the same time.
    """
    if width < 1 or height < 1:
        raise Undecodable("it has no pixels; the file is damaged")
    most = min(PIXEL_LIMIT, MEMORY_LIMIT_MB * 2**20 // bytes_per_pixel)
    if width * height > most:
        kind = "" if most == PIXEL_LIMIT else " of this kind"
        raise Undecodable(f"it has {width} × {height} pixels, and Graft reads at most {most // 10**6} million{kind}")
