"""The Task Scheduler, through the command that Windows has for it, and where a task's files are."""

from __future__ import annotations

import os

from bgsvc._os.errors import (
    DefinitionError,
    NeedsRootError,
    NoServiceManagerError,
    OsServiceError,
    OsServiceTimeoutError,
)
from bgsvc._os.installed import read_command
from bgsvc._os.program import command_line
from bgsvc._os.windows.definition import TASK, read_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from bgsvc._os.installed import InstalledCommand

    Schedule = Callable[..., CompletedProcess[bytes]]


def schtasks(*arguments: str) -> CompletedProcess[bytes]:
    """Run the command; what it says is in the result.

    Raises:
        NoServiceManagerError: If there is none.
        OsServiceTimeoutError: If it does not answer.
    """
    import subprocess

    root = os.environ.get("SYSTEMROOT", "C:\\Windows")
    program = os.path.join(root, "System32", "schtasks.exe")
    try:
        return subprocess.run(  # noqa: S603 - our own words
            [program, *arguments],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    except FileNotFoundError as error:
        raise NoServiceManagerError(f"{program} is not there") from error
    except subprocess.TimeoutExpired as error:
        raise OsServiceTimeoutError("the Task Scheduler does not answer") from error


def refused(done: CompletedProcess[bytes], text: str, verb: str, word: str) -> Exception:
    """Return the error for a command that failed; `text` says what did not happen."""
    said = decoded(done.stderr or done.stdout).strip() or f"schtasks ended with {done.returncode}"
    if "denied" in said.lower():
        fix = f"in a terminal of an administrator: {command_line(verb, word)}"
        return NeedsRootError(f"{text}: {said}", fix=fix)
    return OsServiceError(f"{text}: {said}")


def decoded(data: bytes) -> str:
    """Return what the command printed: UTF-16 for a task, the console's code page else."""
    wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"} or data[1:2] == b"\0"
    return data.decode("utf-16" if wide else "utf-8", "replace")


def task_name(label: str) -> str:
    """Return where the scheduler's library has the task of `label`."""
    folder, _, name = label.rpartition(".")
    return f"\\{folder}\\{name}"


def user() -> str:
    """Return who is logged on, as a task names its user."""
    domain, name = os.environ.get("USERDOMAIN", ""), os.environ.get("USERNAME", "")
    return f"{domain}\\{name}" if domain else name


def folder_of(label: str) -> str:
    """Return where an installed task has its log, and its file as it was registered."""
    base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    return os.path.join(base, "bgsvc", label)


def copy_of(label: str) -> str:
    """Return the file of an installed task."""
    return os.path.join(folder_of(label), "task.xml")


def hosted_by(label: str) -> InstalledCommand:
    """Return the service that the installed task hosts."""
    return read_command(command_of(label))


def command_of(label: str) -> tuple[str, ...]:
    """Return the arguments of the installed task; none if its file cannot be read."""
    try:
        return read_task(copy_of(label)).arguments
    except DefinitionError:
        return ()


def starts_at_logon(text: str) -> bool:
    """Return whether a registered task has a trigger that is on."""
    from xml.etree import ElementTree as ET

    try:
        root = ET.fromstring(text.partition("?>")[2] or text)  # noqa: S314 - the scheduler's
    except ET.ParseError:
        return False
    disabled = root.findtext(f"{TASK}Settings/{TASK}Enabled") == "false"
    trigger = root.find(f"{TASK}Triggers/{TASK}LogonTrigger")
    off = trigger is None or trigger.findtext(f"{TASK}Enabled") == "false"
    return not disabled and not off
