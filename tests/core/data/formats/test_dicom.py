"""DICOM: the greys that the file asks for, what it is compressed with, and that patient data goes nowhere."""

import io
import logging
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.data.images import UnreadableImage, examine, holds_dicom, read_image, thumbnail

CT = np.array([[0, 1000], [1040, 1080], [1500, 3000]], np.uint16)


def dataset(values: NDArray[Any], **more: object) -> FileDataset:
    """Return a picture of one frame; `more` are values by their DICOM keyword."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3")
    file = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3"
    file.Rows, file.Columns = values.shape[:2]
    file.SamplesPerPixel = values.shape[2] if values.ndim == 3 else 1
    file.PhotometricInterpretation = "RGB" if values.ndim == 3 else "MONOCHROME2"
    if values.ndim == 3:
        file.PlanarConfiguration = 0
    file.BitsAllocated = 8 * values.dtype.itemsize
    file.BitsStored, file.HighBit = file.BitsAllocated, file.BitsAllocated - 1
    file.PixelRepresentation = int(values.dtype.kind == "i")
    file.PixelData = values.tobytes()
    for name, value in more.items():
        setattr(file, name, value)
    return file


def saved(file: FileDataset, path: Path) -> Path:
    file["PixelData"].VR = "OW" if file.BitsAllocated > 8 else "OB"
    file.save_as(path, enforce_file_format=True)
    return path


def grey(path: Path) -> NDArray[np.int64]:
    return np.asarray(read_image(path), np.int64)[..., 0]


def test_the_window_says_what_is_black_and_white(tmp_path: Path) -> None:
    path = saved(
        dataset(CT, RescaleSlope=1, RescaleIntercept=-1000, WindowCenter=40.5, WindowWidth=81), tmp_path / "x.dcm"
    )
    assert grey(path).tolist() == [[0, 0], [128, 255], [255, 255]]
    facts = examine(path).facts
    assert (facts.format, facts.mode, facts.low, facts.high) == ("DICOM", "grey, 16 bit", 0, 80)


def test_of_several_windows_the_first_counts(tmp_path: Path) -> None:
    file = dataset(CT, WindowCenter=[1040.5, 9], WindowWidth=[81, 2])
    assert grey(saved(file, tmp_path / "x.dcm")).tolist() == [[0, 0], [128, 255], [255, 255]]


def test_an_exact_window_is_not_narrowed_by_half_a_step(tmp_path: Path) -> None:
    file = dataset(CT, WindowCenter=1040, WindowWidth=80, VOILUTFunction="LINEAR_EXACT")
    assert grey(saved(file, tmp_path / "x.dcm")).tolist() == [[0, 0], [128, 255], [255, 255]]


def test_monochrome1_is_white_where_it_is_zero(tmp_path: Path) -> None:
    file = dataset(CT, PhotometricInterpretation="MONOCHROME1", WindowCenter=1040.5, WindowWidth=81)
    assert grey(saved(file, tmp_path / "x.dcm")).tolist() == [[255, 255], [127, 0], [0, 0]]


def test_without_a_window_it_is_scaled_as_any_deep_image(tmp_path: Path) -> None:
    path = saved(dataset(CT), tmp_path / "x.dcm")
    assert grey(path).tolist() == [[0, 85], [88, 92], [128, 255]]
    assert (examine(path).facts.low, examine(path).facts.high) == (0, 3000)


def test_padding_around_the_picture_does_not_count_and_is_black(tmp_path: Path) -> None:
    values = np.array([[-2000, -1000], [0, 1000]], np.int16)
    file = dataset(values, PixelPaddingValue=-2000, RescaleSlope=2, RescaleIntercept=5)
    assert grey(saved(file, tmp_path / "x.dcm")).tolist() == [[0, 0], [128, 255]]


def test_eight_bits_stay_as_they_are(tmp_path: Path) -> None:
    values = np.array([[60, 100], [120, 180]], np.uint8)
    path = saved(dataset(values), tmp_path / "x.dcm")
    assert grey(path).tolist() == values.tolist()


def test_a_table_of_greys_is_applied(tmp_path: Path) -> None:
    file = dataset(np.array([[0, 1], [2, 3]], np.uint16))
    table = pydicom.Dataset()
    table.LUTDescriptor = [4, 0, 16]
    table.add_new("LUTData", "US", [0, 60000, 30000, 6000])
    file.VOILUTSequence = [table]
    assert grey(saved(file, tmp_path / "x.dcm")).tolist() == [[0, 255], [128, 26]]


def test_colours_are_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    assert (np.asarray(read_image(saved(dataset(values), tmp_path / "x.dcm"))) == values).all()
    planes = dataset(values, PlanarConfiguration=1, PixelData=np.moveaxis(values, 2, 0).tobytes())
    assert (np.asarray(read_image(saved(planes, tmp_path / "y.dcm"))) == values).all()


def test_luminance_and_chrominance_become_colours(tmp_path: Path) -> None:
    values = np.full((4, 4, 3), (76, 85, 255), np.uint8)  # red
    path = saved(dataset(values, PhotometricInterpretation="YBR_FULL"), tmp_path / "x.dcm")
    assert np.abs(np.asarray(read_image(path), int)[1, 1] - (255, 0, 0)).max() <= 2


def test_a_palette_is_applied(tmp_path: Path) -> None:
    file = dataset(np.array([[0, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for name, data in (("Red", [0, 65535]), ("Green", [65535, 0]), ("Blue", [0, 0])):
        setattr(file, f"{name}PaletteColorLookupTableDescriptor", [2, 0, 16])
        file[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(file, f"{name}PaletteColorLookupTableData", np.array(data, np.uint16).tobytes())
    assert np.asarray(read_image(saved(file, tmp_path / "x.dcm"))).tolist() == [[[0, 255, 0], [255, 0, 0]]]


def test_of_several_frames_the_first_is_read(tmp_path: Path) -> None:
    frames = np.stack([CT, CT[::-1]])
    file = dataset(CT, NumberOfFrames=2, PixelData=frames.tobytes())
    assert grey(saved(file, tmp_path / "x.dcm")).tolist() == grey(saved(dataset(CT), tmp_path / "y.dcm")).tolist()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_every_way_of_writing_it_plainly_is_read(tmp_path: Path, syntax: pydicom.uid.UID) -> None:
    expected = grey(saved(dataset(CT), tmp_path / "x.dcm"))
    file = dataset(CT)
    file.file_meta.TransferSyntaxUID = syntax
    file["PixelData"].VR = "OW"
    file.save_as(tmp_path / "y.dcm", enforce_file_format=True)
    assert grey(tmp_path / "y.dcm").tolist() == expected.tolist()


def test_a_large_picture_is_read_whether_it_is_deflated_or_not(tmp_path: Path) -> None:
    values = np.add.outer(np.arange(300), np.arange(400)).astype(np.uint16)  # too large to be read ahead of time
    expected = np.rint(values * (255 / 698))
    file = dataset(values)
    assert np.abs(grey(saved(file, tmp_path / "x.dcm")) - expected).max() <= 4
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert grey(saved(file, tmp_path / "y.dcm")).tolist() == grey(tmp_path / "x.dcm").tolist()


def test_a_deflated_bomb_is_refused(tmp_path: Path) -> None:
    file = dataset(CT)
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = saved(file, tmp_path / "x.dcm").read_bytes()
    plain = 144 + int.from_bytes(whole[140:144], "little")
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    zeros = b"".join(packer.compress(bytes(2**24)) for _ in range(20)) + packer.flush()
    (tmp_path / "x.dcm").write_bytes(whole[:plain] + zeros)
    with pytest.raises(UnreadableImage, match="it takes more than 256 MB when it is inflated"):
        read_image(tmp_path / "x.dcm")


Encode = Callable[[NDArray[Any]], bytes | bytearray]


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEG2000Lossless, lambda values: imagecodecs.jpeg2k_encode(values, reversible=True, codecformat="j2k")),
        (JPEGLosslessSV1, lambda values: imagecodecs.ljpeg_encode(values)),
        (JPEGLSLossless, lambda values: imagecodecs.jpegls_encode(values)),
    ],
)
def test_frames_that_are_compressed_without_loss_keep_every_value(
    tmp_path: Path, syntax: pydicom.uid.UID, encode: Encode
) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (40, 60)).astype(np.uint16)
    expected = grey(saved(dataset(values), tmp_path / "x.dcm"))
    file = dataset(values, PixelData=encapsulate([bytes(encode(values))]))
    file.file_meta.TransferSyntaxUID = syntax
    file["PixelData"].is_undefined_length = True
    assert grey(saved(file, tmp_path / "y.dcm")).tolist() == expected.tolist()


def test_run_lengths_are_read(tmp_path: Path) -> None:
    values = np.repeat(np.arange(60, dtype=np.uint16), 10).reshape(20, 30)
    expected = grey(saved(dataset(values), tmp_path / "x.dcm"))
    file = dataset(values)
    file.compress(RLELossless)
    file.save_as(tmp_path / "y.dcm")
    assert grey(tmp_path / "y.dcm").tolist() == expected.tolist()


def test_a_compressed_colour_frame_is_read(tmp_path: Path) -> None:
    values = np.full((16, 16, 3), (200, 40, 60), np.uint8)
    file = dataset(
        values,
        PixelData=encapsulate([bytes(imagecodecs.jpeg8_encode(values, level=95))]),
        PhotometricInterpretation="YBR_FULL_422",
    )
    file.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    file["PixelData"].is_undefined_length = True
    pixels = np.asarray(read_image(saved(file, tmp_path / "x.dcm")), int)
    assert np.abs(pixels - values).max() <= 4


def test_signed_values_keep_their_sign_when_compressed(tmp_path: Path) -> None:
    values = np.array([[-1000, 0, 1000, 500]] * 4, np.int16)
    stored = (values & 0xFFF).astype(np.uint16)
    file = dataset(
        values, PixelData=encapsulate([bytes(imagecodecs.ljpeg_encode(stored, bitspersample=12))]), BitsStored=12
    )
    file.HighBit = 11
    file.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    file["PixelData"].is_undefined_length = True
    assert grey(saved(file, tmp_path / "x.dcm"))[0].tolist() == [0, 128, 255, 191]


def test_a_film_is_refused_in_words(tmp_path: Path) -> None:
    file = dataset(CT, PixelData=encapsulate([b"\0\0\1\xb3" + bytes(60)]))
    file.file_meta.TransferSyntaxUID = MPEG2MPML
    file["PixelData"].is_undefined_length = True
    with pytest.raises(UnreadableImage, match="its compression is one that Graft does not read"):
        read_image(saved(file, tmp_path / "x.dcm"))


def test_the_content_counts_not_the_suffix_nor_the_beginning(tmp_path: Path) -> None:
    whole = saved(dataset(CT), tmp_path / "IM0001").read_bytes()
    expected = grey(tmp_path / "IM0001").tolist()
    assert holds_dicom(tmp_path / "IM0001")
    (tmp_path / "x.jpg").write_bytes(whole[132:])  # without the 128 bytes and the word
    assert grey(tmp_path / "x.jpg").tolist() == expected
    bare = io.BytesIO()
    file = dataset(CT)
    del file.file_meta
    file["PixelData"].VR = "OW"
    file.save_as(bare, implicit_vr=True, little_endian=True)
    (tmp_path / "y").write_bytes(bare.getvalue())
    assert holds_dicom(tmp_path / "y")
    assert grey(tmp_path / "y").tolist() == expected
    (tmp_path / "z").write_bytes(b"no DICOM")
    assert not holds_dicom(tmp_path / "z")
    assert not holds_dicom(tmp_path)


def test_a_report_holds_no_picture(tmp_path: Path) -> None:
    file = dataset(CT)
    del file.PixelData
    file.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    with pytest.raises(UnreadableImage, match="it is a DICOM file without a picture"):
        read_image(tmp_path / "x.dcm")


def test_kinds_of_personal_data_are_named_but_no_value_is_kept(tmp_path: Path) -> None:
    file = dataset(CT, PatientName="Doe^Jane", PatientID="4711", OperatorsName="Smith", DeviceSerialNumber="S99")
    file.AcquisitionDate, file.AcquisitionTime = "20240501", "123456.789"
    file.Manufacturer, file.ManufacturerModelName = "ACME", "Scan 3"
    facts = examine(saved(file, tmp_path / "x.dcm")).facts
    assert facts.personal == ("serial number", "patient data", "names of staff")
    assert (facts.captured, facts.camera) == ("2024-05-01T12:34:56", "ACME Scan 3")
    assert not any(secret in facts.to_json() for secret in ("Doe", "Jane", "4711", "Smith", "S99"))


def test_odd_values_are_neither_printed_nor_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = saved(dataset(CT, PatientBirthDate="19700101", PatientID="4711"), tmp_path / "x.dcm")
    path.write_bytes(path.read_bytes().replace(b"19700101", b"SECRET!!"))
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        examine(path)
    assert not caught
    assert "SECRET" not in caplog.text and "4711" not in caplog.text


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_cut_file_is_unreadable(tmp_path: Path, share: float) -> None:
    whole = saved(dataset(np.tile(CT, (20, 30))), tmp_path / "x.dcm").read_bytes()
    (tmp_path / "x.dcm").write_bytes(whole[: int(len(whole) * share)])
    for read in (read_image, examine):
        with pytest.raises(UnreadableImage, match=r"cut off|damaged"):
            read(tmp_path / "x.dcm")


def test_a_thumbnail_is_the_same_picture_small(tmp_path: Path) -> None:
    path = saved(dataset(np.add.outer(np.arange(300), np.arange(200)).astype(np.uint16)), tmp_path / "x.dcm")
    small = read_image(path)
    small.thumbnail((50, 50))
    assert small.tobytes() == thumbnail(path, 50).tobytes()
