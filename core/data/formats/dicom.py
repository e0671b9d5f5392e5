"""DICOM through pydicom: the first frame, in the grey window that the file asks for. Patient data goes nowhere."""

import io
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.formats.colours import to_rgb
from core.data.formats.deep import jpeg_2000_depth, jpeg_values, to_picture
from core.data.formats.metadata import of_dicom
from core.data.formats.pixels import Decoded, Undecodable, check_size
from core.data.formats.scaling import check_values, scale
from core.data.formats.signatures import is_jpeg_2000, jpeg_frame

if TYPE_CHECKING:
    from pydicom import Dataset

_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOURS = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"})
_RLE = "1.2.840.10008.1.2.5"
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_LARGE = 64 * 2**10
_INFLATED_LIMIT = 256 * 2**20


def decode(content: bytes, fast_px: int | None = None) -> Decoded:
    """Decode the first frame of a DICOM file. Raises Undecodable."""
    import pydicom
    from pydicom.errors import BytesLengthException, InvalidDicomError

    deflated = _DEFLATED in content[:_LARGE]
    if deflated:
        _check_deflated(content)
    try:
        # Large values wait in the file until they are asked for; in a deflated one they cannot be found again.
        header = pydicom.dcmread(io.BytesIO(content), force=True, defer_size=None if deflated else _LARGE)
        return _decode(header)
    except (InvalidDicomError, BytesLengthException):
        raise Undecodable("its content is damaged") from None


def _check_deflated(content: bytes) -> None:
    """Raise Undecodable for a small file that would fill the memory: pydicom inflates the whole of it unasked."""
    # Its first entry, of 12 bytes behind the beginning, says how long the part is that is not deflated.
    begun = 144 + int.from_bytes(content[140:144], "little")
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    inflating.decompress(content[begun:], _INFLATED_LIMIT)
    if inflating.unconsumed_tail:
        raise Undecodable(f"it takes more than {_INFLATED_LIMIT // 2**20} MB when it is inflated")


def _decode(header: "Dataset") -> Decoded:
    if "PixelData" not in header and "FloatPixelData" not in header and "DoubleFloatPixelData" not in header:
        raise Undecodable("it is a DICOM file without a picture")
    width, height, samples = int(header.Columns), int(header.Rows), int(header.get("SamplesPerPixel", 1))
    check_size(width, height)
    check_values(width * height, samples, max(1, int(header.get("BitsAllocated", 8)) // 8))
    values = _values(header)
    if values.shape[:2] != (height, width):
        raise Undecodable("its content is damaged")
    kind = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
    if kind in _GREY:
        return _grey(header, values, inverted=kind == "MONOCHROME1")
    return _colour(header, values, kind)


def _values(header: "Dataset") -> NDArray[Any]:
    """Return the samples of the first frame, as they are stored; colours as RGB."""
    from pydicom.pixels.utils import get_expected_length, pixel_array

    syntax = header.file_meta.get("TransferSyntaxUID") if hasattr(header, "file_meta") else None
    if syntax is None:
        from pydicom.uid import ImplicitVRLittleEndian

        header.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # the default where a file does not say
    elif syntax.is_encapsulated and syntax != _RLE:
        return _compressed(header)
    if "PixelData" in header and syntax != _RLE and len(header.PixelData) < get_expected_length(header):
        raise Undecodable("the file is cut off")
    return np.asarray(pixel_array(header, index=0))


def _compressed(header: "Dataset") -> NDArray[Any]:
    from pydicom.encaps import generate_frames

    frames = generate_frames(header.PixelData, number_of_frames=int(header.get("NumberOfFrames") or 1))
    frame = next(frames, b"")
    values = _frame_values(frame, int(header.Columns) * int(header.Rows))
    if header.get("PixelRepresentation") == 1 and values.dtype.kind == "u":
        # The codes know no sign: the highest of the stored bits is it.
        spare = 8 * values.dtype.itemsize - int(header.BitsStored)
        signed = values.astype(f"i{values.dtype.itemsize}")
        values = np.right_shift(np.left_shift(signed, spare), spare)
    return values


def _frame_values(frame: bytes, pixels: int) -> NDArray[Any]:
    """Return the samples of one compressed frame, told by its content."""
    import imagecodecs

    if is_jpeg_2000(frame):
        _, _, width, height = jpeg_2000_depth(frame)
        _check_claim(width * height, pixels)
        return np.asarray(imagecodecs.jpeg2k_decode(frame))
    jpeg = jpeg_frame(frame) if frame.startswith(b"\xff\xd8") else None
    if jpeg is not None:
        _check_claim(jpeg[2] * jpeg[3], pixels)
        return jpeg_values(frame.rstrip(b"\0"))
    raise Undecodable("its compression is one that Graft does not read")


def _check_claim(claimed: int, pixels: int) -> None:
    if claimed != pixels:
        raise Undecodable("its content is damaged")


def _grey(header: "Dataset", stored: NDArray[Any], *, inverted: bool) -> Decoded:
    from pydicom.pixels.processing import apply_modality_lut

    padding = header.get("PixelPaddingValue")
    blank = stored == padding if isinstance(padding, int) else None
    values = apply_modality_lut(stored, header)
    window = _window(header)
    if window is None and values.dtype == np.uint8:
        window = 0.0, float(2 ** min(8, int(header.get("BitsStored") or 8)) - 1)
    if window is None and (by_table := _table(header, values)) is not None:
        values = by_table
    if window is None:
        if blank is not None and not blank.all():
            values = np.where(blank, np.nan, values.astype(np.float64))
        image, scaled = to_picture(values, inverted=inverted)
        return _decoded(header, image, "grey", stored, scaled.low, scaled.high)
    levels = scale(values, *window)
    image = Image.fromarray(255 - levels if inverted else levels).convert("RGB")
    return _decoded(header, image, "grey", stored, *window)


def _window(header: "Dataset") -> tuple[float, float] | None:
    """Return the values that the first window of the file shows black and white (DICOM PS3.3, C.11.2.1.2); a curved
    one is read as straight."""
    if "VOILUTSequence" in header:
        return None
    centre, width = (_first(header.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None:
        return None
    if str(header.get("VOILUTFunction", "LINEAR")) == "LINEAR":
        centre, width = centre - 0.5, width - 1
    return (centre - width / 2, centre + width / 2) if width > 0 else None


def _first(value: Any) -> float | None:  # noqa: ANN401 - whatever the file holds
    first = value[0] if isinstance(value, (list, tuple)) or hasattr(value, "__getitem__") else value
    return None if first is None else float(first)


def _table(header: "Dataset", values: NDArray[Any]) -> NDArray[Any] | None:
    from pydicom.pixels.processing import apply_voi_lut

    return np.asarray(apply_voi_lut(values, header)) if "VOILUTSequence" in header else None


def _colour(header: "Dataset", values: NDArray[Any], kind: str) -> Decoded:
    from pydicom.pixels.processing import apply_color_lut

    if kind == "PALETTE COLOR":
        values = apply_color_lut(values, header)
    elif kind not in _COLOURS:
        raise Undecodable("its colours are of a kind that Graft does not read")
    if values.ndim != 3 or values.shape[2] != 3:
        raise Undecodable("its content is damaged")
    if values.dtype != np.uint8:
        image, scaled = to_picture(values)
        return _decoded(header, image, "RGB", values, scaled.low, scaled.high)
    profile = header.get("ICCProfile")
    image = to_rgb(Image.fromarray(values), profile if isinstance(profile, bytes) else b"")
    return _decoded(header, image, "RGB", values, None, None)


def _decoded(
    header: "Dataset", image: Image.Image, colours: str, values: NDArray[Any], low: float | None, high: float | None
) -> Decoded:
    bits = int(header.get("BitsStored") or 8 * values.dtype.itemsize)
    mode = colours if bits <= 8 else f"{colours}, {bits} bit"
    metadata = of_dicom(header)
    return Decoded(image, image.width, image.height, "DICOM", mode, low, high, lambda: metadata)
