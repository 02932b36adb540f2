"""Checks of an Android app on disk: its merged manifests, Gradle files and runtime."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bgsvc_gen.doctor import Finding
from bgsvc_gen.doctor.android import check_manifest
from bgsvc_gen.doctor.android_apk import check_apk
from bgsvc_gen.doctor.android_manifest import MANIFEST, read_manifest
from bgsvc_gen.errors import BgsvcGenError
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER, runtime_files
from bgsvc_gen.targets.android import AndroidPlan

MERGED: Final = ("merged_manifests", "merged_manifest", "packaged_manifests")
"""Folders below `build/intermediates` where the Android Gradle plugin writes merged manifests."""

_GRADLE: Final = ("build.gradle", "build.gradle.kts")
_APPLIED: Final = re.compile(r"^(?!\s*//).*\bbgsvc\.gradle\b", re.MULTILINE)


def check_android(path: Path, plan: AndroidPlan) -> Iterator[Finding]:
    """Yield the faults of the app at `path`: an APK, a merged manifest or a Gradle project.

    Raises:
        BgsvcGenError: There is no manifest, or it cannot be read.
    """
    try:
        if path.is_dir():
            yield from _check_project(path, plan)
        else:
            yield from _check_manifest_file(path, plan)
            if zipfile.is_zipfile(path):
                yield from check_apk(path, plan)
    except OSError as error:
        raise BgsvcGenError(f"cannot read {path}: {error}") from None


def _check_manifest_file(path: Path, plan: AndroidPlan) -> Iterator[Finding]:
    for finding in check_manifest(read_manifest(path), plan):
        yield Finding(finding.code, finding.message, finding.fix, str(path))


def _check_project(folder: Path, plan: AndroidPlan) -> Iterator[Finding]:
    manifests = [
        path
        for path in sorted(folder.rglob(MANIFEST))
        if any(part in MERGED for part in path.parts)
    ]
    if not manifests:
        hint = "build the app first, or name its APK or merged manifest"
        raise BgsvcGenError(f"{folder} contains no merged manifest", hint)
    for path in manifests:
        yield from _check_manifest_file(path, plan)
    yield from _check_gradle(folder)
    yield from _check_runtime(folder)


def _check_gradle(folder: Path) -> Iterator[Finding]:
    paths = (path for name in _GRADLE for path in sorted(folder.rglob(name)))
    scripts = [path for path in paths if path.is_file()]
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in scripts}
    if scripts and not any(_APPLIED.search(text) for text in texts.values()):
        yield Finding(
            "DA012",
            "no Gradle file applies bgsvc.gradle",
            'write apply(from = "…/native/bgsvc/android/bgsvc.gradle") in the app module',
            str(scripts[0]),
        )


def _check_runtime(folder: Path) -> Iterator[Finding]:
    """Compare each copy of the runtime below `folder`, byte for byte."""
    expected = {
        file.path.relative_to(RUNTIME_FOLDER).as_posix(): file.content for file in runtime_files()
    }
    for marker in sorted(folder.rglob("bgsvc/bridge.py")):
        copy = marker.parent
        wrong = [
            name
            for name, content in expected.items()
            if not copy.joinpath(name).is_file() or copy.joinpath(name).read_bytes() != content
        ]
        if wrong:
            yield Finding(
                "DA011",
                f"{len(wrong)} runtime files differ from this bgsvc-gen's, such as {wrong[0]}",
                "run `bgsvc-gen android`, then build again",
                str(copy),
            )
