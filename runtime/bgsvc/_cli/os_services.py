"""The commands that act on the operating system's services."""

from __future__ import annotations

import time

from bgsvc._desktop.command_line import UsageError
from bgsvc._os import api
from bgsvc._os.service import OsServiceState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._desktop.command_line import Options
    from bgsvc._os.service import OsServiceStatus

FINDINGS = 1


def perform(given: Options) -> int:
    """Do what `given` says.

    Returns:
        0, or 1 where `status` found something wrong.
    """
    word = given.entry
    what = "a generated file" if given.command == "install" else "a service, by its label"
    if not word:
        raise UsageError(f"{given.command} needs {what}")
    if _names_a_class(word):
        raise UsageError(f"{given.command} needs {what}; {word} names a class", fix=_ways_to(given))
    if given.command == "logs":
        return _logs(given, word)
    status = _ACTIONS[given.command](given, word)
    if given.json:
        import json

        _say(json.dumps(status.to_wire()))
    else:
        _say(status_text(status))
    wrong = any(issue.severity == "error" for issue in status.findings)
    return FINDINGS if given.command == "status" and wrong else 0


def _names_a_class(word: str) -> bool:
    """Return whether `word` is what `run` takes: no label and no path looks so."""
    module, colon, name = word.partition(":")
    return bool(colon) and name.isidentifier() and all(map(str.isidentifier, module.split(".")))


def _ways_to(given: Options) -> str:
    if given.command == "install":
        return "write the files with `bgsvc-gen desktop`, and give the one for this system"
    return "use the label, such as com.example.notes.sync: the file's name without its ending"


def status_text(status: OsServiceStatus) -> str:
    """Return a status as a person reads it."""
    facts: list[tuple[str, object]] = [
        ("scope", status.scope),
        ("enabled", _yes(status.enabled) if _is_there(status) else None),
        ("lingering", _yes(status.lingering)),
        ("pid", status.pid),
        ("since", _moment(status.since)),
        ("last exit", _exit(status)),
        ("restarts", status.restarts or None),
        ("watchdog", None if status.watchdog is None else f"{status.watchdog:g} s"),
        ("channel", _yes(status.ipc_connected, "answers", "silent")),
        ("manager", status.detail),
        ("says", status.text),
        ("definition", status.definition),
    ]
    lines = [f"{status.label}: {status.state}"]
    lines += [f"  {name:<11} {value}" for name, value in facts if value not in {None, ""}]
    for issue in status.findings:
        lines += [f"  {issue.severity}: {issue.message}", f"    fix: {issue.fix}"]
    return "\n".join(lines)


def _install(given: Options, path: str) -> OsServiceStatus:
    return api.install_service(path, scope=given.scope, start=given.now)


def _uninstall(given: Options, label: str) -> OsServiceStatus:
    return api.uninstall_service(label, scope=given.scope)


def _start(given: Options, label: str) -> OsServiceStatus:
    return api.start_os_service(label, scope=given.scope)


def _stop(given: Options, label: str) -> OsServiceStatus:
    return api.stop_os_service(label, scope=given.scope)


def _restart(given: Options, label: str) -> OsServiceStatus:
    return api.restart_os_service(label, scope=given.scope)


def _status(given: Options, label: str) -> OsServiceStatus:
    return api.get_os_service_status(label, scope=given.scope)


_ACTIONS = {
    "install": _install,
    "uninstall": _uninstall,
    "start": _start,
    "stop": _stop,
    "restart": _restart,
    "status": _status,
}


def _logs(given: Options, label: str) -> int:
    backend = api.backend_of(label, given.scope)
    try:
        for line in backend.logs(label, lines=given.lines, follow=given.follow):
            _say(line)
    except KeyboardInterrupt:
        return 0  # how a reader who follows says that it is enough
    return 0


def _is_there(status: OsServiceStatus) -> bool:
    return status.state is not OsServiceState.NOT_INSTALLED


def _yes(value: bool | None, yes: str = "yes", no: str = "no") -> str | None:  # noqa: FBT001
    return None if value is None else yes if value else no


def _moment(since: float | None) -> str | None:
    return None if since is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))


def _exit(status: OsServiceStatus) -> str | None:
    last = status.last_exit
    if last is None:
        return None
    if last.signal is not None:
        return f"{last.result}, signal {last.signal}"
    return last.result if last.status is None else f"{last.result}, status {last.status}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the product
