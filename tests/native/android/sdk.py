"""An Android SDK of the public API alone, made here: no registry has Google's own."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.native.android import public_api
from tests.native.android.maven import ClassPath
from tests.native.android.tools import Java
from tests.native.cache import cache
from tests.native.products import Products, key_of

LEVELS: Final = (34, 35, 36, 37)
PLATFORM: Final = Path(__file__).with_name("Platform.java")
OF_RESOURCES: Final = ("AndroidManifest.xml", "resources.arsc")


def make_sdk(java: Java, asm: ClassPath, frameworks: Mapping[int, Path]) -> Path:
    """Return the folder of the SDK, made once for each state of what makes it."""
    parts = (PLATFORM.read_bytes(), Path(public_api.__file__).read_bytes())
    names = "".join(frameworks[level].name for level in LEVELS).encode()
    digest = hashlib.sha256(b"\0".join((*parts, names))).hexdigest()
    sdk = cache() / "android/sdk" / digest[:16]
    if not sdk.is_dir():
        unfinished = sdk.with_name(f"{sdk.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        members = unfinished / "api.tsv"
        members.write_text(public_api.public_api(cache() / "npm"), encoding="utf-8")
        for level in LEVELS:
            arguments = (members, frameworks[level], str(level), unfinished)
            java.run(asm, PLATFORM, *arguments).check_returncode()
        unfinished.rename(sdk)
    return sdk


def android_jar(sdk: Path, level: int) -> Path:
    """Return the public API of `level` as a jar."""
    return sdk / f"platforms/android-{level}/android.jar"


def framework_resources(framework: Path, products: Products) -> Path:
    """Return what aapt2 links against, without the classes.

    aapt2 looks through all that is in an archive each time: among the framework's seventy
    thousand classes half a second, without them next to nothing.
    """

    def make(folder: Path) -> None:
        with (
            zipfile.ZipFile(framework) as whole,
            zipfile.ZipFile(folder / "resources.jar", "w") as part,
        ):
            for name in OF_RESOURCES:
                part.writestr(zipfile.ZipInfo(name), whole.read(name))

    key = key_of("resources of a framework", OF_RESOURCES, [framework])
    return products.take(key, make) / "resources.jar"
