"""The declarations of Apple's frameworks, from a package that was made from the SDK's headers.

`@nativescript/types-ios` on npm has classes, superclasses, members, availability and the values of
enumerations. A name is an Objective-C selector without its colons.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PACKAGE: Final = "@nativescript/types-ios@9.1.2"
ARCHIVE: Final = "nativescript-types-ios-9.1.2.tgz"
DIGEST: Final = "1c917c0945f304eae6b96d41a623c4c9c875e567d1666fa5a8fd69b0d16c2672"
FRAMEWORKS: Final = ("BackgroundTasks", "UIKit", "UserNotifications")


class DeclarationsUnavailableError(Exception):
    """The package is not available; the message says why."""


@dataclass
class Class:
    """A class of the SDK.

    Attributes:
        since: The first iOS version that has it.
        members: Member → the first iOS version that has it.
        constructors: The labels of each constructor.
        properties: The members that are not methods.
    """

    parent: str
    since: str
    members: dict[str, str] = field(default_factory=dict[str, str])
    constructors: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    properties: set[str] = field(default_factory=set[str])


@dataclass
class Declarations:
    """The declarations of several frameworks.

    Attributes:
        has_dates: Whether the source has the iOS version of each declaration.
    """

    classes: dict[str, Class] = field(default_factory=dict[str, Class])
    enums: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    constants: set[str] = field(default_factory=set[str])
    has_dates: bool = True


def declarations(cache: Path, npm: str | None) -> Declarations:
    """Return the SDK's declarations.

    Raises:
        DeclarationsUnavailableError: The package is not in `cache` and cannot be fetched.
    """
    folder = cache / "ios" / f"types-{DIGEST[:16]}"
    if not folder.is_dir():
        _fetch(folder, npm)
    declared = Declarations()
    for framework in FRAMEWORKS:
        text = (folder / f"objc!{framework}.d.ts").read_text(encoding="utf-8")
        _read(text.splitlines(), declared)
    return declared


def _fetch(folder: Path, npm: str | None) -> None:
    if npm is None:
        raise DeclarationsUnavailableError("npm is not installed")
    work = folder.with_name(f"{folder.name}.{os.getpid()}")
    work.mkdir(parents=True)
    try:
        node = f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(
            [npm, "pack", PACKAGE, "--silent", f"--cache={work / 'npm'}"],
            check=True,
            capture_output=True,
            cwd=work,
            env={**os.environ, "PATH": node},
        )
        archive = work / ARCHIVE
        if hashlib.sha256(archive.read_bytes()).hexdigest() != DIGEST:
            raise DeclarationsUnavailableError(f"{ARCHIVE} has another digest")
        kept = work / "kept"
        kept.mkdir()
        with tarfile.open(archive) as content:
            for framework in FRAMEWORKS:
                name = f"objc!{framework}.d.ts"
                member = content.extractfile(f"package/lib/ios/objc-x86_64/{name}")
                if member is None:
                    raise DeclarationsUnavailableError(f"{ARCHIVE} has no {name}")
                (kept / name).write_bytes(member.read())
        kept.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise DeclarationsUnavailableError(f"{PACKAGE} could not be fetched: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _read(lines: Iterable[str], declared: Declarations) -> None:
    since = ""
    current: Class | None = None
    values: dict[str, int] | None = None
    for raw in lines:
        line = raw.strip()
        if match := re.match(r"\* @since ([\d.]+)", line):
            since = match[1]
        elif match := re.match(r"declare class (\w+)(?:<.*>)? extends (\w+)", line):
            current = declared.classes.setdefault(match[1], Class(match[2], since))
            since = ""
        elif match := re.match(r"declare const enum (\w+)", line):
            values = declared.enums.setdefault(match[1], {})
            since = ""
        elif match := re.match(r"declare var (\w+):", line):
            declared.constants.add(match[1])
            since = ""
        elif line == "}" and not raw.startswith("\t"):
            current, values = None, None
        elif values is not None and (match := re.match(r"(\w+) = (-?\d+)", line)):
            values[match[1]] = int(match[2])
        elif current is not None and (names := list(_members(line, current))):
            current.members.update(dict.fromkeys(names, since or current.since))
            since = ""


def _members(line: str, current: Class) -> Iterator[str]:
    if match := re.match(r"constructor\(o: \{ (.*) \}\);", line):
        current.constructors.append(tuple(re.findall(r"(\w+)\??:", match[1])))
    elif match := re.match(r"(?:static )?(?:readonly )?(\w+)(\(|\??:)", line):
        if match[2] != "(":
            current.properties.add(match[1])
        yield match[1]
