"""The declarations of Apple's frameworks, from crates that were made from the SDK's headers.

The objc2 crates: classes, superclasses, selectors with their types, and the values of enumerations.
They have no availability; `apple` has it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.native.debian import (
    DebianUnavailableError,
    download,
    require_debian,
    unpack,
)
from tests.native.ios.apple import Class, Declarations, DeclarationsUnavailableError

VERSION: Final = "0.3.2"
CRATES: Final = {
    "BackgroundTasks": "objc2-background-tasks",
    "UIKit": "objc2-ui-kit",
    "UserNotifications": "objc2-user-notifications",
}
DIGESTS: Final = {
    "BackgroundTasks": "0ddeb0eb84c1714d4f50e5dc29cca57628c12cc40445a099c0cf05f4ee538473",
    "UIKit": "d87d638e33c06f577498cbcc50491496a3ed4246998a7fbba7ccb98b1e7eab22",
    "UserNotifications": "9df9128cbbfef73cda168416ccf7f837b62737d748333bfe9ab71c245d76613e",
}
"""The digests of the crates; none of their dependencies is read."""

MANIFEST: Final = (
    '[package]\nname = "declarations"\nversion = "0.0.0"\nedition = "2021"\n'
    '[lib]\npath = "lib.rs"\n[dependencies]\n'
) + "".join(
    f'{crate} = {{ version = "={VERSION}", default-features = false }}\n'
    for crate in CRATES.values()
)
INHERITED: Final = {"NSProgressReporting": "progress", "NSCopying": "copyWithZone"}
"""The members that a class gets from a protocol of Foundation."""

LOADER: Final = "usr/lib64/ld-linux-x86-64.so.2"
BUNDLE: Final = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Method:
    """A method, or the getter or setter of a property; the types are Rust's.

    Attributes:
        parameters: The name and the type of each, without the error of a throwing method.
        throws: Whether its last parameter in Objective-C is the error.
    """

    is_static: bool
    parameters: tuple[tuple[str, str], ...]
    result: str
    throws: bool


@dataclass
class Interface:
    """A class of Objective-C, with its methods by selector."""

    parent: str
    protocols: set[str] = field(default_factory=set[str])
    methods: dict[str, Method] = field(default_factory=dict[str, Method])


@dataclass
class Crate:
    """The declarations of a framework."""

    classes: dict[str, Interface] = field(default_factory=dict[str, Interface])
    enums: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    constants: set[str] = field(default_factory=set[str])


def crates(cache: Path) -> Mapping[str, Crate]:
    """Return the declarations of each framework.

    Raises:
        DeclarationsUnavailableError: The crates are neither in `cache` nor can be fetched.
    """
    known = hashlib.sha256("".join(DIGESTS.values()).encode()).hexdigest()[:16]
    folder = cache / "ios" / f"crates-{known}"
    if not folder.is_dir():
        try:
            _fetch(folder)
        except (OSError, subprocess.CalledProcessError, DebianUnavailableError) as error:
            detail = getattr(error, "stderr", None) or error
            raise DeclarationsUnavailableError(f"no crates: {detail}") from error
    return {name: _read(folder / name) for name in CRATES}


def _fetch(folder: Path) -> None:
    work = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        work.mkdir(parents=True)
        (work / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
        (work / "lib.rs").touch()
        command, environment = _cargo(work)
        subprocess.run(
            # The only downloading command of cargo that does not need rustc.
            [*command, "vendor", "--quiet", "--versioned-dirs", work / "vendor"],
            check=True,
            capture_output=True,
            cwd=work,
            encoding="utf-8",
            env={**os.environ, **environment, "CARGO_HOME": str(work / "home")},
        )
        kept = work / "kept"
        for framework, crate in CRATES.items():
            archive = next((work / "home/registry/cache").glob(f"*/{crate}-{VERSION}.crate"))
            if hashlib.sha256(archive.read_bytes()).hexdigest() != DIGESTS[framework]:
                raise DeclarationsUnavailableError(f"{archive.name} has another digest")
            _keep(archive, kept / framework)
        kept.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _keep(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    with tarfile.open(archive) as content:
        for member in content:
            path = Path(member.name)
            file = content.extractfile(member) if path.parent.name == "generated" else None
            if file is not None:
                (folder / path.name).write_bytes(file.read())


def _cargo(work: Path) -> tuple[list[str | Path], dict[str, str]]:
    """Return the command and the environment of this machine's cargo, or of Debian's."""
    if cargo := shutil.which("cargo"):
        return [cargo], {}
    require_debian()
    root = work / "root"
    unpack(download(work / "apt", ["cargo"]), root)
    # It runs from the unpacked folder, with the libraries there.
    command: list[str | Path] = [root / LOADER, "--library-path"]
    command += [root / "usr/lib/x86_64-linux-gnu", root / "usr/bin/cargo"]
    return command, {"SSL_CERT_FILE": str(BUNDLE)} if BUNDLE.is_file() else {}


def to_declarations(crate_of: Mapping[str, Crate]) -> Declarations:
    """Convert the crates' declarations to those of `apple`: selectors without their colons."""
    result = Declarations(has_dates=False)
    for crate in crate_of.values():
        for name, interface in crate.classes.items():
            known = Class(interface.parent, "")
            for selector in interface.methods:
                known.members[join_selector(selector)] = ""
                if selector.startswith("initWith"):
                    first, *rest = selector.removeprefix("initWith").rstrip(":").split(":")
                    known.constructors.append((first[0].lower() + first[1:], *rest))
                elif selector == "init":
                    known.constructors.append(())
            for protocol in interface.protocols & INHERITED.keys():
                known.members[INHERITED[protocol]] = ""
            result.classes[name] = known
        result.enums.update(crate.enums)
        result.constants |= crate.constants
    return result


def join_selector(selector: str) -> str:
    """Join the parts of a selector to one name, as types-ios does."""
    first, *rest = selector.rstrip(":").split(":")
    return first + "".join(part[0].upper() + part[1:] for part in rest)


def _read(folder: Path) -> Crate:
    crate = Crate()
    for path in sorted(folder.glob("*.rs")):
        text = re.sub(r"(?m)^\s*//[/!].*\n", "", path.read_text(encoding="utf-8"))
        _read_classes(text, crate)
        _read_enums(text, crate)
        crate.constants.update(re.findall(r"(?m)^    pub static (\w+):", text))
    return crate


def _read_classes(text: str, crate: Crate) -> None:
    for head, name in re.findall(r"extern_class!\(([^;]*?)pub struct (\w+)", text):
        supers = re.search(r"super\((\w+)", head)
        interface = crate.classes.setdefault(name, Interface(""))
        interface.parent = supers[1] if supers else ""
    for protocol, name in re.findall(r"unsafe impl(?:<[^>]*>)? (\w+) for (\w+)", text):
        if name in crate.classes:
            crate.classes[name].protocols.add(protocol)
    blocks = re.findall(r"(?ms)^impl (\w+) \{\n    extern_methods!\((.*?)^    \);", text)
    for name, block in blocks:
        crate.classes.setdefault(name, Interface("")).methods.update(_methods(block))


def _methods(block: str) -> Iterator[tuple[str, Method]]:
    pattern = r"(?s)method\(([\w:]+)\)\)\].*?fn \w+\((.*?)\)(?: -> ([^;]*))?;"
    for selector, between, result in re.findall(pattern, block):
        parameters = split(between)
        is_static = not parameters or not re.match(r"&self|this: ", parameters[0])
        arguments = [text.partition(": ") for text in parameters]
        yield (
            selector.rstrip("_"),
            Method(
                is_static,
                tuple(
                    (name, kind)
                    for name, colon, kind in arguments
                    if colon and name not in {"this", "mtm"}
                ),
                " ".join(result.split()),
                selector.endswith(":_"),
            ),
        )


def split(parameters: str) -> list[str]:
    """Split at the commas outside of brackets."""
    parts, depth = [""], 0
    for character in " ".join(parameters.replace("->", "→").split()):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [text.strip().replace("→", "->") for text in parts if text.strip()]


def _read_enums(text: str, crate: Crate) -> None:
    kinds = r"(?s)// NS_(?:ENUM|OPTIONS|ERROR_ENUM|CLOSED_ENUM)\n.*?pub struct (\w+)\(.*?\);(.*?)"
    for name, body in re.findall(kinds + r"\nunsafe impl Encode", text):
        cases = re.findall(r"const (\w+)(?:: Self)? = (?:Self\()?(-?\w+)(?:<<(\d+))?\)?;", body)
        crate.enums[name] = {
            case: int(number, 0) << int(shift or 0)
            for case, number, shift in cases
            if re.fullmatch(r"-?(?:0x)?[\da-fA-F]+", number)
        }
