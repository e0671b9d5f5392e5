"""Telling a file by how it begins: the content counts, not the suffix."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".jp2", ".j2k"}
    | {".j2c", ".jpc", ".jpf", ".jpx", ".avif", ".dcm", ".dicom"}
)
FOREIGN_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".jxl", ".eps", ".psd", ".svg", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf"}
    | {".rw2", ".exr", ".czi", ".nd2", ".lif"}
)
"""Image files that are not read. They are listed with that reason, so that none is passed over in silence. HEIC is read
where pillow-heif is installed."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_VALUE_KINDS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT OB OF OW PN SH SL SQ SS ST TM UI UL UN US UT".split())
_MEANINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%!PS", "it is an EPS drawing"),
    (0, b"\xc5\xd0\xd3\xc6", "it is an EPS drawing"),
    (0, b"%PDF", "it is a PDF document"),
    (0, b"8BPS", "it is a Photoshop file"),
    (0, b"PK\x03\x04", "it is a ZIP archive"),
    (0, b"\x1f\x8b", "it is a compressed archive"),
    (0, b"\xff\x0a", "it is a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "it is a JPEG XL image"),
    (0, b"\x76\x2f\x31\x01", "it is an OpenEXR image"),
    (0, b"ZISRAWFILE", "it is a Zeiss microscope file"),
    (0, b"FUJIFILMCCD-RAW", "it is a raw photo"),
    (4, b"ftypcrx", "it is a raw photo"),
    (4, b"ftyp", "it is a video or an image of a kind"),
)
_READ = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"GIF8", *_TIFF, *_JPEG_2000)
_MEANING_BYTES = 512
_JPEG_LOSSLESS = frozenset({0xC3, 0xF7})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_JPEG_ALONE = frozenset({0x01, 0xFF, *range(0xD0, 0xD9)})
"""Markers that no length follows."""

NOT_READ = "it is not a JPEG, PNG, WebP, BMP, GIF, TIFF, JPEG 2000, AVIF or DICOM image"


def is_tiff(content: bytes) -> bool:
    """Return whether the content is a TIFF file, also one of over 4 GB (BigTIFF)."""
    return content.startswith(_TIFF)


def is_deep_png(content: bytes) -> bool:
    """Return whether the content is a PNG of 16 bits a channel, of which Pillow drops half."""
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and content[24:25] == b"\x10"


def is_jpeg_2000(content: bytes) -> bool:
    """Return whether the content is a JPEG 2000 file or bare code stream."""
    return content.startswith(_JPEG_2000)


def jpeg_frame(content: bytes) -> tuple[int, int, int, int] | None:
    """Return the kind of process (the second byte of its marker), bits, height and width that a JPEG states.

    None if it states none; height may be 0.
    """
    position = _jpeg_frame_at(content)
    if position is None:
        return None
    height, width = (int.from_bytes(content[at : at + 2]) for at in (position + 5, position + 7))
    return content[position + 1], content[position + 4], height, width


def before_jpeg_frame(content: bytes) -> bytes:
    """Return the beginning of a JPEG, where cameras and programs write of themselves."""
    return content[: _jpeg_frame_at(content) or 0]


def _jpeg_frame_at(content: bytes) -> int | None:
    position = 2
    while content[position : position + 1] == b"\xff" and position + 9 <= len(content):
        kind = content[position + 1]
        if kind in _JPEG_FRAMES:
            return position
        position += 1 if kind == 0xFF else 2
        if kind not in _JPEG_ALONE:
            position += int.from_bytes(content[position : position + 2])
    return None


def is_deep_jpeg(content: bytes) -> bool:
    """Return whether the content is a JPEG of other than 8 bits, or without loss, which Pillow does not open."""
    frame = jpeg_frame(content) if content.startswith(b"\xff\xd8\xff") else None
    return frame is not None and (frame[0] in _JPEG_LOSSLESS or frame[1] != 8)


def is_dicom(content: bytes) -> bool:
    """Return whether the content is DICOM: with its 128 bytes in front, or bare, as old machines write it."""
    if content[128:132] == b"DICM":
        return True
    group, element = content[:2], content[2:4]
    if group not in (b"\x02\0", b"\x08\0") or element[1:] != b"\0":
        return False
    return content[4:6] in _VALUE_KINDS or int.from_bytes(content[4:8], "little") <= 64


def is_heic(content: bytes) -> bool:
    """Return whether the content is a HEIC image."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS and b"avif" not in content[8:48]


def meaning(content: bytes) -> str:
    """Return in half a sentence what a file is that no decoder knew."""
    for offset, signature, words in _MEANINGS:
        if content[offset : offset + len(signature)] == signature and b"avif" not in content[8:48]:
            return f"{words}, which Graft does not read"
    if content.startswith(_READ) or b"ftypavi" in content[4:12]:
        return "the file is cut off or damaged"
    start = content[:_MEANING_BYTES].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "it is a web page, not an image"
    if start.startswith((b"<svg", b"<?xml")):
        return "it is a drawing or a text, not a photo"
    if all(32 <= byte < 127 or byte in b"\t\r\n\f" for byte in start):
        return "it is text, not an image"
    return NOT_READ
