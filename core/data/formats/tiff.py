"""TIFF, of any depth, through tifffile: Pillow cuts colours of 16 bits, and libtiff under it prints about damage."""

import io
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.formats.colours import mode_in_words, to_rgb
from core.data.formats.deep import in_words, to_picture
from core.data.formats.embedded import exif_of
from core.data.formats.metadata import of_picture
from core.data.formats.pixels import Decoded, Metadata, Undecodable, check_size, upright
from core.data.formats.scaling import check_values, scale
from core.data.formats.signatures import jpeg_frame

if TYPE_CHECKING:
    from tifffile import TiffPage

_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _MASK, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 4, 5, 6, 8
_COLOURS = {_WHITE_IS_ZERO: 1, _GREY: 1, _RGB: 3, _PALETTE: 1, _MASK: 1, _CMYK: 4, _YCBCR: 3, _LAB: 3}
"""How many samples of a pixel make its colour, by kind of colour; those after them are opacity and the like."""

_PLAIN, _JPEG = 1, 7
_COMPRESSIONS = frozenset({_PLAIN, 2, 3, 4, 5, _JPEG, 8, 32773, 32946, 34925, 50000})
"""None, CCITT, LZW, JPEG, Deflate, PackBits, LZMA and Zstandard. None of these claims a size of its own but JPEG."""

_ORIENTATION, _PROFILE, _NO_DATA, _DNG, _XMP = 274, 34675, 42113, 50706, 700
_REDUCED = 1
_PREMULTIPLIED, _OPACITY = 1, 2
_NO_RAW = "it is a raw photo, which Graft does not read; export it as TIFF or JPEG"


def decode(content: bytes, fast_px: int | None = None) -> Decoded:
    """Decode the first page of a TIFF. Raises Undecodable."""
    import tifffile

    # The parts of tifffile's file hold each other; closed, the stream lets go of the content at once.
    with io.BytesIO(content) as stream, tifffile.TiffFile(stream) as file:
        page = file.pages.first
        if not isinstance(page, tifffile.TiffPage):
            raise Undecodable("its content is damaged")
        _check(page, content)
        picture = _picture(page, content)
        return upright(picture, page.tags.valueof(_ORIENTATION))


def _check(page: "TiffPage", content: bytes) -> None:
    """Raise Undecodable for what is not read, is cut off, or claims more than it should."""
    if content[8:10] == b"CR" or _DNG in page.tags or page.subfiletype & _REDUCED:
        raise Undecodable(_NO_RAW)
    check_size(page.imagewidth, page.imagelength)
    if page.imagedepth != 1 or page.dtype is None or page.dtype.kind not in "buif":
        raise Undecodable("its pixels are of a form that Graft does not read (volumes or complex numbers)")
    if page.photometric not in _COLOURS:
        raise Undecodable(f"its colours are of a kind that Graft does not read ({_name(page.photometric)})")
    if page.compression not in _COMPRESSIONS:
        raise Undecodable(f"its compression is one that Graft does not read ({_name(page.compression)})")
    for pixels in (page.imagewidth * page.imagelength, page.tilewidth * page.tilelength * page.tiledepth):
        check_values(pixels, page.samplesperpixel, page.dtype.itemsize)
    _check_segments(page, content)


def _check_segments(page: "TiffPage", content: bytes) -> None:
    """Each strip or tile must lie in the file: tifffile would show those that are missing as black."""
    starts, sizes = page.dataoffsets, page.databytecounts
    expected = int(np.prod(page.chunked))
    if len(starts) != len(sizes) or len(starts) < expected:
        raise Undecodable("its content is damaged")
    for start, size in zip(starts, sizes, strict=True):
        if start <= 0 or size <= 0:
            raise Undecodable("its content is damaged")
        if start + size > len(content):
            raise Undecodable("the file is cut off")
    if page.compression == _JPEG:
        chunk = max(page.chunks[-3:-1] if page.planarconfig == 1 else page.chunks[-2:])
        for start, size in zip(starts, sizes, strict=True):
            frame = jpeg_frame(content[start : start + size])
            if frame is None or max(frame[2:]) > chunk:
                raise Undecodable("its content is damaged")


def _name(value: object) -> str:
    return str(getattr(value, "name", value)).replace("_", " ").title()


def _picture(page: "TiffPage", content: bytes) -> Decoded:
    values = np.asarray(page.asarray(maxworkers=1))
    values = values.reshape(page.shape)
    if page.planarconfig == 2 and values.ndim == 3:
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 2:
        values = values[..., None]
    values = _relevant(page, values)
    profile = page.tags.valueof(_PROFILE)
    profile = profile if isinstance(profile, bytes) else b""
    low = high = None
    if values.dtype in (np.bool_, np.uint8):
        image = _shallow(page, values)
        mode = "black and white" if _bits(page) == 1 else mode_in_words(image)
        rgb = to_rgb(image, profile)
    elif page.photometric in (_WHITE_IS_ZERO, _GREY, _RGB):
        unknown = page.nodata if _NO_DATA in page.tags else None
        inverted = page.photometric == _WHITE_IS_ZERO
        rgb, scaled = to_picture(values, profile=profile, unknown=unknown, inverted=inverted)
        mode, low, high = in_words(values.shape[2], values, _bits(page)), scaled.low, scaled.high
    else:
        raise Undecodable(f"its colours are of a kind that Graft does not read ({_name(page.photometric)}, deep)")
    return Decoded(
        rgb,
        page.imagewidth,
        page.imagelength,
        "TIFF",
        mode,
        low,
        high,
        partial(_metadata, content, page.tags.valueof(_XMP)),
    )


def _bits(page: "TiffPage") -> int:
    return page.bitspersample if isinstance(page.bitspersample, int) else 0


def _relevant(page: "TiffPage", values: NDArray[Any]) -> NDArray[Any]:
    """Return the samples of the colour and of its opacity, if there is one: (H, W, 1 to 5)."""
    colours, count = _COLOURS[page.photometric], values.shape[2]
    if count < colours:
        raise Undecodable("its content is damaged")
    extra = tuple(page.extrasamples)[: count - colours]
    if extra[:1] in ((_PREMULTIPLIED,), (_OPACITY,)):
        return values[..., : colours + 1]
    if colours == 1 and count > 1:
        raise Undecodable(f"it has {count} channels, and Graft reads 1, or 3 as red, green and blue")
    return values[..., :colours]


def _shallow(page: "TiffPage", values: NDArray[Any]) -> Image.Image:
    """Return up to 8 bits a channel as an image of the mode that its colours ask for."""
    bits = 1 if values.dtype == np.bool_ else _bits(page) or 8
    values = values.astype(np.uint8)
    colours = _COLOURS[page.photometric]
    if page.photometric == _PALETTE:
        return _with_palette(page, values[..., 0])
    if bits < 8:
        values = scale(values, 0, 2**bits - 1)
    if page.photometric == _WHITE_IS_ZERO:
        values = np.concatenate([255 - values[..., :1], values[..., 1:]], axis=2)
    if page.photometric == _LAB:
        values = values ^ np.array([0, 128, 128], np.uint8)
    opaque = values.shape[2] == colours
    if not opaque and page.photometric == _CMYK:
        values, opaque = values[..., :4], True
    mode = {_RGB: "RGB", _CMYK: "CMYK", _YCBCR: "YCbCr", _LAB: "LAB"}.get(page.photometric, "L")
    if page.photometric == _YCBCR and page.compression == _JPEG:
        mode = "RGB"  # tifffile has made it so
    if not opaque:
        mode += "a" if page.extrasamples[0] == _PREMULTIPLIED else "A"
    size = values.shape[1], values.shape[0]
    return Image.frombytes(mode, size, np.ascontiguousarray(values).tobytes())


def _with_palette(page: "TiffPage", indices: NDArray[np.uint8]) -> Image.Image:
    palette = page.colormap
    if palette is None or palette.ndim != 2 or palette.shape[1] <= int(indices.max()):
        raise Undecodable("its palette is damaged")
    colours = (palette >> 8 if palette.max() > 255 else palette).astype(np.uint8)
    image = Image.fromarray(indices).convert("L")
    image.putpalette(colours.T[:256].tobytes())
    return image


def _metadata(content: bytes, xmp: object) -> Metadata:
    return of_picture(exif_of(content), {"xmp": xmp})
