"""What is wrong with an installed unit, and how to mend it."""

from __future__ import annotations

import os

from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.systemd.unit import program_of, read_unit, setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bgsvc._os.service import Scope


def command_in(path: str | None) -> tuple[str, ...]:
    """Return the command of an installed unit; empty if there is none of ours."""
    try:
        with open(path or os.devnull, encoding="utf-8", newline="") as file:
            return read_unit(file.read()).command
    except Exception:  # noqa: BLE001 - a file that anybody may have written
        return ()


def channel_findings(command: tuple[str, ...], scope: Scope) -> Iterator[SetupIssue]:
    """Look whether the folder of the service's channel lets in nobody else."""
    from bgsvc._os.installed import folder_findings

    wrong = folder_findings(command, scope)
    if wrong is not None:
        fix = "see who made it; remove it, and restart the service"
        yield SetupIssue("channel_folder", "error", wrong, fix)


def findings(
    label: str, control: str, found: dict[str, str], path: str | None, *, enabled: bool
) -> Iterator[SetupIssue]:
    """Say what systemd, and a look at the file, have against a unit."""
    if found.get("NeedDaemonReload") == "yes":
        text = f"the unit of {label} has changed, and systemd has not read it again"
        yield SetupIssue("reload_needed", "error", text, f"{control} daemon-reload")
    if found.get("LoadState") in {"bad-setting", "error", "masked"}:
        text = f"systemd does not take the unit: {found['LoadState']}"
        yield SetupIssue("unit_unusable", "error", text, f"{control} status {label}")
    if found.get("ActiveState") == "failed":
        text = f"it failed: {found['Result']}, exit status {found['ExecMainStatus']}"
        yield SetupIssue("failed", "error", text, f"python -m bgsvc logs {label}")
    if path is None:
        return
    yield from _file_findings(label, path, control, enabled=enabled)


def _file_findings(label: str, path: str, control: str, *, enabled: bool) -> Iterator[SetupIssue]:
    """Compare the installed file with what it was made of, and with this machine."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        unit = read_unit(text)
    except Exception as error:  # noqa: BLE001 - a file that anybody may have written
        issue = f"{path} is no unit of ours: {error}"
        yield SetupIssue("unit_foreign", "warning", issue, "install the generated file again")
        return
    program = program_of(unit.command)
    if not os.access(program, os.X_OK):
        issue = f"{program}, which the unit starts, is not there"
        fix = "install the service again with the Python that is to run it"
        yield SetupIssue("interpreter_missing", "error", issue, fix)
    digest = setting(text, "X-Bgsvc", "Digest")
    if digest is not None:
        yield from _source_findings(text, path, digest)
    if unit.start_on_boot and not enabled:
        issue = f"the spec starts {label} at boot, and it is not enabled"
        name = f"{label}.service" if unit.wanted else f"{label}.timer"
        yield SetupIssue("not_enabled", "warning", issue, f"{control} enable {name}")


def _source_findings(text: str, path: str, digest: str) -> Iterator[SetupIssue]:
    from bgsvc._os.systemd.provenance import digest_of, origin_of

    if digest_of(text) != digest:
        issue = f"{path} was edited after it was installed"
        fix = "install it again, and keep changes in `systemctl edit`"
        yield SetupIssue("unit_edited", "warning", issue, fix)
    source = origin_of(text)
    if source is not None and source.changed():
        issue = f"{source.path} is no longer what was installed"
        fix = f"python -m bgsvc install {source.path}"
        yield SetupIssue("unit_differs", "warning", issue, fix)
