"""The command that installs a generated service, for each system."""

import shlex
from collections.abc import Collection, Iterator
from pathlib import Path, PureWindowsPath
from subprocess import list2cmdline
from typing import Final

from bgsvc_gen.spec.model import Scope, Service, Spec
from bgsvc_gen.targets.desktop import service_id

FILES: Final[dict[tuple[str, Scope], str]] = {
    ("linux", "user"): "linux/{}.service",
    ("linux", "system"): "linux/{}.service",
    ("macos", "user"): "macos/LaunchAgents/{}.plist",
    ("macos", "system"): "macos/LaunchDaemons/{}.plist",
    ("windows", "user"): "windows/{}.task.xml",
    ("windows", "system"): "windows/{}.winsw.xml",
}
"""System and scope → the file that `python -m bgsvc install` reads.

A contract test compares it with the outputs of the targets.
"""


def install_commands(spec: Spec, root: Path, systems: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each system, for each service, and the command that installs it there."""
    for system in systems:
        for service in spec.services:
            yield system, _command(system, root, spec, service)


def _command(system: str, root: Path, spec: Spec, service: Service) -> str:
    scope = service.desktop.scope
    path = root / FILES[system, scope].format(service_id(spec, service))
    words = ["python", "-m", "bgsvc", "install"]
    if system == "windows":
        line = list2cmdline([*words, str(PureWindowsPath(path))])
        return f"{line}  (as administrator)" if scope == "system" else line
    line = shlex.join([*words, path.as_posix()])
    return f"sudo {line}" if scope == "system" else line
