"""EXIF, XMP and texts of files that Pillow does not decode in full: it is shown what they say, without their pixels."""

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from PIL import Image

from core.data.formats.metadata import EXIF_ERRORS, of_picture
from core.data.formats.pixels import Decoded, upright
from core.data.formats.signatures import before_jpeg_frame

ORIENTATION = 0x0112
PNG_BEGINNING = b"\x89PNG\r\n\x1a\n"

_PNG_TEXTS = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_ONE_PNG_PIXEL = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
_ONE_JPEG_PIXEL = b"\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0" + b"\xff\xda\0\x08\1\1\0\0\x3f\0"
_EXIF_BOX = b"JpgTiffExif->JP2"
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_ERRORS = (*EXIF_ERRORS, EOFError, MemoryError, zlib.error)


@dataclass(frozen=True, slots=True)
class Tags:
    """What stands in a file beside its pixels."""

    exif: Image.Exif = field(default_factory=Image.Exif)
    info: dict[str | tuple[int, int], object] = field(default_factory=dict)


def tagged(decoded: Decoded, tags: Tags) -> Decoded:
    """Return the image turned upright as its tags ask for, and with what they say of its making."""
    decoded = replace(decoded, metadata=partial(of_picture, tags.exif, tags.info))
    return upright(decoded, tags.exif.get(ORIENTATION))


def png_tags(chunks: Iterable[tuple[bytes, bytes]]) -> Tags:
    """Return what the chunks (name, body) of a PNG say; nothing if they are damaged."""
    texts = [chunk for chunk in chunks if chunk[0] in _PNG_TEXTS]
    pixel = (b"IDAT", zlib.compress(bytes(2)))
    return _tags(as_png([(b"IHDR", _ONE_PNG_PIXEL), *texts, pixel, (b"IEND", b"")]), "PNG") if texts else Tags()


def as_png(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG of these chunks."""
    return PNG_BEGINNING + b"".join(
        part
        for name, body in chunks
        for part in (struct.pack(">I", len(body)), name, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(name))))
    )


def jpeg_tags(content: bytes) -> Tags:
    """Return what a JPEG of any depth says before its pixels; nothing if that is damaged."""
    return _tags(before_jpeg_frame(content) + _ONE_JPEG_PIXEL, "JPEG")


def _tags(content: bytes, kind: str) -> Tags:
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            return Tags(image.getexif(), dict(image.info))
    except _ERRORS:
        return Tags()


def jpeg_2000_tags(content: bytes) -> Tags:
    """Return what the boxes of a JPEG 2000 say, which Pillow passes over; nothing if they are damaged."""
    tags = Tags()
    for name, start, end in jpeg_2000_boxes(content):
        kind, body = content[start : start + 16], content[start + 16 : end]
        if name == b"uuid" and kind == _EXIF_BOX:
            tags = replace(tags, exif=exif_of(body))
        elif name == b"uuid" and kind == _XMP_BOX:
            tags = replace(tags, info={"xmp": body})
    return tags


def jpeg_2000_boxes(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, begin and end of what each box holds; the end may lie behind that of the file."""
    position = 0
    while position + 8 <= len(content):
        length, name = int.from_bytes(content[position : position + 4]), content[position + 4 : position + 8]
        begun = position + 8
        if length == 1:
            length, begun = int.from_bytes(content[begun : begun + 8]), begun + 8
        end = position + length if length else len(content)
        if end < begun:
            return
        yield name, begun, end
        position = end


def exif_of(content: bytes) -> Image.Exif:
    """Return the EXIF in a block or in a TIFF; an empty one if it is damaged."""
    exif = Image.Exif()
    try:
        exif.load(content)
    except EXIF_ERRORS:
        return Image.Exif()
    return exif
