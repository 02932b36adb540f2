"""Which program a service manager is to start: the one that runs us, if it will do."""

from __future__ import annotations

import os
import sys

from bgsvc._lite.dataclasses import dataclass
from bgsvc._os.errors import NeedsRootError, ProgramError


@dataclass(frozen=True)
class Program:
    """What runs this process.

    Attributes:
        kind: `appimage`, `frozen` (PyInstaller and its like), `pipx`, `venv` or `python`.
        path: The file to start; `-m bgsvc …` goes after it, whatever the kind.
        forks: Whether Python is the child of what the manager starts, and not that itself.
    """

    kind: str
    path: str
    forks: bool = False


def current_program() -> Program:
    """Return what runs this process, by evidence that a service manager can rely on.

    A bundled app has to hand `-m bgsvc` on to us: `bgsvc.serve_if_asked()` does.

    Raises:
        ProgramError: If it is a shim, or cannot be found: it would not work for a manager.
    """
    image, folder = os.environ.get("APPIMAGE"), os.environ.get("APPDIR")
    executable = sys.executable
    if image and folder and _inside(executable or __file__, folder):
        return Program("appimage", _checked(image), forks=True)
    if getattr(sys, "frozen", False):
        return Program("frozen", _checked(executable), forks=hasattr(sys, "_MEIPASS"))
    path = _checked(executable)
    if sys.prefix == sys.base_prefix:
        return Program("python", path)
    pipx = os.path.exists(os.path.join(sys.prefix, "pipx_metadata.json"))
    return Program("pipx" if pipx else "venv", path)


def shim_in(path: str) -> str | None:
    """Return the pyenv, asdf or mise shim that `path` is, or leads to by links; else None.

    A shim asks the shell's set-up which Python is meant, and a service has no shell.
    """
    for _ in range(40):  # as many links as a kernel follows
        if "shims" in os.path.dirname(path).split(os.sep):
            return path
        try:
            target = os.readlink(path)
        except OSError:
            return None
        path = os.path.join(os.path.dirname(path), target)
    return None


def command_line(*words: str) -> str:
    """Return the line that a person types to run `python -m bgsvc` with `words` here."""
    parts = [sys.executable, "-m", "bgsvc", *words]
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(parts)
    import shlex

    return shlex.join(parts)


def refuse_without_root(*words: str) -> None:
    """Let root, or an administrator, pass.

    Args:
        words: What to run as root instead: the verb, its argument and its options.

    Raises:
        NeedsRootError: For anybody else, with the command to run.
    """
    if sys.platform == "win32":
        from ctypes import windll

        if windll.shell32.IsUserAnAdmin():
            return
        fix = f"in a terminal of an administrator: {command_line(*words)}"
        raise NeedsRootError("only an administrator may change the system's services", fix=fix)
    if os.geteuid() != 0:
        fix = f"sudo {command_line(*words)}"
        raise NeedsRootError("only root may change the system's services", fix=fix)


def _checked(path: str) -> str:
    if not path or not os.path.isabs(path) or not os.path.isfile(path):
        fix = "run the command with the Python, or the app, that is to run the service"
        raise ProgramError(f"there is no program {path!r}", fix=fix)
    shim = shim_in(path)
    if shim is not None:
        fix = "make a virtual environment with the real interpreter and install from there"
        raise ProgramError(f"{shim} is a shim; a service manager cannot use it", fix=fix)
    return path


def _inside(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))
