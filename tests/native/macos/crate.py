"""The Rust crate `launchd`: a second table of launchd's keys, which we did not write.

It refuses unknown keys and wrong types. It knows no `AssociatedBundleIdentifiers`, and lets an
unknown condition of `KeepAlive` pass, which our own table does not.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("crate")


class CrateUnavailableError(Exception):
    """Says why the crate is not there."""


def reader(cache: Path) -> Path:
    """Return the program that reads property lists with the crate; it is built once.

    Raises:
        CrateUnavailableError: Without cargo, or where the crates cannot be fetched.
    """
    files = sorted(SOURCE.iterdir())
    known = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    program = cache / "macos" / f"launchd-crate-{known}"
    if program.exists():
        return program
    cargo = shutil.which("cargo")
    if cargo is None:
        raise CrateUnavailableError("there is no cargo on PATH")
    work = program.with_name(f"{program.name}.{os.getpid()}")
    try:
        shutil.copytree(SOURCE, work)
        command = [cargo, "build", "--quiet", "--release"]
        subprocess.run(command, check=True, capture_output=True, cwd=work, encoding="utf-8")
        (work / "target/release/reader").rename(program)
    except (OSError, subprocess.CalledProcessError) as error:
        text = f"the crate cannot be built: {getattr(error, 'stderr', None) or error}"
        raise CrateUnavailableError(text) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return program


def read(program: Path, paths: Iterable[Path]) -> list[str]:
    """Return what the crate says of each property list: `ok`, or what is wrong."""
    given = "".join(f"{path}\n" for path in paths)
    done = subprocess.run([program], input=given, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.splitlines()
