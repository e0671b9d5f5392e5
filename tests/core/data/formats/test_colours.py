"""Colours as the file means them: profiles, inks, palettes, transparency."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from core.data.images import examine, read_image, thumbnail
from tests.core.data.conftest import picture

ORANGE = (230, 120, 20)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def matrix_profile(order: str, space: bytes = b"RGB ") -> bytes:
    """Return an sRGB profile whose red, green and blue take the places that `order` names: its colours are swapped."""
    whole = bytearray(SRGB)
    count = struct.unpack_from(">I", whole, 128)[0]
    entries = {bytes(whole[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    places = {name: bytes(whole[entries[name] + 4 : entries[name] + 12]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")}
    for name, taken in zip((b"rXYZ", b"gXYZ", b"bXYZ"), order, strict=True):
        at = entries[name] + 4
        whole[at : at + 8] = places[taken.encode() + b"XYZ"]
    whole[16:20] = space
    return bytes(whole)


def pixel(path: Path) -> tuple[int, ...]:
    red, green, blue = read_image(path).getpixel((4, 4))  # type: ignore[misc]
    return red, green, blue


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "jpg", "avif"])
def test_a_profile_with_swapped_colours_swaps_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    Image.new("RGB", (16, 16), ORANGE).save(path, icc_profile=matrix_profile("bgr"), quality=100)
    assert np.abs(np.subtract(pixel(path), ORANGE[::-1])).max() <= 6


def test_thumbnails_show_the_same_colours(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    Image.new("RGB", (160, 160), ORANGE).save(path, icc_profile=matrix_profile("bgr"), quality=95)
    small = np.asarray(thumbnail(path, 40), int)
    assert np.abs(small - np.asarray(read_image(path).resize((40, 40)), int)).max() <= 3


def test_a_profile_keeps_transparency(tmp_path: Path) -> None:
    image = Image.new("RGBA", (16, 16), (*ORANGE, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.save(tmp_path / "x.png", icc_profile=matrix_profile("bgr"))
    assert np.abs(np.subtract(pixel(tmp_path / "x.png"), ORANGE[::-1])).max() <= 3
    assert read_image(tmp_path / "x.png").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(b"garbage", id="garbage"),
        pytest.param(SRGB[:200], id="cut"),
        pytest.param(SRGB, id="sRGB"),
        pytest.param(matrix_profile("bgr", b"CMYK"), id="made for inks"),
        pytest.param(b"\0" * 4000, id="zeros"),
    ],
)
def test_a_profile_that_is_damaged_or_fits_not_or_changes_nothing_is_passed_over(
    tmp_path: Path, profile: bytes
) -> None:
    picture(0).save(tmp_path / "x.png", icc_profile=profile)
    assert read_image(tmp_path / "x.png").tobytes() == picture(0).tobytes()


def test_a_profile_of_colours_on_a_grey_picture_is_passed_over(tmp_path: Path) -> None:
    picture(0).convert("L").save(tmp_path / "x.png", icc_profile=matrix_profile("bgr"))
    assert read_image(tmp_path / "x.png").tobytes() == picture(0).convert("L").convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("inks", "colour"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 255, 0, 0), (255, 0, 255)),
        ((0, 0, 255, 0), (255, 255, 0)),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "tif"])
@pytest.mark.parametrize("profile", [b"", b"broken"])
def test_inks_become_colours(
    tmp_path: Path, inks: tuple[int, ...], colour: tuple[int, ...], suffix: str, profile: bytes
) -> None:
    path = tmp_path / f"x.{suffix}"
    Image.new("CMYK", (16, 16), inks).save(path, icc_profile=profile or None, quality=100)
    assert np.abs(np.subtract(pixel(path), colour)).max() <= 6
    assert examine(path).facts.mode == "CMYK"


def test_inks_that_adobe_turned_over_are_turned_back(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "x.jpg", quality=100)  # Pillow writes it Adobe's way
    content = (tmp_path / "x.jpg").read_bytes()
    assert b"Adobe" in content
    assert np.abs(np.subtract(pixel(tmp_path / "x.jpg"), (255, 0, 0))).max() <= 6


def test_a_palette_in_a_tiff_is_applied(tmp_path: Path) -> None:
    colours = np.zeros((3, 256), np.uint16)
    colours[:, 7] = np.array(ORANGE) * 257
    values = np.full((9, 9), 7, np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="palette", colormap=colours)
    assert pixel(tmp_path / "x.tif") == ORANGE
    assert examine(tmp_path / "x.tif").facts.mode == "palette"


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_transparency_in_a_tiff_is_mixed_with_white(tmp_path: Path, kind: str) -> None:
    red = 128 if kind == "assocalpha" else 255  # there the colours are already multiplied
    values = np.full((9, 9, 4), (red, 0, 0, 128), np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="rgb", extrasamples=[kind])
    assert np.abs(np.subtract(pixel(tmp_path / "x.tif"), (255, 127, 127))).max() <= 1


def test_a_jpeg_within_a_tiff_is_read_in_its_colours(tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 48), ORANGE)
    image.save(tmp_path / "x.tif", compression="jpeg", quality=95)
    assert np.abs(np.subtract(pixel(tmp_path / "x.tif"), ORANGE)).max() <= 4


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", None])
def test_fax_pages_are_read(tmp_path: Path, compression: str | None) -> None:
    page = Image.new("1", (40, 30), 1)
    page.paste(0, (5, 5, 25, 20))
    page.save(tmp_path / "x.tif", compression=compression)
    assert read_image(tmp_path / "x.tif").tobytes() == page.convert("RGB").tobytes()
    assert examine(tmp_path / "x.tif").facts.mode == "black and white"


def test_greys_of_fewer_bits_reach_white(tmp_path: Path) -> None:
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in (
        (b"IHDR", struct.pack(">IIBBBBB", 4, 1, 2, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes([0, 0b00011011]))),
        (b"IEND", b""),
    ):
        content += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    (tmp_path / "x.png").write_bytes(content)
    assert np.asarray(read_image(tmp_path / "x.png"))[0, :, 0].tolist() == [0, 85, 170, 255]
