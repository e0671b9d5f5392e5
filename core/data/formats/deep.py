"""PNG, JPEG 2000 and JPEG of more than 8 bits a channel, of which Pillow drops a part: decoded with imagecodecs."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.formats.colours import BACKGROUND, to_rgb
from core.data.formats.embedded import (
    PNG_BEGINNING,
    as_png,
    jpeg_2000_boxes,
    jpeg_2000_tags,
    jpeg_tags,
    png_tags,
    tagged,
)
from core.data.formats.pixels import Decoded, Undecodable, check_size
from core.data.formats.scaling import Scaled, check_values, stretch
from core.data.formats.signatures import jpeg_frame

_PNG_PIXELS = frozenset({b"IHDR", b"tRNS", b"IDAT", b"IEND"})
"""What libpng needs; it might print about the rest."""

_PNG_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_NAMES = {1: "grey", 2: "grey with transparency", 3: "RGB", 4: "RGB with transparency"}


def in_words(channels: int, values: NDArray[Any], bits: int = 0) -> str:
    """Return what deep pixels hold, such as "grey, 16 bit"; `bits` if fewer are used than the values have."""
    depth = f"{bits or 8 * values.dtype.itemsize} bit"
    return f"{_NAMES.get(channels, f'{channels} channels')}, {depth}{' float' if values.dtype.kind == 'f' else ''}"


def to_picture(
    values: NDArray[Any], *, profile: bytes = b"", unknown: float | None = None, inverted: bool = False
) -> tuple[Image.Image, Scaled]:
    """Return deep values (H, W) or (H, W, 1 to 4) as RGB, and by which range; 2 and 4 channels end with opacity.

    A profile speaks of the values as they stand in the file, so it counts only where these were not stretched.
    """
    if values.ndim == 3 and values.shape[2] in (2, 4):
        values, alpha = values[..., :-1], _opacity(values[..., -1])
    else:
        alpha = None
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    scaled = stretch(values, unknown=unknown)
    image = Image.fromarray(255 - scaled.levels if inverted else scaled.levels)
    rgb = to_rgb(image, profile if scaled.whole else b"")
    if alpha is None:
        return rgb, scaled
    canvas = Image.new("RGB", rgb.size, BACKGROUND)
    canvas.paste(rgb, mask=alpha)
    return canvas, scaled


def _opacity(values: NDArray[Any]) -> Image.Image:
    full = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    return Image.fromarray(np.rint(np.clip(np.nan_to_num(values) / full, 0, 1) * 255).astype(np.uint8))


def decode_png(content: bytes, fast_px: int | None = None) -> Decoded:
    """Decode a PNG of 16 bits a channel; of an animated one the first frame. Raises Undecodable."""
    import imagecodecs

    chunks = list(_png_chunks(content))
    named = dict(chunks)
    width, height, _, colours = struct.unpack_from(">IIBB", named.get(b"IHDR", b"").ljust(13, b"\0"))
    check_size(width, height)
    channels = _PNG_CHANNELS.get(colours, 4)
    check_values(width * height, channels, 2)
    values = imagecodecs.png_decode(as_png(chunk for chunk in chunks if chunk[0] in _PNG_PIXELS))
    image, scaled = to_picture(values, profile=_png_profile(named.get(b"iCCP", b"")))
    decoded = Decoded(image, width, height, "PNG", in_words(channels, values), scaled.low, scaled.high)
    return tagged(decoded, png_tags(chunks))


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each chunk. Raises Undecodable where one is damaged: libpng would print that."""
    position = len(PNG_BEGINNING)
    name = b""
    while name != b"IEND" and position < len(content):
        length, name = int.from_bytes(content[position : position + 4]), content[position + 4 : position + 8]
        body = content[position + 8 : position + 8 + length]
        checksum = content[position + 8 + length : position + 12 + length]
        if len(checksum) < 4:
            raise Undecodable("the file is cut off")
        if zlib.crc32(name + body) != int.from_bytes(checksum):
            raise Undecodable("its content is damaged")
        yield name, body
        position += 12 + length


def _png_profile(body: bytes) -> bytes:
    _, _, packed = body.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], 2**24)
    except zlib.error:
        return b""


def jpeg_2000_depth(content: bytes) -> tuple[int, int, int, int]:
    """Return bits, channels, width and height that a JPEG 2000 states. Raises Undecodable for one that is cut off."""
    start = content.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(content) < start + 43:
        raise Undecodable("the file is cut off or damaged")
    right, bottom, left, top = struct.unpack_from(">IIII", content, start + 8)
    channels = int.from_bytes(content[start + 40 : start + 42])
    depths = content[start + 42 : start + 42 + 3 * channels : 3]
    return max(1 + (depth & 0x7F) for depth in depths), channels, right - left, bottom - top


def check_jpeg_2000_end(content: bytes) -> None:
    """Raise Undecodable if a JPEG 2000 lacks its end: OpenJPEG, as Pillow uses it, passes over that at times."""
    if b"\xff\xd9" not in content[-2:] and not _box_ends(content):
        raise Undecodable("the file is cut off")


def _box_ends(content: bytes) -> bool:
    """Return whether the box with the picture ends with the mark of its end; other boxes may follow."""
    for name, start, end in jpeg_2000_boxes(content):
        if name == b"jp2c":
            return end <= len(content) and content[start:end].rstrip(b"\0").endswith(b"\xff\xd9")
    return False


def decode_jpeg_2000(content: bytes, fast_px: int | None = None) -> Decoded:
    """Decode a JPEG 2000 of more than 8 bits a channel. Raises Undecodable."""
    import imagecodecs

    bits, channels, width, height = jpeg_2000_depth(content)
    check_size(width, height, 20)
    check_values(width * height, channels, 4)
    check_jpeg_2000_end(content)
    values = imagecodecs.jpeg2k_decode(content)
    image, scaled = to_picture(values)
    decoded = Decoded(image, width, height, "JPEG 2000", in_words(channels, values, bits), scaled.low, scaled.high)
    return tagged(decoded, jpeg_2000_tags(content))


def decode_jpeg(content: bytes, fast_px: int | None = None) -> Decoded:
    """Decode a JPEG of 12 or 16 bits, or one without loss. Raises Undecodable."""
    frame = jpeg_frame(content)
    if frame is None:
        raise Undecodable("the file is cut off or damaged")
    _, bits, height, width = frame
    check_size(width, height)
    check_values(width * height, 3, 2)
    values = jpeg_values(content)
    image, scaled = to_picture(values)
    channels = 1 if values.ndim == 2 else values.shape[2]
    decoded = Decoded(image, width, height, "JPEG", in_words(channels, values, bits), scaled.low, scaled.high)
    return tagged(decoded, jpeg_tags(content))


def jpeg_values(content: bytes) -> NDArray[Any]:
    """Return the samples of a JPEG of any depth, as RGB if there are three. Raises Undecodable if it is cut off."""
    import imagecodecs

    # The mark of the end cannot stand inside the picture; a small preview before it may hold one.
    if content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
        raise Undecodable("the file is cut off")
    frame = jpeg_frame(content)
    if frame is not None and frame[0] == 0xF7:
        return np.asarray(imagecodecs.jpegls_decode(content))
    return np.asarray(imagecodecs.jpeg8_decode(content))
