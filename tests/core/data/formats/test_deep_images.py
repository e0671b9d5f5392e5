"""More than 8 bits a channel: which value becomes which grey, in every format that can hold it."""

import tracemalloc
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from core.data.formats.scaling import stretch
from core.data.images import UnreadableImage, examine, read_image, thumbnail

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
"""Each value of 12 bits once."""


def written(path: Path, content: bytes | bytearray) -> Path:
    path.write_bytes(content)
    return path


def as_tiff(path: Path, values: NDArray[Any], **options: Any) -> Path:  # noqa: ANN401 - tifffile's own
    tifffile.imwrite(path, values, **options)
    return path


def grey(path: Path) -> NDArray[np.int64]:
    pixels = np.asarray(read_image(path), np.int64)
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


@pytest.mark.parametrize("make", ["png", "tif", "jp2", "packed tif", "float tif", "double tif", "big tif"])
def test_twelve_bits_keep_their_steps_in_whatever_they_lie(tmp_path: Path, make: str) -> None:
    path = tmp_path / "x.img"
    match make:
        case "png":
            written(path, imagecodecs.png_encode(RAMP))
        case "jp2":
            written(path, imagecodecs.jpeg2k_encode(RAMP, reversible=True, bitspersample=12))
        case "tif":
            as_tiff(path, RAMP)
        case "packed tif":
            written(path, packed_tiff(RAMP))
        case "float tif":
            as_tiff(path, RAMP.astype(np.float32) / 4095)
        case "double tif":
            as_tiff(path, RAMP.astype(np.float64) * 1e200)
        case "big tif":
            as_tiff(path, RAMP, bigtiff=True, compression="zlib", predictor=True)
    expected = np.rint(RAMP * (255 / 4095))
    assert np.abs(grey(path) - expected).max() <= 1
    assert len(np.unique(grey(path))) == 256


def packed_tiff(values: NDArray[np.uint16]) -> bytes:
    """Return a TIFF with two values of 12 bits in three bytes, as scientific cameras write it."""
    high, low = values.ravel()[::2].astype(np.uint32), values.ravel()[1::2].astype(np.uint32)
    body = np.stack([high >> 4, (high & 15) << 4 | low >> 8, low & 255], axis=1).astype(np.uint8).tobytes()
    tags = [(256, 64), (257, 64), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 64), (279, len(body))]
    entries = b"".join(tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + n.to_bytes(4, "little") for tag, n in tags)
    return (
        b"II*\0" + (8 + len(body)).to_bytes(4, "little") + body + len(tags).to_bytes(2, "little") + entries + bytes(4)
    )


@pytest.mark.parametrize("suffix", ["png", "tif", "jp2"])
def test_sixteen_bit_colour_is_not_cut_to_its_upper_byte(tmp_path: Path, suffix: str) -> None:
    values = np.stack([RAMP // 8, RAMP // 4, RAMP // 2], axis=2)  # Pillow would see 0 to 7 in red, 0 to 15 in green
    path = tmp_path / f"x.{suffix}"
    match suffix:
        case "png":
            written(path, imagecodecs.png_encode(values))
        case "tif":
            as_tiff(path, values, photometric="rgb")
        case "jp2":
            written(path, imagecodecs.jpeg2k_encode(values, reversible=True))
    pixels = np.asarray(read_image(path), int)
    assert np.abs(pixels - np.rint(values * (255 / 2047))).max() <= 1, "one range for all channels keeps the hue"


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_photo_of_sixteen_bits_looks_as_its_copy_of_eight(tmp_path: Path, suffix: str) -> None:
    eight = np.random.default_rng(0).integers(60, 180, (20, 30, 3), np.uint8)
    values = eight.astype(np.uint16) * 257
    path = tmp_path / f"x.{suffix}"
    if suffix == "png":
        written(path, imagecodecs.png_encode(values))
    else:
        as_tiff(path, values, photometric="rgb")
    assert np.asarray(read_image(path)).tolist() == eight.tolist()
    facts = examine(path).facts
    assert (facts.low, facts.high) == (0, 65535)


def test_one_hot_and_one_dead_pixel_do_not_decide_over_all_others(tmp_path: Path) -> None:
    values = np.linspace(1000, 1500, 40_000).astype(np.uint16).reshape(200, 200)
    values[0, 0], values[9, 9] = 0, 65535
    path = as_tiff(tmp_path / "x.tif", values)
    pixels = grey(path)
    assert (pixels[0, 1], pixels[-1, -1], pixels[0, 0], pixels[9, 9]) == (0, 255, 0, 255)
    assert abs(int(pixels[100, 0]) - 128) <= 2


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_one_hot_pixel_does_not_make_a_dark_colour_image_a_photograph(tmp_path: Path, suffix: str) -> None:
    values = np.stack([np.linspace(0, 4095, 40_000).astype(np.uint16).reshape(200, 200)] * 3, axis=2)
    values[0, 0, 0] = 65535
    path = tmp_path / f"x.{suffix}"
    if suffix == "png":
        written(path, imagecodecs.png_encode(values))
    else:
        as_tiff(path, values, photometric="rgb")
    facts = examine(path).facts
    assert facts.high is not None and 4090 < facts.high <= 4095
    pixels = np.asarray(read_image(path))
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (255, 255)
    assert abs(int(pixels[100, 0, 0]) - 128) <= 2


@pytest.mark.parametrize("kind", ["u1", "u2", ">u2", "i2", "u4", "i4", "f4", "f8"])
def test_the_range_leaves_out_one_value_in_ten_thousand_at_either_end(kind: str) -> None:
    values = np.random.default_rng(0).permutation(np.arange(60_000) % 250).astype(kind).reshape(200, 300)
    values.flat[:5], values.flat[5:11] = 253, 252
    values.flat[11:17], values.flat[17:23] = 0, 1
    ordered = np.sort(values, axis=None)
    before = values.copy()
    scaled = stretch(values)
    assert (scaled.low, scaled.high) == (float(ordered[6]), float(ordered[-7]))
    assert (values == before).all()


def test_the_range_is_sought_without_a_second_copy_of_sixteen_bits() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (4000, 3000), np.uint16)
    stretch(values[:9])
    tracemalloc.start()
    try:
        stretch(values)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < values.nbytes


def test_the_range_is_recorded(tmp_path: Path) -> None:
    facts = examine(as_tiff(tmp_path / "x.tif", np.array([[300, 900], [400, 500]], np.uint16))).facts
    assert (facts.format, facts.mode, facts.low, facts.high) == ("TIFF", "grey, 16 bit", 300, 900)
    facts = examine(as_tiff(tmp_path / "x.tif", np.array([[0.25, 0.5]], np.float32))).facts
    assert (facts.mode, facts.low, facts.high) == ("grey, 32 bit float", 0.25, 0.5)
    facts = examine(as_tiff(tmp_path / "x.tif", np.array([[3, 9]], np.uint8))).facts
    assert (facts.mode, facts.low, facts.high) == ("grey", None, None)


def test_signed_values_reach_from_the_lowest_to_the_highest(tmp_path: Path) -> None:
    assert grey(as_tiff(tmp_path / "x.tif", np.array([[-1000, 0, 1000]], np.int16))).tolist() == [[0, 128, 255]]
    assert grey(as_tiff(tmp_path / "y.tif", np.array([[-100, 100]], np.int8))).tolist() == [[0, 255]]
    assert grey(as_tiff(tmp_path / "z.tif", np.array([[0, 2**31, 2**32 - 1]], np.uint32))).tolist() == [[0, 128, 255]]


def test_values_that_stand_for_nothing_do_not_count_and_are_black(tmp_path: Path) -> None:
    values = np.array([[-9999, 10], [20, 30]], np.float32)
    path = as_tiff(tmp_path / "x.tif", values, extratags=[(42113, "s", 0, "-9999", True)])
    assert grey(path).tolist() == [[0, 0], [128, 255]]


def test_huge_floats_do_not_overflow(tmp_path: Path) -> None:
    values = np.array([[-1e308, 0, 1e308]])
    assert grey(as_tiff(tmp_path / "x.tif", values)).tolist() == [[0, 128, 255]]


def test_white_may_be_zero(tmp_path: Path) -> None:
    deep = as_tiff(tmp_path / "x.tif", np.array([[0, 1000]], np.uint16), photometric="miniswhite")
    shallow = as_tiff(tmp_path / "y.tif", np.array([[0, 200]], np.uint8), photometric="miniswhite")
    bits = as_tiff(tmp_path / "z.tif", np.eye(8, dtype=bool), photometric="miniswhite")
    assert grey(deep).tolist() == [[255, 0]]
    assert grey(shallow).tolist() == [[255, 55]]
    assert grey(bits).tolist() == (255 - 255 * np.eye(8, dtype=int)).tolist()


def test_deep_pixels_may_be_transparent(tmp_path: Path) -> None:
    values = np.array([[[0, 65535], [60000, 0]], [[60000, 65535], [0, 32768]]], np.uint16)
    path = written(tmp_path / "x.png", imagecodecs.png_encode(values))
    assert grey(path).tolist() == [[0, 255], [255, 127]]
    assert examine(path).facts.mode == "grey with transparency, 16 bit"


def test_jpegs_of_twelve_bits_and_without_loss_are_read(tmp_path: Path) -> None:
    twelve = written(tmp_path / "x.jpg", imagecodecs.jpeg8_encode(RAMP, level=98, bitspersample=12))
    lossless = written(tmp_path / "y.jpg", imagecodecs.ljpeg_encode(RAMP, bitspersample=12))
    expected = np.rint(RAMP * (255 / 4095))
    assert np.abs(grey(twelve) - expected).max() <= 2
    assert np.abs(grey(lossless) - expected).max() <= 1
    assert examine(twelve).facts.mode == "grey, 12 bit"


def test_planes_that_lie_apart_are_brought_together(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (3, 20, 30), np.uint8)
    path = as_tiff(tmp_path / "x.tif", values, photometric="rgb", planarconfig="separate", tile=(16, 16))
    assert (np.asarray(read_image(path)) == np.moveaxis(values, 0, 2)).all()


@pytest.mark.parametrize("compression", ["lzw", "zlib", "packbits", "zstd", "lzma"])
def test_compressed_tiffs_keep_every_value(tmp_path: Path, compression: str) -> None:
    values = np.random.default_rng(0).integers(0, 256, (70, 50, 3), np.uint8)
    path = as_tiff(tmp_path / "x.tif", values, photometric="rgb", compression=compression, rowsperstrip=16)
    assert (np.asarray(read_image(path)) == values).all()


def test_channels_that_are_no_colours_are_refused_in_words(tmp_path: Path) -> None:
    path = as_tiff(tmp_path / "x.tif", np.zeros((9, 9, 5), np.uint16), photometric="minisblack", planarconfig="contig")
    with pytest.raises(UnreadableImage, match="it has 5 channels, and Graft reads 1, or 3 as red, green and blue"):
        read_image(path)


def test_the_preview_in_a_raw_photo_is_not_taken_for_it(tmp_path: Path) -> None:
    path = as_tiff(tmp_path / "x.nef", np.zeros((9, 9), np.uint8), subfiletype=1)
    with pytest.raises(UnreadableImage, match="it is a raw photo, which Graft does not read"):
        read_image(path)


def test_the_first_page_is_read(tmp_path: Path) -> None:
    pages = np.stack([RAMP, RAMP[::-1]])
    assert (grey(as_tiff(tmp_path / "x.tif", pages)) == grey(as_tiff(tmp_path / "y.tif", RAMP))).all()


@pytest.mark.parametrize("kind", ["grey", "colour"])
def test_thumbnail_and_image_and_a_second_reading_agree(tmp_path: Path, kind: str) -> None:
    values = np.add.outer(np.arange(300), np.arange(400)).astype(np.uint16)
    path = as_tiff(tmp_path / "x.tif", values if kind == "grey" else np.stack([values] * 3, axis=2), photometric=None)
    image = read_image(path)
    assert image.tobytes() == read_image(path).tobytes()
    small = image.copy()
    small.thumbnail((64, 64))
    assert small.tobytes() == thumbnail(path, 64).tobytes()


def test_more_memory_than_one_image_may_take_is_refused(tmp_path: Path) -> None:
    path = as_tiff(tmp_path / "x.tif", np.zeros((1, 1)))
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        places = [file.pages.first.tags[tag].valueoffset for tag in (256, 257)]
    for place in places:
        content[place : place + 2] = (10_000).to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match="it would take 2384 MB to decode, and Graft gives at most 960"):
        read_image(path)
