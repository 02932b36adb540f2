"""What is wrong with an installed job of launchd, and what its last end means."""

from __future__ import annotations

import os
import stat

from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.origin_note import noted
from bgsvc._os.service import LastExit, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from bgsvc._os.launchd.files import Places

GUARDED = ("Desktop", "Documents", "Downloads", "Library/Mobile Documents")
"""Folders of a home that macOS lets no background process read unless the user agrees."""


def findings_of(
    places: Places, label: str, keys: Mapping[str, Any], *, disabled: bool
) -> Iterator[SetupIssue]:
    """Yield what is wrong with the file and with what it names."""
    path = places.file(label)
    yield from _file(path, places.scope)
    yield from _paths(keys)
    if disabled:
        text = "launchd was told not to load it"
        fix = f"start it: python -m bgsvc start {label}"
        yield SetupIssue("disabled", "error", text, fix)
    origin = noted((places.content(label) or b"").decode("utf-8", "replace"))
    if origin is not None and origin.changed():
        text = f"{origin.path} is no longer what was installed"
        yield SetupIssue("unit_differs", "warning", text, f"python -m bgsvc install {origin.path}")


def last_exit_of(text: str) -> LastExit | None:
    """Return what launchd says of a job's last end: `0`, `78: EX_CONFIG`, `signal 9`."""
    if not text:
        return None
    number = text.partition(":")[0]
    if number.isdigit():
        return LastExit("success" if number == "0" else "exit-code", int(number))
    word, _, signal = number.partition(" ")
    if word == "signal" and signal.isdigit():
        return LastExit("signal", signal=int(signal))
    return LastExit(text)


def guarded(path: str) -> str | None:
    """Return the folder that keeps background processes from `path`; None if none does."""
    home = os.path.expanduser("~")
    for name in GUARDED:
        folder = os.path.join(home, name)
        if path == folder or path.startswith(os.path.join(folder, "")):
            return folder
    return "/Volumes" if path.startswith("/Volumes/") else None


def _file(path: str, scope: Scope) -> list[SetupIssue]:
    try:
        found = os.lstat(path)
    except OSError:
        text = "the job is loaded, but its file is gone: the next boot or login will not know it"
        return [SetupIssue("definition_missing", "error", text, "install it again")]
    issues: list[SetupIssue] = []
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = f"others than its owner may write {path}: launchd will not load it"
        issues.append(SetupIssue("definition_writable", "error", text, f"chmod 644 {path}"))
    owner = 0 if scope is Scope.SYSTEM else os.getuid()
    if found.st_uid != owner:
        text = f"{path} belongs to user {found.st_uid}, not {owner}: launchd will not load it"
        issues.append(SetupIssue("definition_foreign", "error", text, f"chown {owner} {path}"))
    return issues


def _paths(keys: Mapping[str, Any]) -> list[SetupIssue]:
    issues: list[SetupIssue] = []
    words = [str(word) for word in keys.get("ProgramArguments", ())]
    if words and not os.path.isfile(words[0]):
        fix = "install it again, with the Python that is to run it"
        text = f"{words[0]} is gone"
        issues.append(SetupIssue("interpreter_missing", "error", text, fix))
    folder = keys.get("WorkingDirectory")
    if folder and not os.path.isdir(folder):
        text = f"its folder {folder} is not there: launchd will not start it"
        issues.append(SetupIssue("folder_missing", "error", text, f"mkdir -p {folder}"))
    for each in {*words[:1], *([folder] if folder else [])}:
        guard = guarded(each)
        if guard:
            text = f"{each} is in {guard}, which macOS closes to background processes"
            fix = "move it elsewhere below your home, or give its Python Full Disk Access"
            issues.append(SetupIssue("folder_guarded", "warning", text, fix))
    return issues
