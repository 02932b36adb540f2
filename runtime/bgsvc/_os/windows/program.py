"""What Windows' managers start: the process itself, for a launcher's child is a stranger to them.

The service control manager answers only the process that it started. The `python.exe` of a
virtual environment, and an app that PyInstaller packed into one file, start a second process and
wait for it; the first one is never heard of, and the start times out with error 1053.
"""

from __future__ import annotations

import os
import sys

from bgsvc._os.errors import ProgramError
from bgsvc._os.program import current_program

ALIASES = "windowsapps"
"""The folder of the Store's execution aliases: no files, and nobody's but one user's."""


def service_words() -> tuple[str, ...]:
    """Return the program for the service control manager, and what comes before `-m bgsvc`.

    Raises:
        ProgramError: If what runs this process cannot be a service.
    """
    program = current_program()
    refuse_alias(program.path)
    if program.kind == "frozen":
        if program.forks and not _is_folder_build(program.path):
            text = f"{program.path} starts a second process, which no service may"
            raise ProgramError(text, fix="build the app as a folder (PyInstaller: --onedir)")
        return (program.path,)
    if sys.prefix == sys.base_prefix:
        _refuse_users_packages()
        return (program.path, "-I", "-X", "utf8")
    base: str = vars(sys).get("_base_executable") or ""
    if not os.path.isfile(base):
        text = f"the interpreter behind {sys.prefix} cannot be told"
        raise ProgramError(text, fix="make the virtual environment again")
    refuse_alias(base)
    return (base, "-I", "-S", "-X", "utf8", _venv_launcher(), sys.prefix)


def _venv_launcher() -> str:
    """Return the script of the command line's room that takes a virtual environment's place."""
    runtime = os.path.abspath(__file__)
    for _ in ("windows", "_os", "bgsvc"):
        runtime = os.path.dirname(runtime)
    return os.path.join(runtime, "_cli", "venv_launcher.py")


def task_words() -> tuple[str, ...]:
    """Return the program for the Task Scheduler: the one without a window, where there is one.

    Raises:
        ProgramError: If what runs this process cannot be started by a manager.
    """
    program = current_program()
    refuse_alias(program.path)
    if program.kind == "frozen":
        return (program.path,)
    safe = ("-P",) if sys.version_info >= (3, 11) else ()
    folder, name = os.path.split(program.path)
    windowless = os.path.join(folder, name.lower().replace("python", "pythonw", 1))
    path = windowless if os.path.isfile(windowless) else program.path
    return (path, *safe, "-X", "utf8")


def refuse_alias(path: str) -> None:
    """Refuse the Store's alias of Python.

    Raises:
        ProgramError: If `path` is one.
    """
    if ALIASES in path.replace("/", "\\").lower().split("\\"):
        text = f"{path} is an alias of the Microsoft Store, which no service can start"
        raise ProgramError(text, fix="install Python from python.org, or with winget or uv")


def _refuse_users_packages() -> None:
    """Refuse a bgsvc that only this user has: the system's account has other packages."""
    import site

    own = site.getusersitepackages()
    if __file__.lower().startswith(os.path.join(own, "").lower()):
        text = f"bgsvc is in {own}, which no other account sees"
        fix = "install it, and the app, for all users or into a virtual environment"
        raise ProgramError(text, fix=fix)


def _is_folder_build(path: str) -> bool:
    bundle: str = getattr(sys, "_MEIPASS", "")
    inside = os.path.join(os.path.dirname(os.path.realpath(path)), "")
    return os.path.join(os.path.realpath(bundle), "").startswith(inside)
