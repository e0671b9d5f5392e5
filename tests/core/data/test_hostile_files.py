"""Files as they should not be: each is read rightly, or listed with the reason; never a crash, never a hang."""

import os
import struct
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.findings import findings
from core.data.images import UnreadableImage, read_image, thumbnail
from tests.core.data.conftest import fill, picture, scanned

Make = Callable[[Path], object]
READ = ""
"""The problem of a file that is read."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="such names and pipes are of Linux and macOS")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


PNG, JPEG = encoded(picture(0, (64, 64)), "PNG"), encoded(picture(0, (64, 64)), "JPEG")


def holds(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def is_saved(image: Image.Image, kind: str = "TIFF") -> Make:
    return lambda path: image.save(path, kind)


def png_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    whole = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        whole += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return whole


def png_header(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def is_loop(path: Path) -> None:
    path.symlink_to(path)


def links_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


def is_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


TOO_MANY = "pixels, and Graft reads at most 120 million"
BOMB = png_chunks(png_header(30_000, 30_000), (b"IDAT", zlib.compress(bytes(10**6))), (b"IEND", b""))
HUGE = png_chunks(png_header(2**31 - 1, 2**31 - 1), (b"IDAT", b""), (b"IEND", b""))
MANY = png_chunks(png_header(13_000, 10_000), (b"IDAT", b""), (b"IEND", b""))
TEXT_BOMB = png_chunks(
    png_header(1, 1),
    (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000))),
    (b"IDAT", zlib.compress(bytes(4))),
    (b"IEND", b""),
)
BAD_EXIF = encoded(picture(0), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(30))
NOT_A_NUMBER = Image.fromarray(np.full((4, 4), np.nan, np.float32))
HALF_A_NUMBER = Image.fromarray(np.array([[np.nan, 1], [2, np.inf]], np.float32))

HOSTILE: dict[str, tuple[str, Make, str]] = {
    "empty": ("x.jpg", holds(b""), "the file is empty"),
    "one byte": ("x.jpg", holds(b"\xff"), "it is not a JPEG, PNG"),
    "zeros": ("x.jpg", holds(bytes(1000)), "it is not a JPEG, PNG"),
    "text": ("x.jpg", holds(b"this is no image\n"), "it is text, not an image"),
    "web page": ("x.jpg", holds(b"\n<!DOCTYPE html><html>404"), "it is a web page, not an image"),
    "drawing": ("x.png", holds(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "it is a drawing or a text"),
    "postscript": ("x.jpg", holds(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "it is an EPS drawing"),
    "eps": ("x.eps", holds(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "it is an EPS drawing"),
    "pdf": ("x.png", holds(b"%PDF-1.7\n"), "it is a PDF document"),
    "zip": ("x.png", holds(b"PK\x03\x04" + bytes(40)), "it is a ZIP archive"),
    "photoshop": ("x.psd", holds(b"8BPS\0\x01" + bytes(40)), "it is a Photoshop file"),
    "dicom": ("x.dcm", holds(bytes(128) + b"DICM" + bytes(9)), "it is a DICOM file without a picture"),
    "avif": ("x.avif", holds(b"\0\0\0\x20ftypavif" + bytes(40)), "the file is cut off or damaged"),
    "icon": ("x.png", holds(encoded(picture(0), "ICO")), "it is not a JPEG, PNG"),
    "half a jpeg": ("x.jpg", holds(JPEG[: len(JPEG) // 2]), "the file is cut off"),
    "half a png": ("x.png", holds(PNG[: len(PNG) // 2]), "the file is cut off"),
    "only a header": ("x.jpg", holds(JPEG[:3]), "the file is cut off or damaged"),
    "scrambled png": ("x.png", holds(PNG[:60] + bytes(40) + PNG[100:]), "its content is damaged"),
    "no pixels": ("x.png", holds(png_chunks(png_header(0, 0), (b"IEND", b""))), "damaged"),
    "bomb": ("x.png", holds(BOMB), "it has more than 120 million pixels"),
    "huge": ("x.png", holds(HUGE), "it has more than 120 million pixels"),
    "too many pixels": ("x.png", holds(MANY), f"it has 13000 × 10000 {TOO_MANY}"),
    "text bomb": ("x.png", holds(TEXT_BOMB), "its content is damaged"),
    "no numbers": ("x.tif", is_saved(NOT_A_NUMBER), "none of its pixels holds a number"),
    "lab colours": ("x.tif", is_saved(Image.new("LAB", (4, 4))), READ),
    "pipe": ("x.jpg", os.mkfifo, "it is not an ordinary file"),
    "device": ("x.jpg", is_device, "it is not an ordinary file"),
    "loop": ("x.jpg", is_loop, "it is a link that leads back to itself"),
    "link to nothing": ("x.jpg", links_nowhere, "it is a link that leads nowhere"),
    "name of bytes": (os.fsdecode(b"caf\xe9.png"), holds(PNG), "its name holds bytes that are no text"),
    "some numbers": ("x.tif", is_saved(HALF_A_NUMBER), READ),
    "bad exif": ("x.jpg", holds(BAD_EXIF), READ),
    "rest after the end": ("x.jpg", holds(JPEG + bytes(5000)), READ),
    "wrong suffix": ("x.jpg", holds(PNG), READ),
    "upper case suffix": ("X.PNG", holds(PNG), READ),
    "thin": ("x.png", is_saved(Image.new("RGB", (1, 20_000)), "PNG"), READ),
    "flat": ("x.png", is_saved(Image.new("RGB", (20_000, 1)), "PNG"), READ),
    "one pixel": ("x.gif", is_saved(Image.new("P", (1, 1)), "GIF"), READ),
    "one bit": ("x.png", is_saved(Image.new("1", (9, 9)), "PNG"), READ),
    "name with a line break": ("a\nb.png", holds(PNG), READ),
    "name of an emoji": ("🐞.png", holds(PNG), READ),
    "name from right to left": ("\u202egnp.xcod.png", holds(PNG), READ),
    "name in Arabic": ("صورة.png", holds(PNG), READ),
    "name with dots": ("a..b...png", holds(PNG), READ),
    "name of markup": ("<b>&amp;.png", holds(PNG), READ),
    "name with quotes": ("'; DROP TABLE images;--\".png", holds(PNG), READ),
    "name of spaces": ("   .png", holds(PNG), READ),
    "long name": ("x" * 250 + ".png", holds(PNG), READ),
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_read_or_listed_with_the_reason(tmp_path: Path, case: str) -> None:
    name, make, problem = HOSTILE[case]
    root = fill(tmp_path, ants=1, bees=1)
    make(root / "ants" / name)
    (image,) = (image for image in scanned(root).images if not image.path.endswith("/000.png"))
    assert bool(image.problem) == bool(problem), image.problem
    assert problem in image.problem
    image.path.encode()


@pytest.mark.parametrize("case", [case for case, (_, _, problem) in HOSTILE.items() if not problem])
def test_what_a_scan_calls_readable_is_read(tmp_path: Path, case: str) -> None:
    name, make, _ = HOSTILE[case]
    make(tmp_path / name)
    assert read_image(tmp_path / name).mode == "RGB"
    assert max(thumbnail(tmp_path / name, 64).size) <= 64


def test_all_of_them_together_are_told_in_one_finding(tmp_path: Path) -> None:
    root = fill(tmp_path, ants=1, bees=1)
    for number, (name, make, _) in enumerate(HOSTILE.values()):
        (root / "ants" / str(number)).mkdir()
        make(root / "ants" / str(number) / name)
    scan = scanned(root)
    expected = sum(bool(problem) for _, _, problem in HOSTILE.values())
    assert len(scan.images) == len(HOSTILE) + 2
    (finding,) = (finding for finding in findings(scan, None) if finding.key == "unreadable")
    assert finding.count == len(finding.images) == expected


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("x.jpg", Path.mkdir, "it is a folder"),
        ("x.jpg", lambda path: None, "it is no longer there"),
        ("a\nb.jpg", Path.touch, "the file is empty"),
    ],
)
def test_the_reader_names_the_file_and_the_reason(tmp_path: Path, name: str, make: Make, reason: str) -> None:
    make(tmp_path / name)
    with pytest.raises(UnreadableImage) as caught:
        read_image(tmp_path / name)
    shown = name.replace("\n", r"\n")
    assert str(caught.value) == f"“{shown}” cannot be read: {reason}. Replace it, or leave it out."


def test_a_hidden_file_with_leading_dots_is_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path, ants=1, bees=1)
    (root / "ants" / "..x.png").write_bytes(b"")
    assert len(scanned(root).images) == 2
