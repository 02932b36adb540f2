"""Reading Android manifests, as text or in binary form, in an APK or as a file."""

import struct
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bgsvc_gen.errors import BgsvcGenError

NAMESPACE: Final = "{http://schemas.android.com/apk/res/android}"
MANIFEST: Final = "AndroidManifest.xml"

MAX_MANIFEST_BYTES: Final = 16 * 2**20
"""Bytes; a larger file is not a manifest, and is not read."""

BROKEN: Final = (
    *(ET.ParseError, struct.error, zipfile.BadZipFile, zlib.error, EOFError),
    # An encrypted archive, and an unknown compression method.
    *(RuntimeError, NotImplementedError),
    *(LookupError, OSError, ValueError),
)
"""Exceptions that a damaged file can cause."""

_BUNDLE: Final = "BundleConfig.pb"
_FILE, _POOL, _START, _END = 0x0003, 0x0001, 0x0102, 0x0103
_UTF_8: Final = 0x100
_STRING, _REFERENCE, _DECIMAL, _HEX, _BOOLEAN = 0x03, 0x01, 0x10, 0x11, 0x12
_NOTHING: Final = 0xFFFFFFFF
_LEAST: Final = 8
_ATTRIBUTE: Final = 20


def read_manifest(path: Path) -> ET.Element:
    """Return the manifest at `path`: an XML file of either form, or an APK.

    Attributes of Android's namespace are named as ElementTree does, numbers are decimal.

    Raises:
        BgsvcGenError: There is none, or it cannot be read.
    """
    try:
        content = _content(path)
        if content[:2] == struct.pack("<H", _FILE):
            return _Binary(content).root()
        return ET.fromstring(content)  # noqa: S314 - the user's own app, and no entities outside it
    except BROKEN as error:
        reason = f"{type(error).__name__}: {error}" if isinstance(error, LookupError) else error
        hint = "name an APK, or the merged AndroidManifest.xml below build/intermediates"
        raise BgsvcGenError(f"{path} contains no readable manifest: {reason}", hint) from None


def _content(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ValueError(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        if _BUNDLE in archive.namelist():
            raise ValueError("an app bundle has it in another form than an APK")
        if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
            raise ValueError(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
        # The header may state a smaller size than the data has.
        with archive.open(MANIFEST) as member:
            return member.read(MAX_MANIFEST_BYTES)


class _Binary:
    """A file of `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`'s XML chunks."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._texts: list[str] = []

    def root(self) -> ET.Element:
        """Return the document's element."""
        open_elements: list[ET.Element] = []
        for kind, header, at in self._chunks():
            if kind == _POOL:
                self._texts = list(_pool(self._content[at:]))
            elif kind == _START:
                element = self._element(at + header)
                if open_elements:
                    open_elements[-1].append(element)
                open_elements.append(element)
            elif kind == _END:
                element = open_elements.pop()
                if not open_elements:
                    return element
        raise ValueError("the document has no end")

    def _chunks(self) -> Iterator[tuple[int, int, int]]:
        at = struct.unpack_from("<H", self._content, 2)[0]
        while at < len(self._content):
            kind, header, size = struct.unpack_from("<HHI", self._content, at)
            if size < header or header < _LEAST:
                raise ValueError("a chunk is smaller than its header")
            yield kind, header, at
            at += size

    def _element(self, at: int) -> ET.Element:
        _, name, start, size, count = struct.unpack_from("<IIHHH", self._content, at)
        if count and (size < _ATTRIBUTE or at + start + size * count > len(self._content)):
            raise ValueError("an element has more attributes than there is room for")
        element = ET.Element(self._texts[name])
        for index in range(count):
            place = at + start + index * size
            space, key, raw, _, kind, value = struct.unpack_from("<IIIHxBI", self._content, place)
            prefix = "" if space == _NOTHING else f"{{{self._texts[space]}}}"
            element.set(prefix + self._texts[key], self._value(kind, value, raw))
        return element

    def _value(self, kind: int, value: int, raw: int) -> str:
        if kind == _STRING or raw != _NOTHING:
            return self._texts[value if kind == _STRING else raw]
        if kind == _BOOLEAN:
            return "true" if value else "false"
        if kind == _REFERENCE:
            return f"@0x{value:08x}"
        if kind in {_DECIMAL, _HEX}:
            return str(value)
        return f"0x{value:08x}"


def _pool(chunk: bytes) -> Iterator[str]:
    count, _, flags, start = struct.unpack_from("<4I", chunk, 8)
    is_utf_8 = bool(flags & _UTF_8)
    for offset in struct.unpack_from(f"<{count}I", chunk, 28):
        at = start + offset
        if is_utf_8:
            _, at = _length(chunk, at, 1)
        size, at = _length(chunk, at, 1 if is_utf_8 else 2)
        content = chunk[at : at + (size if is_utf_8 else size * 2)]
        # UTF-8 pools encode a supplementary character as two surrogates.
        text = content.decode("utf-8" if is_utf_8 else "utf-16-le", "surrogatepass")
        yield text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _length(chunk: bytes, at: int, width: int) -> tuple[int, int]:
    """Return a length of one or two units of `width` bytes, and where it ends."""
    top = 0x80 if width == 1 else 0x8000
    first = int.from_bytes(chunk[at : at + width], "little")
    if first < top:
        return first, at + width
    second = int.from_bytes(chunk[at + width : at + 2 * width], "little")
    return (first - top) << (8 * width) | second, at + 2 * width
