"""A Windows machine for tests: Wine's service control manager, registry and pipes, and a CPython.

`reboot` ends all of its processes and starts the machine again, auto-start services included.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PureWindowsPath
from types import TracebackType
from typing import Final

TIMEOUT: Final = 120.0
"""Seconds after which something hangs."""

SYSTEM: Final = "C:\\windows\\system32"

Completed = subprocess.CompletedProcess[str]


class WineBox(AbstractContextManager["WineBox"]):
    """One machine; `with` boots it and shuts it down.

    Args:
        home: What `packages.wine_home` returned.
        prefix: The machine's own folder: drive C and the registry.
    """

    def __init__(self, home: Path, prefix: Path) -> None:
        self._wine = home / "wine/lib/wine/wine64"
        self._server = home / "wine/lib/wine/wineserver64"
        self._libraries = home / "wine/lib/x86_64-linux-gnu"
        self.prefix = prefix
        self.python_home = home / "python"

    @property
    def drive(self) -> Path:
        """Drive C."""
        return self.prefix / "drive_c"

    @property
    def python(self) -> str:
        """The interpreter, as Windows names it."""
        return windows_path(self.python_home / "python.exe")

    def run(
        self,
        program: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Completed:
        """Run a program of Windows; a bare name is one of its system folder."""
        return subprocess.run(
            self._command(program, *arguments),
            check=False,
            capture_output=True,
            cwd=self.prefix,
            env={**self._environment(), **(environment or {})},
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )

    def start(
        self, program: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Start a program of Windows and talk to it by pipes; the caller ends it."""
        return subprocess.Popen(
            self._command(program, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.prefix,
            env={**self._environment(), **(environment or {})},
            encoding="utf-8",
        )

    def call(self, program: str, *arguments: str, timeout: float = TIMEOUT) -> None:
        """Run a program whose children may outlive it: a pipe would wait for all of them."""
        self._quiet(*self._command(program, *arguments), timeout=timeout)

    def boot(self) -> None:
        """Start the machine; it stays up between the calls, as a real one does."""
        self._quiet(str(self._server), "-p")
        self.call("cmd.exe", "/c", "exit")

    def shut_down(self) -> None:
        """End every process of the machine."""
        self._quiet(str(self._server), "-k")
        self.wait()

    def reboot(self) -> None:
        """End every process of the machine at once, as a power cut does, and start it again."""
        self.shut_down()
        self.boot()

    def wait(self) -> None:
        """Wait until no process of the machine is left."""
        self._quiet(str(self._server), "-w")

    def __enter__(self) -> "WineBox":  # noqa: PYI034 - `Self` is newer than our oldest Python
        self.boot()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shut_down()

    def _command(self, program: str, *arguments: str) -> list[str]:
        # A bare name is not found: no PATH of Windows is set up when nobody logs in.
        path = program if "\\" in program else f"{SYSTEM}\\{program}"
        return [str(self._wine), path, *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "TMPDIR") if key in os.environ}
        return {
            **kept,
            "HOME": str(self.prefix),
            "LANG": "C.UTF-8",
            "LD_LIBRARY_PATH": str(self._libraries),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
            "WINELOADER": str(self._wine),
            "WINEPREFIX": str(self.prefix),
            "WINESERVER": str(self._server),
        }

    def _quiet(self, *command: str, timeout: float = TIMEOUT) -> None:
        subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            timeout=timeout,
        )


def copied(home: Path, folder: Path) -> WineBox:
    """Return a machine of its own in `folder`, as new."""
    shutil.copytree(home / "prefix", folder, symlinks=True)
    return WineBox(home, folder)


def windows_path(path: Path) -> str:
    """Return how Windows names a file of this machine."""
    return str(PureWindowsPath(f"Z:{path.resolve()}"))
