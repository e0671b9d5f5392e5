"""What a file says about its making: when, with which camera, and which kinds of personal data, never their values."""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from PIL import Image

from core.data.formats.pixels import Metadata

if TYPE_CHECKING:
    from pydicom import Dataset

GPS, OWNER, SERIAL = "GPS position", "owner’s name", "serial number"
PATIENT, STAFF = "patient data", "names of staff"

_MAKE, _MODEL, _ARTIST, _COPYRIGHT, _WINDOWS_AUTHOR = 0x010F, 0x0110, 0x013B, 0x8298, 0x9C9D
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _DIGITISED, _OWNER, _BODY_SERIAL, _LENS_SERIAL = 0x9003, 0x9004, 0xA430, 0xA431, 0xA435
_LATITUDE, _LONGITUDE = 2, 4
_IPTC = 0x0404
_IPTC_NAMES = (b"\x1c\x02\x50", b"\x1c\x02\x7a", b"\x1c\x02\x74")  # by-line, writer, copyright
_XMP_KINDS = (
    (re.compile(rb"GPSLatitude"), GPS),
    (
        re.compile(rb"dc:creator|dc:rights|OwnerName|AuthorsPosition|CreatorContactInfo|PersonInImage|mwg-rs:Name"),
        OWNER,
    ),
    (re.compile(rb"SerialNumber"), SERIAL),
)
_TEXT_OF_NAMES = frozenset({"author", "artist", "copyright", "creator"})
_DICOM_KINDS = (
    (PATIENT, ("PatientName", "PatientID", "PatientBirthDate", "PatientAddress", "OtherPatientIDs", "AccessionNumber")),
    (
        STAFF,
        ("ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName", "InstitutionName"),
    ),
    (SERIAL, ("DeviceSerialNumber",)),
)

# What Pillow raises on EXIF that is damaged; such a file still is a picture.
EXIF_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)


def of_picture(exif: Image.Exif, info: Mapping[str | tuple[int, int], object]) -> Metadata:
    """Return what EXIF, XMP, IPTC and texts of a picture say. Whatever is damaged is passed over."""
    if not exif:
        return Metadata(personal=_ordered(_in_texts(info)))
    inner, gps = _part(exif, _EXIF_IFD), _part(exif, _GPS_IFD)
    kinds = [
        *_named(exif, {_ARTIST: OWNER, _COPYRIGHT: OWNER, _WINDOWS_AUTHOR: OWNER}),
        *_named(inner, {_OWNER: OWNER, _BODY_SERIAL: SERIAL, _LENS_SERIAL: SERIAL}),
        *_named(gps, {_LATITUDE: GPS, _LONGITUDE: GPS}),
        *_in_texts(info),
    ]
    captured = _moment(inner.get(_TAKEN)) or _moment(inner.get(_DIGITISED))
    return Metadata(captured, _camera(exif.get(_MAKE), exif.get(_MODEL)), _ordered(kinds))


def of_dicom(header: "Dataset") -> Metadata:
    """Return what a DICOM header says."""
    kinds = [kind for kind, names in _DICOM_KINDS if any(str(header.get(name) or "").strip() for name in names)]
    day, time = str(header.get("AcquisitionDate") or ""), str(header.get("AcquisitionTime") or "")
    whole = str(header.get("AcquisitionDateTime") or "") or day + (time or "000000")
    camera = _camera(header.get("Manufacturer"), header.get("ManufacturerModelName"))
    return Metadata(_moment(whole[:14], "%Y%m%d%H%M%S"), camera, _ordered(kinds))


def _part(exif: Image.Exif, tag: int) -> Mapping[int, object]:
    try:
        return exif.get_ifd(tag)
    except EXIF_ERRORS:
        return {}


def _named(tags: Mapping[int, object], meanings: Mapping[int, str]) -> Iterator[str]:
    return (meaning for tag, meaning in meanings.items() if _says_something(tags.get(tag)))


def _says_something(value: object) -> bool:
    if isinstance(value, bytes):
        return bool(value.strip(b"\0 "))
    if isinstance(value, tuple):
        return any(map(_says_something, value))
    return bool(str(value).strip("\0 0.")) and value is not None


def _in_texts(info: Mapping[str | tuple[int, int], object]) -> Iterator[str]:
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    packet = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
    if isinstance(packet, bytes):
        yield from (kind for pattern, kind in _XMP_KINDS if pattern.search(packet))
    photoshop = info.get("photoshop")
    iptc = photoshop.get(_IPTC) if isinstance(photoshop, dict) else b""
    if isinstance(iptc, bytes) and any(mark in iptc for mark in _IPTC_NAMES):
        yield OWNER
    if any(isinstance(key, str) and key.lower() in _TEXT_OF_NAMES and value for key, value in info.items()):
        yield OWNER


def _ordered(kinds: Iterable[str]) -> tuple[str, ...]:
    found = set(kinds)
    return tuple(kind for kind in (GPS, OWNER, SERIAL, PATIENT, STAFF) if kind in found)


def _moment(value: object, form: str = "%Y:%m:%d %H:%M:%S") -> str:
    """Return a time as ISO text, or nothing if it is none, as cameras without a clock write it."""
    try:
        return datetime.strptime(str(value).strip("\0 "), form).isoformat(timespec="seconds")
    except ValueError:
        return ""


def _camera(make: object, model: object) -> str:
    """Return make and model, the make once: many models begin with it."""
    first, second = (_line(word) for word in (make, model))
    return second if second.lower().startswith(first.lower()) else f"{first} {second}".strip()


def _line(value: object) -> str:
    text = value.strip("\0 \t\r\n") if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable())[:80]
