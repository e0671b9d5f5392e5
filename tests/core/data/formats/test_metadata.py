"""What a file says about its making, and that personal data is named by kind only."""

import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from core.data.images import examine, read_image
from tests.core.data.conftest import picture

SECRETS = ("Jane Doe", "SN-4711", "SN-4712", "48.0")


def exif(**more: object) -> Image.Exif:
    """Return EXIF of a camera, with `more` of owner, serial, lens, gps, artist."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "Canon\0", "Canon EOS R5"
    if "artist" in more:
        tags[0x013B] = more["artist"]
    inner = tags.get_ifd(0x8769)
    inner[0x9003] = more.get("taken", "2024:05:01 12:00:00")
    for name, tag in (("owner", 0xA430), ("serial", 0xA431), ("lens", 0xA435)):
        if name in more:
            inner[tag] = more[name]
    if "gps" in more:
        tags.get_ifd(0x8825).update({1: "N", 2: more["gps"], 3: "E", 4: more["gps"]})
    return tags


def saved(path: Path, tags: Image.Exif | bytes, **options: object) -> Path:
    if path.suffix == ".tif" and isinstance(tags, Image.Exif):
        for part in (0x8769, 0x8825):  # in a TIFF, Pillow writes inner parts only as this
            tags[part] = dict(tags.get_ifd(part))
    picture(0, (32, 24)).save(path, exif=tags, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_time_and_camera_are_read_in_every_format(tmp_path: Path, suffix: str) -> None:
    facts = examine(saved(tmp_path / f"x.{suffix}", exif())).facts
    assert (facts.captured, facts.camera, facts.personal) == ("2024-05-01T12:00:00", "Canon EOS R5", ())


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", "2024:13:01 12:00:00"])
def test_a_camera_without_a_clock_says_no_time(tmp_path: Path, taken: str) -> None:
    assert examine(saved(tmp_path / "x.jpg", exif(taken=taken))).facts.captured == ""


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_kinds_of_personal_data_are_named_but_no_value_is_kept(tmp_path: Path, suffix: str) -> None:
    place = (IFDRational(48), IFDRational(7), IFDRational(30))
    tags = exif(owner="Jane Doe", serial="SN-4711", lens="SN-4712", gps=place)
    facts = examine(saved(tmp_path / f"x.{suffix}", tags)).facts
    assert facts.personal == ("GPS position", "owner’s name", "serial number")
    assert not any(secret in facts.to_json() for secret in SECRETS)


DEEP = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)
DEEP_KINDS = ["png", "png, tags last", "png with text", "jpg", "lossless jpg", "jp2", "shallow jp2", "tif"]


def deep(path: Path, kind: str, tags: Image.Exif) -> Path:
    """Write a picture of 32 x 24 pixels and more than 8 bits (but the shallow one) with EXIF in it."""
    block = tags.tobytes().removeprefix(b"Exif\0\0")
    segment = b"\xff\xe1" + (8 + len(block)).to_bytes(2) + b"Exif\0\0" + block
    match kind:
        case "png" | "png, tags last":
            whole = bytes(imagecodecs.png_encode(DEEP))
            at = 33 if kind == "png" else len(whole) - 12
            content = whole[:at] + png_chunk(b"eXIf", block) + whole[at:]
        case "png with text":
            whole = bytes(imagecodecs.png_encode(DEEP))
            text = b"\nexif\n%8d\n%s\n" % (len(block) + 6, (b"Exif\0\0" + block).hex().encode())
            content = whole[:33] + png_chunk(b"tEXt", b"Raw profile type exif\0" + text) + whole[33:]
        case "jpg":
            whole = bytes(imagecodecs.jpeg8_encode(DEEP, bitspersample=12))
            content = whole[:2] + segment + whole[2:]
        case "lossless jpg":
            whole = bytes(imagecodecs.ljpeg_encode(DEEP, bitspersample=12))
            content = whole[:2] + segment + whole[2:]
        case "tif":
            named = [(0x010F, "Canon"), (0x0110, "Canon EOS R5"), (0x013B, "Jane Doe")]
            texts = [(tag, "s", 0, value, True) for tag, value in named]
            tifffile.imwrite(path, DEEP, metadata=None, extratags=[(0x0112, 3, 1, 6, True), *texts])
            return path
        case _:
            values = (DEEP >> 8).astype(np.uint8) if kind == "shallow jp2" else DEEP
            box = b"uuidJpgTiffExif->JP2" + block
            content = bytes(imagecodecs.jpeg2k_encode(values, reversible=True)) + (4 + len(box)).to_bytes(4) + box
    path.write_bytes(content)
    return path


def png_chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


@pytest.mark.parametrize("kind", DEEP_KINDS)
def test_deep_pictures_are_turned_upright_and_tell_of_themselves(tmp_path: Path, kind: str) -> None:
    tags = exif(artist="Jane Doe")
    tags[0x0112] = 6
    path = deep(tmp_path / "x", kind, tags)
    read = examine(path)
    assert (read.width_px, read.height_px) == read_image(path).size == (24, 32)
    assert (read.facts.camera, read.facts.personal) == ("Canon EOS R5", ("owner’s name",))
    top = np.asarray(read_image(path), int)[0, :, 0]
    assert top[0] > top[-1] or kind == "shallow jp2", "the lowest row has become the left column"


def test_texts_of_deep_pictures_are_looked_through(tmp_path: Path) -> None:
    whole = bytes(imagecodecs.png_encode(DEEP))
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    (tmp_path / "x.png").write_bytes(whole[:33] + chunk + whole[33:])
    box = b"uuid" + bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP
    jp2 = bytes(imagecodecs.jpeg2k_encode(DEEP, reversible=True))
    (tmp_path / "x.jp2").write_bytes(jp2 + (4 + len(box)).to_bytes(4) + box)
    for suffix in ("png", "jp2"):
        assert examine(tmp_path / f"x.{suffix}").facts.personal == ("GPS position", "owner’s name"), suffix


@pytest.mark.parametrize("kind", ["png", "png with text", "jpg", "jp2"])
def test_damaged_tags_do_not_hide_a_deep_picture(tmp_path: Path, kind: str) -> None:
    path = deep(tmp_path / "x", kind, DamagedExif())
    assert read_image(path).size == (32, 24)
    assert examine(path).facts.camera == ""


class DamagedExif(Image.Exif):
    """EXIF that is cut off in its first entry."""

    def tobytes(self, offset: int = 8) -> bytes:
        return b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\1\x12"


def test_empty_entries_are_no_personal_data(tmp_path: Path) -> None:
    nowhere = (IFDRational(0), IFDRational(0), IFDRational(0))
    facts = examine(saved(tmp_path / "x.jpg", exif(artist="   ", serial="\0\0", gps=nowhere))).facts
    assert facts.personal == ()


XMP = b"<x:xmpmeta><dc:creator>Jane</dc:creator><exif:GPSLatitude>1</exif:GPSLatitude></x:xmpmeta>"


def test_names_and_places_in_xmp_are_noticed(tmp_path: Path) -> None:
    picture(0).save(tmp_path / "x.jpg", xmp=XMP)
    picture(0).save(tmp_path / "x.webp", xmp=XMP)
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    picture(0).save(tmp_path / "x.png", pnginfo=texts)
    for suffix in ("jpg", "webp", "png"):
        assert examine(tmp_path / f"x.{suffix}").facts.personal == ("GPS position", "owner’s name"), suffix


def test_names_in_iptc_and_in_texts_of_png_are_noticed(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Jane Doe")
    picture(0).save(tmp_path / "x.png", pnginfo=texts)
    assert examine(tmp_path / "x.png").facts.personal == ("owner’s name",)
    picture(0).save(tmp_path / "x.jpg")
    byline = b"\x1c\x02\x50\0\x08Jane Doe"
    resource = b"8BIM\x04\x04\0\0" + len(byline).to_bytes(4) + byline + b"\0"
    segment = b"Photoshop 3.0\0" + resource
    content = (tmp_path / "x.jpg").read_bytes()
    marked = content[:2] + b"\xff\xed" + (2 + len(segment)).to_bytes(2) + segment + content[2:]
    (tmp_path / "x.jpg").write_bytes(marked)
    assert examine(tmp_path / "x.jpg").facts.personal == ("owner’s name",)


@pytest.mark.parametrize("length", [6, 10, 14, 30, 60, 100])
def test_exif_that_is_cut_or_scrambled_does_not_hide_the_picture(tmp_path: Path, length: int) -> None:
    whole = exif(owner="Jane Doe").tobytes()
    for number, damaged in enumerate((whole[:length], whole[:length] + b"\xff" * 200, b"Exif\0\0" + b"\xff" * length)):
        path = saved(tmp_path / f"{number}.jpg", damaged)
        assert examine(path).width_px == 32
