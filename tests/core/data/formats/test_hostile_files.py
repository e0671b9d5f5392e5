"""Files as they should not be: each is read rightly, or listed with the reason; never a crash, never a hang."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from core.data.findings.checks import findings
from core.data.images import UnreadableImage, examine, read_image, thumbnail
from tests.core.data.conftest import fill, picture, scanned
from tests.core.data.formats.test_dicom import CT, dataset

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


def in_many_chunks(content: bytes) -> bytes:
    """Return a PNG with 300,000 empty chunks before its pixels: copying all of it for each takes minutes."""
    empty = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    begun = content.index(b"IDAT") - 4
    return content[:begun] + 300_000 * empty + content[begun:]


def png_header(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def is_loop(path: Path) -> None:
    path.symlink_to(path)


def links_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


def loops_with_another(path: Path) -> None:
    other = path.with_name("other")
    path.symlink_to(other)
    other.symlink_to(path)


def is_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the way to a socket may have no more than some 100 letters
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
    finally:
        os.chdir(here)


def is_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def tiff(values: NDArray[Any], **options: Any) -> bytes:  # noqa: ANN401 - tifffile's own
    buffer = BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def with_tag(content: bytes, tag: int, value: int) -> bytes:
    """Return a little TIFF with another number in one entry of its first page."""
    changed = bytearray(content)
    with tifffile.TiffFile(BytesIO(content)) as file:
        place = file.pages.first.tags[tag].offset
    kind = struct.unpack_from("<H", content, place + 2)[0]
    struct.pack_into("<H" if kind == 3 else "<I", changed, place + 8, value)
    return bytes(changed)


def with_pages_in_a_circle(content: bytes) -> bytes:
    """Return a TIFF whose first page names itself as the next."""
    first = struct.unpack_from("<I", content, 4)[0]
    end = first + 2 + 12 * struct.unpack_from("<H", content, first)[0]
    return content[:end] + struct.pack("<I", first) + content[end + 4 :]


def with_a_million_pages(content: bytes) -> bytes:
    """Return a TIFF with pages that hold nothing after its own."""
    first = struct.unpack_from("<I", content, 4)[0]
    end = first + 2 + 12 * struct.unpack_from("<H", content, first)[0]
    begun = len(content)
    pages = b"".join(struct.pack("<HI", 0, begun + 6 * (number + 1)) for number in range(10**6))
    return content[:end] + struct.pack("<I", begun) + content[end + 4 :] + pages


def dicom(**more: object) -> bytes:
    file = dataset(np.tile(CT, (9, 9)), **more)
    file["PixelData"].VR = "OW"
    buffer = BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def jpeg_2000_of(width: int, height: int) -> bytes:
    """Return a JPEG 2000 code stream that claims a size."""
    whole = bytearray(imagecodecs.jpeg2k_encode(np.zeros((8, 8, 3), np.uint8), codecformat="j2k"))
    struct.pack_into(">II", whole, 8, width, height)
    return bytes(whole)


def gif_of(width: int, height: int) -> bytes:
    whole = bytearray(encoded(picture(0), "GIF"))
    struct.pack_into("<HH", whole, 6, width, height)
    return bytes(whole)


def bmp_of(width: int, height: int) -> bytes:
    whole = bytearray(encoded(picture(0), "BMP"))
    struct.pack_into("<ii", whole, 18, width, height)
    return bytes(whole)


def jpeg_of(width: int, height: int) -> bytes:
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


def with_orientation(value: object, kind: int = 3) -> bytes:
    """Return a JPEG whose EXIF holds one entry: the orientation, as a number of that kind."""
    number = struct.pack("<I", value) if isinstance(value, int) else value
    assert isinstance(number, bytes)
    entry = struct.pack("<HHI", 0x0112, kind, 1) + number
    return encoded(picture(0), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0" + entry + bytes(4))


GREY_16 = np.random.default_rng(0).integers(0, 4096, (64, 64)).astype(np.uint16)
SMALL_TIFF = tiff(GREY_16, rowsperstrip=64)
PACKED_TIFF = tiff(GREY_16, compression="zlib", rowsperstrip=64)
DEEP_PNG = bytes(imagecodecs.png_encode(GREY_16))
DEEP_JP2 = bytes(imagecodecs.jpeg2k_encode(GREY_16, reversible=True))
DICOM = dicom()
ANIMATION = {"save_all": True, "append_images": [picture(1, (64, 64)), picture(2, (64, 64))]}
AVIF, WEBP = (encoded(picture(0, (64, 64)), kind, **ANIMATION) for kind in ("AVIF", "WEBP"))
NO_PALETTE = png_chunks(
    (b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 3, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(20))), (b"IEND", b"")
)
CMYK = encoded(Image.new("CMYK", (16, 16), (0, 200, 200, 0)), "JPEG", icc_profile=b"broken" * 50)

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
    "tiff that is cut": ("x.tif", holds(SMALL_TIFF[:-900]), "the file is cut off"),
    "tiff of a header": ("x.tif", holds(SMALL_TIFF[:60]), "its content is damaged"),
    "tiff with a far strip": ("x.tif", holds(with_tag(SMALL_TIFF, 273, 2**31)), "the file is cut off"),
    "tiff with a strip at zero": ("x.tif", holds(with_tag(SMALL_TIFF, 273, 0)), "its content is damaged"),
    "tiff with half a strip": ("x.tif", holds(with_tag(PACKED_TIFF, 279, 900)), "its content is damaged"),
    "tiff bomb": ("x.tif", holds(with_tag(with_tag(SMALL_TIFF, 256, 65535), 257, 65535)), TOO_MANY),
    "tiff without width": ("x.tif", holds(with_tag(SMALL_TIFF, 256, 0)), "it has no pixels"),
    "tiff of unknown compression": ("x.tif", holds(with_tag(SMALL_TIFF, 259, 34661)), "its compression is one that"),
    "tiff of unknown colours": ("x.tif", holds(with_tag(SMALL_TIFF, 262, 32803)), "its colours are of a kind that"),
    "tiff with pages in a circle": ("x.tif", holds(with_pages_in_a_circle(SMALL_TIFF)), READ),
    "tiff with a million pages": ("x.tif", lambda path: path.write_bytes(with_a_million_pages(SMALL_TIFF)), READ),
    "tiff of doubles": ("x.tif", holds(tiff(np.array([[1e300, -1e300], [np.inf, np.nan]]))), READ),
    "complex tiff": ("x.tif", holds(tiff(np.ones((4, 4), np.complex64))), "its pixels are of a form that"),
    "deep png that is cut": ("x.png", holds(DEEP_PNG[:-200]), "the file is cut off"),
    "deep png that is scrambled": ("x.png", holds(DEEP_PNG[:99] + b"\0\0\0" + DEEP_PNG[102:]), "damaged"),
    "deep png in many chunks": ("x.png", lambda path: path.write_bytes(in_many_chunks(DEEP_PNG)), READ),
    "deep jpeg 2000 that is cut": ("x.jp2", holds(DEEP_JP2[:-200]), "the file is cut off"),
    "jpeg 2000 bomb": ("x.j2k", holds(jpeg_2000_of(2**31, 2**31)), "pixels"),
    "gif bomb": ("x.gif", holds(gif_of(65535, 65535)), "pixels"),
    "bmp bomb": ("x.bmp", holds(bmp_of(2**30, 2**30)), "pixels"),
    "jpeg bomb": ("x.jpg", holds(jpeg_of(65535, 65535)), "pixels"),
    "dicom that is cut": ("x.dcm", holds(DICOM[:-99]), "cut off"),
    "dicom that claims much": ("x.dcm", holds(dicom(Rows=65535, Columns=65535)), TOO_MANY),
    "dicom without size": ("x.dcm", holds(dicom(Rows=0)), "it has no pixels"),
    "dicom named as a photo": ("x.jpg", holds(DICOM), READ),
    "heic": ("x.heic", holds(b"\0\0\0\x18ftypheic" + bytes(40)), "it is a HEIC image"),
    "jpeg xl": ("x.jpg", holds(b"\xff\x0a" + bytes(40)), "it is a JPEG XL image"),
    "gzip": ("x.png", holds(b"\x1f\x8b\x08" + bytes(40)), "it is a compressed archive"),
    "palette without entries": ("x.png", holds(NO_PALETTE), "damaged"),
    "animated avif": ("x.avif", holds(AVIF), READ),
    "animated avif that is cut": ("x.avif", holds(AVIF[: len(AVIF) // 3]), "damaged"),
    "animated webp": ("x.webp", holds(WEBP), READ),
    "animated webp that is cut": ("x.webp", holds(WEBP[: len(WEBP) // 3]), "damaged"),
    "inks with a broken profile": ("x.jpg", holds(CMYK), READ),
    "orientation of 9": ("x.jpg", holds(with_orientation(9)), READ),
    "huge orientation": ("x.jpg", holds(with_orientation(2**32 - 1, 4)), READ),
    "orientation of text": ("x.jpg", holds(with_orientation(b"six\0", 2)), READ),
    "socket": ("x.jpg", is_socket, "it is not an ordinary file"),
    "two links in a circle": ("x.jpg", loops_with_another, "it is a link that leads back to itself"),
    "name with a leading dash": ("-rf.png", holds(PNG), READ),
    "name of other bytes": (os.fsdecode(b"\xff\xfe.jpg"), holds(PNG), "its name holds bytes that are no text"),
    "name with a bell": ("\a\x1b[31m.png", holds(PNG), READ),
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


@pytest.mark.parametrize("name", ["..x.png", ".DS_Store", "Thumbs.db", "._x.jpg", "desktop.ini"])
def test_hidden_files_and_those_of_the_system_are_passed_over(tmp_path: Path, name: str) -> None:
    root = fill(tmp_path, ants=1, bees=1)
    (root / "ants" / name).write_bytes(b"")
    assert len(scanned(root).images) == 2


def test_reading_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number, (_, make, _) in enumerate(HOSTILE.values()):
        path = tmp_path / str(number)
        make(path)
        with contextlib.suppress(UnreadableImage):
            examine(path)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


CHILD = """
import sys
from pathlib import Path
from core.data.images import UnreadableImage, examine, read_image

def highest():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

examine(Path(sys.argv[1]) / "warm.png")
Path("/proc/self/clear_refs").write_text("5")
before = highest()
for path in sorted(Path(sys.argv[1]).iterdir()):
    for read in (examine, read_image):
        try:
            read(path)
        except UnreadableImage:
            pass
print(highest() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process alone, and resets it")
def test_none_of_them_takes_over_a_gigabyte(tmp_path: Path) -> None:
    for number, (_, make, _) in enumerate(HOSTILE.values()):
        make(tmp_path / str(number))
    (tmp_path / "warm.png").write_bytes(PNG)
    (tmp_path / "widest.png").write_bytes(encoded(Image.new("RGBA", (7200, 7200)), "PNG", compress_level=1))
    (tmp_path / "longest.tif").write_bytes(tiff(np.zeros((6000, 6000), np.float64), compression="zlib"))
    child = subprocess.run([sys.executable, "-c", CHILD, tmp_path], capture_output=True, text=True, timeout=100)
    assert child.stderr == ""
    # At least the values of the longest are held: less would mean that nothing was measured.
    assert 6000 * 6000 * 8 < int(child.stdout) * 1024 < 2**30
