"""A service as the operating system is told of it, and what the system answers."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._model.config import RestartPolicy
from bgsvc._model.enums import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._model.platform_reports import SetupIssue


class Scope(StrEnum):
    """Whose service manager it is."""

    USER = "user"
    SYSTEM = "system"


class OsServiceState(StrEnum):
    """Whether the system knows a service, and whether it runs."""

    NOT_INSTALLED = "notInstalled"
    INSTALLED = "installed"
    RUNNING = "running"


@dataclass(frozen=True)
class OsService:
    """One service as it is to be installed.

    Attributes:
        label: Its one name: of the unit, the job, the task, and in every status.
        arguments: What follows the program: `-m bgsvc run …`, unquoted.
        scope: Whose service manager runs it.
        display_name: What people read in a list of services.
        program: What is started, with what must come before `arguments`; the Python that
            installs it, as a rule.
        environment: Variables it gets beside the manager's own.
        working_directory: Where it starts; None for the manager's choice.
        user: Whose rights it has, in the system scope; None for the platform's default.
        start_on_boot: Whether a boot (system) or a login (user) starts it.
        start_delayed: Whether that comes some time after the others'.
        after: Services that the manager starts before it, by their names there.
        restart: When the manager starts it again.
        stop_timeout: Seconds from the request to stop to the kill.
        watchdog: Seconds it may be silent; None for no watchdog.
        log: The folder of its log files; None where the platform keeps logs itself.
        definition: The file to install, whole, where the manager reads a file.
        companions: Further files that belong to it, such as a timer: name → content.
        source: The generated file it was read from; None if there is none.
    """

    label: str
    arguments: tuple[str, ...]
    scope: Scope = Scope.USER
    display_name: str = ""
    program: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    working_directory: str | None = None
    user: str | None = None
    start_on_boot: bool = False
    start_delayed: bool = False
    after: tuple[str, ...] = ()
    restart: RestartPolicy = RestartPolicy()
    stop_timeout: float = 15.0
    watchdog: float | None = None
    log: str | None = None
    definition: bytes = b""
    companions: Mapping[str, bytes] = {}
    source: str | None = None


@dataclass(frozen=True)
class LastExit:
    """How the service's last process ended.

    Attributes:
        result: The manager's word: `success`, `exit-code`, `signal`, `watchdog`, `timeout`, …
        status: The exit status; None if a signal ended it, or nobody knows.
        signal: The signal's number; None if none ended it.
    """

    result: str
    status: int | None = None
    signal: int | None = None

    def to_wire(self) -> dict[str, object]:
        """Return it as JSON carries it."""
        return {"result": self.result, "status": self.status, "signal": self.signal}


@dataclass(frozen=True)
class OsServiceStatus:
    """What the system's service manager says of a service; None where it cannot say.

    Attributes:
        label: Its name, the same everywhere.
        scope: Whose service manager was asked.
        state: Whether it is installed, and running.
        enabled: Whether a boot or login starts it.
        lingering: Whether it may run while its user is not logged in; None if no user matters.
        pid: Its main process; None if there is none.
        since: When it began to run, or ended, in seconds since the epoch.
        last_exit: How its last process ended; None if none has.
        restarts: How often the manager has started it again by itself.
        watchdog: Seconds it may be silent before the manager restarts it.
        ipc_connected: Whether its control channel answers; None if nobody asked.
        detail: The manager's own words, such as `activating (auto-restart)`.
        text: What the service last said of itself.
        definition: The installed file; None if there is none.
        findings: What is missing or wrong, and how to mend it.
    """

    label: str
    scope: Scope
    state: OsServiceState
    enabled: bool = False
    lingering: bool | None = None
    pid: int | None = None
    since: float | None = None
    last_exit: LastExit | None = None
    restarts: int | None = None
    watchdog: float | None = None
    ipc_connected: bool | None = None
    detail: str = ""
    text: str = ""
    definition: str | None = None
    findings: tuple[SetupIssue, ...] = ()

    def to_wire(self) -> dict[str, object]:
        """Return the status as JSON carries it."""
        return {
            "label": self.label,
            "scope": self.scope.value,
            "state": self.state.value,
            "enabled": self.enabled,
            "lingering": self.lingering,
            "pid": self.pid,
            "since": self.since,
            "lastExit": None if self.last_exit is None else self.last_exit.to_wire(),
            "restarts": self.restarts,
            "watchdog": self.watchdog,
            "ipcConnected": self.ipc_connected,
            "detail": self.detail,
            "text": self.text,
            "definition": self.definition,
            "findings": [issue.to_wire() for issue in self.findings],
        }
