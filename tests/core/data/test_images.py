import io
import os
import threading
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from core.data import images
from core.data.images import Framing, UnreadableImage, examine, printable, read_image, read_square, thumbnail
from tests.core.data.conftest import picture


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "tif", "jp2", "j2k", "avif"])
def test_every_format_is_read_as_rgb(tmp_path: Path, suffix: str) -> None:
    image = read_image(saved(Image.new("RGB", (9, 6), (200, 30, 60)), tmp_path / f"x.{suffix}"))
    assert (image.mode, image.size) == ("RGB", (9, 6))
    assert np.abs(np.asarray(image, int) - (200, 30, 60)).max() <= 8


def test_the_content_counts_not_the_suffix(tmp_path: Path) -> None:
    saved(Image.new("RGB", (9, 6)), tmp_path / "x.png").rename(tmp_path / "x.jpg")
    assert read_image(tmp_path / "x.jpg").size == (9, 6)


def test_photos_of_phones_are_read_where_their_library_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.new("RGB", (64, 48), (200, 30, 60))).save(tmp_path / "x.heic", quality=90)
    image = read_image(tmp_path / "x.heic")
    assert image.size == (64, 48)
    assert np.abs(np.asarray(image, int) - (200, 30, 60)).max() <= 8
    assert examine(tmp_path / "x.heic").facts.format == "HEIC"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_images_stand_upright_in_every_orientation(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = Image.new("RGB", (48, 32), "white")
    upright.paste("black", (0, 0, 24, 16))  # black in the upper left
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how the camera held it: the inverse of what the tag asks for
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(stored, tmp_path / f"x.{suffix}", exif=exif)
    for image in (read_image(path), thumbnail(path, 48)):
        assert image.size == (48, 32)
        grey = np.asarray(image.convert("L"))
        assert grey[4, 4] < 60 and min(grey[4, 44], grey[28, 4], grey[28, 44]) > 200
    facts = examine(path)
    assert (facts.width_px, facts.height_px) == (48, 32)


def test_a_turned_jpeg_that_is_decoded_at_a_fraction_keeps_its_full_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = examine(saved(picture(0, (3000, 2000)), tmp_path / "x.jpg", exif=exif))
    assert (facts.width_px, facts.height_px) == (2000, 3000)


def test_transparent_pixels_show_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    for name, image, options in (
        ("rgba", clear, {}),
        ("la", clear.convert("LA"), {}),
        ("palette", palette, {"transparency": 1}),
        ("bytes", palette, {"transparency": bytes([255, 0])}),
    ):
        path = saved(image, tmp_path / f"{name}.png", **options)
        assert read_image(path).getpixel((1, 1)) == (255, 255, 255), name


def test_half_transparent_pixels_are_mixed_with_white(tmp_path: Path) -> None:
    path = saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), tmp_path / "x.png")
    assert read_image(path).getpixel((1, 1)) == (127, 127, 127)


def test_cmyk_is_read_in_its_colours(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (16, 16), (230, 20, 30)).convert("CMYK"), tmp_path / "x.jpg", quality=95)
    assert np.abs(np.asarray(read_image(path), int)[8, 8] - (230, 20, 30)).max() < 12


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled_from_the_darkest_to_the_brightest_pixel(tmp_path: Path, suffix: str) -> None:
    values = np.array([[1000, 2000], [3000, 5000]], np.uint16)
    grey = np.asarray(read_image(saved(Image.fromarray(values), tmp_path / f"x.{suffix}")))
    assert grey[..., 0].tolist() == [[0, 64], [128, 255]]
    assert (grey == grey[..., :1]).all()


def test_floats_are_scaled_and_what_is_no_number_is_black(tmp_path: Path) -> None:
    values = np.array([[-1.0, 0.0], [np.nan, 1.0], [np.inf, -np.inf]], np.float32)
    grey = np.asarray(read_image(saved(Image.fromarray(values), tmp_path / "x.tif")))[..., 0]
    assert grey.tolist() == [[0, 128], [0, 255], [0, 0]]


def test_a_flat_sixteen_bit_image_is_black(tmp_path: Path) -> None:
    path = saved(Image.fromarray(np.full((3, 3), 700, np.uint16)), tmp_path / "x.png")
    assert np.asarray(read_image(path)).max() == 0


def test_of_several_frames_the_first_is_read(tmp_path: Path) -> None:
    red, blue = Image.new("RGB", (4, 4), "red"), Image.new("RGB", (4, 4), "blue")
    for suffix in ("gif", "png", "tif", "webp", "avif"):
        path = saved(red, tmp_path / f"x.{suffix}", save_all=True, append_images=[blue])
        red_value, _, blue_value = read_image(path).getpixel((2, 2))  # type: ignore[misc]
        assert red_value > 200 and blue_value < 60, suffix


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "tif", "jp2", "j2k", "avif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_off_is_not_half_a_picture(tmp_path: Path, suffix: str, share: float) -> None:
    path = saved(picture(0, (120, 90)), tmp_path / f"x.{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    for read in (read_image, examine):
        with pytest.raises(UnreadableImage, match=r"“x\.\w+” cannot be read: .*(cut off|damaged)"):
            read(path)


def test_the_pixel_limit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(Image.new("1", (13000, 10000)), tmp_path / "x.png")
    with pytest.raises(UnreadableImage, match="13000 × 10000 pixels, and Graft reads at most 120 million"):
        read_image(path)


def test_warnings_of_pillow_do_not_leak_not_even_from_threads(tmp_path: Path) -> None:
    content = io.BytesIO()
    picture(0).save(content, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0broken")
    path = tmp_path / "x.jpg"
    path.write_bytes(content.getvalue())
    with pytest.warns(UserWarning, match="EXIF"), Image.open(path) as image:
        image.getexif()  # Pillow itself does warn about this file
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=read_image, args=(path,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not caught


def test_pillow_is_left_as_it_was(tmp_path: Path) -> None:
    from PIL import ImageFile

    read_image(saved(picture(0), tmp_path / "x.png"))
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS == 89_478_485


def test_a_thumbnail_is_the_same_picture_small(tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize((800, 400)).convert("RGB")
    path = saved(image, tmp_path / "x.jpg", quality=95)
    small = thumbnail(path, 100)
    assert small.size == (100, 50)
    whole = read_image(path).resize((100, 50), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(small, int) - np.asarray(whole, int)).max() <= 4


def test_a_small_image_is_not_enlarged_in_its_thumbnail(tmp_path: Path) -> None:
    assert thumbnail(saved(picture(0), tmp_path / "x.png"), 100).size == (16, 12)


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64), (31, 17), (257, 256)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_crop_does_what_resize_and_then_centre_crop_do(size: tuple[int, int], interpolation: str) -> None:
    image = picture(1, size)
    shorter, longer = sorted(size)
    scaled = [64 if side == shorter else 64 * longer // shorter for side in size]
    resampling = getattr(Image.Resampling, interpolation.upper())
    left, top = (round((side - 64) / 2) for side in scaled)
    expected = image.resize((scaled[0], scaled[1]), resampling).crop((left, top, left + 64, top + 64))
    result = Framing(56, 64, "crop", interpolation).apply(image)  # type: ignore[arg-type]
    assert result.dtype == np.uint8
    assert np.abs(result.astype(int) - np.asarray(expected, int)).max() <= 1


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(1601, 1203), (700, 2050)])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_large_jpeg_becomes_the_same_square_at_a_fraction(
    tmp_path: Path, fit: Literal["crop", "pad"], size: tuple[int, int], orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(picture(2, (16, 12)).resize(size, Image.Resampling.BICUBIC), tmp_path / "x.jpg", exif=exif, quality=95)
    framing = Framing(56, 64, fit)
    whole = framing.apply(read_image(path)).astype(int)
    difference = np.abs(read_square(path, framing).astype(int) - whole)
    assert difference.mean() < 1
    assert np.abs(np.roll(whole, 1, axis=1) - whole).mean() > 4  # a pixel aside would be seen


def test_pad_keeps_the_whole_image_inside_the_square_that_is_seen() -> None:
    square = Framing(56, 64, "pad").apply(Image.new("RGB", (200, 100), "red"))
    assert square.shape == (64, 64, 3)
    red = (square == (255, 0, 0)).all(axis=2)
    rows, columns = np.nonzero(red)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (18, 45, 4, 59)
    assert (square[~red] == 128).all()


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(1, 20000), (20000, 1), (1, 1)])
def test_extreme_shapes_are_framed(fit: str, size: tuple[int, int]) -> None:
    assert Framing(224, 256, fit).apply(Image.new("RGB", size)).shape == (256, 256, 3)  # type: ignore[arg-type]


def test_writing_in_the_returned_pixels_is_allowed() -> None:
    image = picture(0)
    before = image.tobytes()
    square = Framing(16, 16).apply(image)
    square[0, 0] = (1, 2, 3)
    assert square[0, 0].tolist() == [1, 2, 3]
    assert image.tobytes() == before


def test_names_are_printable_in_messages() -> None:
    assert printable("a\nb") == r"a\nb"
    assert printable("gnp.\u202eexe") == r"gnp.\u202eexe"
    assert printable(os.fsdecode(b"caf\xe9")) == r"caf\xe9"
    assert printable("Käfer 🐞 المرجع") == "Käfer 🐞 المرجع"


def test_the_file_limit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "FILE_LIMIT_MB", 0)
    with pytest.raises(UnreadableImage, match="the file is larger than 0 MB"):
        read_image(saved(picture(0), tmp_path / "x.png"))
