"""Checks of an APK with the host `cpython`: its native libraries and its runtime."""

import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bgsvc_gen.doctor import Finding
from bgsvc_gen.doctor.android_manifest import BROKEN
from bgsvc_gen.errors import BgsvcGenError
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER, runtime_files
from bgsvc_gen.targets.android import AndroidPlan

LIBRARY: Final = "libbgsvc_python.so"
RUNTIME: Final = "assets/python/app/bgsvc"
PAGE: Final = 16 * 1024

_WIDE: Final = ("arm64-v8a", "x86_64")
"""The 64-bit ABIs, whose devices may have 16 KB pages."""
_LOADED: Final = 1
_MAX_HEADER_BYTES: Final = 64 * 1024
"""Bytes to read of an ELF file; its program headers are at the start."""


def check_apk(path: Path, plan: AndroidPlan) -> Iterator[Finding]:
    """Yield the faults of an APK, apart from its manifest, for the services of `plan`.

    With Chaquopy nothing can be compared, because its Gradle plugin compiles and packs Python.

    Raises:
        BgsvcGenError: The APK cannot be read.
    """
    if "cpython" not in plan.hosts:
        return
    try:
        with zipfile.ZipFile(path) as archive:
            faults = [*_check_libraries(archive), *_check_runtime(archive)]
    except BROKEN as error:
        raise BgsvcGenError(f"{path} is not a readable APK: {error}") from None
    for code, message, fix in faults:
        yield Finding(code, message, fix, str(path))


def _check_libraries(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    names = [name.split("/") for name in archive.namelist() if name.startswith("lib/")]
    inside = {(parts[1], parts[2]) for parts in names if len(parts) == len(("lib", "abi", "name"))}
    abis = sorted({abi for abi, _ in inside})
    fix = "name the generated CMakeLists.txt in externalNativeBuild, and put libpython in jniLibs"
    if not abis:
        yield ("DA013", f"the app has no native library, so {LIBRARY} is missing", fix)
    for abi in abis:
        of_abi = sorted(name for each, name in inside if each == abi)
        if LIBRARY not in of_abi:
            yield ("DA013", f"lib/{abi} has no {LIBRARY}", fix)
        if not any(name.startswith("libpython3") for name in of_abi):
            yield ("DA013", f"lib/{abi} has no libpython3", fix)
        if abi in _WIDE:
            yield from _check_alignment(archive, [f"lib/{abi}/{name}" for name in of_abi])


def _check_alignment(
    archive: zipfile.ZipFile, names: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    for name in names:
        with archive.open(name) as member:
            least = min(_alignments(member.read(_MAX_HEADER_BYTES)), default=PAGE)
        if least < PAGE:
            fix = "link it with -Wl,-z,max-page-size=16384, or use a build that is"
            yield ("DA014", f"{name} is aligned to {least} bytes, not {PAGE}", fix)


def _alignments(content: bytes) -> Iterator[int]:
    """Yield the alignments of the loaded segments of a 64-bit ELF file."""
    if not content.startswith(b"\x7fELF\x02"):
        return
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    for index in range(count):
        kind, *_, alignment = struct.unpack_from("<IIQQQQQQ", content, start + index * size)
        if kind == _LOADED:
            yield alignment


def _check_runtime(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    inside = set(archive.namelist())
    expected = {
        f"{RUNTIME}/{file.path.relative_to(RUNTIME_FOLDER)}": file.content
        for file in runtime_files()
    }
    wrong = [
        name
        for name, content in expected.items()
        if name not in inside or _read_member(archive, name, len(content)) != content
    ]
    if wrong:
        fix = f"run `bgsvc-gen android`, copy {RUNTIME_FOLDER} into the assets, and build again"
        message = f"{len(wrong)} runtime files differ from this bgsvc-gen's, such as {wrong[0]}"
        yield ("DA011", message, fix)


def _read_member(archive: zipfile.ZipFile, name: str, expected: int) -> bytes:
    """Return the member, or its first `expected + 1` bytes if it is longer."""
    with archive.open(name) as member:
        return member.read(expected + 1)
