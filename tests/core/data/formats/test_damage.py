"""Whatever happens to a file: it is read or refused as unreadable, and nothing else is raised or printed."""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from core.data.images import UnreadableImage, examine, read_image
from tests.core.data.conftest import picture
from tests.core.data.formats.test_dicom import dataset
from tests.core.data.formats.test_metadata import exif

PICTURE = picture(0, (48, 40))
DEEP = np.random.default_rng(0).integers(0, 4096, (40, 48)).astype(np.uint16)


def encoded(kind: str, image: Image.Image = PICTURE, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(values: NDArray[Any], **options: Any) -> bytes:  # noqa: ANN401 - tifffile's own
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def dicom(values: NDArray[Any]) -> bytes:
    buffer, file = io.BytesIO(), dataset(values, PatientName="Doe", WindowCenter=900, WindowWidth=800)
    file["PixelData"].VR = "OW"
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


COLOUR = np.asarray(PICTURE)
VALID: dict[str, bytes] = {
    "jpeg": encoded("JPEG", exif=exif(owner="Doe"), icc_profile=b"\0" * 300),
    "progressive jpeg": encoded("JPEG", progressive=True),
    "jpeg of inks": encoded("JPEG", PICTURE.convert("CMYK")),
    "jpeg of 12 bits": bytes(imagecodecs.jpeg8_encode(DEEP, bitspersample=12)),
    "lossless jpeg": bytes(imagecodecs.ljpeg_encode(DEEP, bitspersample=12)),
    "png": encoded("PNG", exif=exif()),
    "png with a palette": encoded("PNG", PICTURE.convert("P"), transparency=3),
    "deep png": bytes(imagecodecs.png_encode(DEEP)),
    "animated png": encoded("PNG", save_all=True, append_images=[picture(1, (48, 40))]),
    "gif": encoded("GIF"),
    "animated gif": encoded("GIF", save_all=True, append_images=[picture(1, (48, 40))]),
    "bmp": encoded("BMP"),
    "webp": encoded("WEBP", exif=exif()),
    "lossless webp": encoded("WEBP", lossless=True),
    "avif": encoded("AVIF", exif=exif()),
    "jpeg 2000": encoded("JPEG2000"),
    "deep jpeg 2000": bytes(imagecodecs.jpeg2k_encode(DEEP, reversible=True)),
    "tiff": tiff(COLOUR, photometric="rgb"),
    "tiff with lzw": tiff(COLOUR, photometric="rgb", compression="lzw"),
    "tiff of tiles": tiff(DEEP, tile=(16, 16), compression="zlib", predictor=True),
    "tiff of floats": tiff(DEEP.astype(np.float32), bigtiff=True),
    "tiff of jpeg": encoded("TIFF", compression="jpeg"),
    "fax": encoded("TIFF", PICTURE.convert("1"), compression="group4"),
    "dicom": dicom(DEEP),
    "dicom of colours": dicom(COLOUR),
}
MAY_LACK = 24
"""Bytes at the end that may be gone without loss: marks of the end, sums, padding."""


@pytest.mark.parametrize("kind", VALID)
def test_the_file_itself_is_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "x").write_bytes(VALID[kind])
    assert read_image(tmp_path / "x").size == (48, 40)


@pytest.mark.parametrize("kind", sorted(set(VALID) - {"animated png", "animated gif"}))
def test_cut_anywhere_it_is_refused_or_whole(tmp_path: Path, kind: str) -> None:
    whole = VALID[kind]
    (tmp_path / "whole").write_bytes(whole)
    expected = read_image(tmp_path / "whole").tobytes()
    for length in {*range(1, len(whole), max(1, len(whole) // 40)), *range(len(whole) - MAY_LACK, len(whole))}:
        (tmp_path / "x").write_bytes(whole[:length])
        with contextlib.suppress(UnreadableImage):
            assert read_image(tmp_path / "x").tobytes() == expected, length
            assert length >= len(whole) - MAY_LACK, "more than the end is gone"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", VALID)
def test_with_other_bytes_it_is_read_or_refused_in_silence(
    kind: str, capfd: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    content = bytearray(VALID[kind])
    # most of what can go wrong stands at the beginning, and in a TIFF at the end
    places = st.integers(0, 300) | st.integers(0, len(content) - 1) | st.integers(len(content) - 300, len(content) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        content[place % len(content)] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(content)
        with contextlib.suppress(UnreadableImage):
            examine(path)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
