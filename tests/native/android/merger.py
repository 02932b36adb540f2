"""An app's manifest and the generated one, merged as Android's Gradle plugin would."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.native.android.maven import ClassPath
from tests.native.android.tools import Java

SAMPLE: Final = Path(__file__).with_name("sample") / "AndroidManifest.xml"
MERGE: Final = Path(__file__).with_name("Merge.java")
TARGET_SDK: Final = 36


@dataclass(frozen=True)
class Merging:
    """One merge: the app's package, the manifest to merge into it, and the path of the result."""

    app_id: str
    overlay: Path
    merged: Path
    main: Path = SAMPLE
    target_sdk: int = TARGET_SDK


def merge(java: Java, jars: ClassPath, mergings: Iterable[Merging], folder: Path) -> str:
    """Merge all in one process and return the merger's output, which is empty on success."""
    calls = folder / "merges"
    calls.write_text("".join("\t".join(_call(each)) + "\n" for each in mergings), encoding="utf-8")
    run = java.run(jars, MERGE, calls)
    printed = run.stdout + "".join(
        line for line in run.stderr.splitlines(keepends=True) if "Unsafe" not in line
    )
    return printed if run.returncode == 0 else f"{printed}\nthe merger failed"


def _call(merging: Merging) -> Iterable[str]:
    main = ET.parse(merging.main)  # noqa: S314 - our own
    main.getroot().set("package", merging.app_id)
    file = merging.merged.with_name("main.xml")
    file.parent.mkdir(parents=True, exist_ok=True)
    main.write(file, encoding="utf-8")
    yield from ("--main", str(file), "--overlays", str(merging.overlay), "--log", "WARNING")
    yield from ("--out", str(merging.merged))
    levels = {"MIN_SDK_VERSION": 26, "TARGET_SDK_VERSION": merging.target_sdk}
    for name, value in levels.items():
        yield from ("--property", f"{name}={value}")
