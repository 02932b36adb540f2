"""The Java the tools run on."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

OLDEST: Final = 21
"""API 36's classes are of this version's format."""


NEWEST: Final = 99


def find_jdk(oldest: int = OLDEST, newest: int = NEWEST) -> Path | None:
    """Return the home of a JDK of these versions with compiler and headers, or `None`."""
    for home in _candidates():
        whole = (home / "bin/javac").is_file() and (home / "include/jni.h").is_file()
        if whole and oldest <= _version(home) <= newest:
            return home
    return None


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if java := shutil.which("java"):
        yield Path(java).resolve().parents[1]
    yield from sorted(Path("/usr/lib/jvm").glob("*"))


def _version(home: Path) -> int:
    release = home / "release"
    text = release.read_text(encoding="utf-8") if release.is_file() else ""
    version = re.search(r'^JAVA_VERSION="(\d+)', text, re.MULTILINE)
    return int(version[1]) if version else 0
