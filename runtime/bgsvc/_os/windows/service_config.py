"""Writing a service's definition into the service control manager, and reading it back."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._model.enums import RestartOn
from bgsvc._os.windows import structs as winsvc
from bgsvc._os.windows.scm import CHANGE, DELETE, QUERY, START, Handle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bgsvc._os.service import OsService

MOST_ACTIONS = 100
"""More restarts than these are not told to Windows one by one."""


OPTIONAL = (
    *(winsvc.DESCRIPTION, winsvc.FAILURE_ACTIONS, winsvc.FAILURE_ACTIONS_FLAG),
    *(winsvc.DELAYED_AUTO_START, winsvc.PRESHUTDOWN),
)
"""The levels of the settings that came later."""


def created(scm: Handle, service: OsService, line: str) -> Handle:
    """Create the service.

    Raises:
        Refusal: If the manager would not.
    """
    value = scm.call(
        "CreateServiceW",
        service.label,
        service.display_name or service.label,
        QUERY | CHANGE | START | DELETE,
        *(winsvc.OWN_PROCESS, start_type(service), winsvc.ERROR_NORMAL),
        *(line, None, None, winsvc.multi_text(service.after), service.user, None),
    )
    return Handle(scm.api, value)


def replaced_definition(handle: Handle, service: OsService, line: str) -> None:
    """Change an installed service to what it would be if it were created now."""
    handle.call(
        "ChangeServiceConfigW",
        *(winsvc.OWN_PROCESS, start_type(service), winsvc.ERROR_NORMAL),
        *(line, None, None, winsvc.multi_text(service.after)),
        *(service.user or "LocalSystem", None, service.display_name or service.label),
    )


def configure(handle: Handle, service: OsService) -> None:
    """Set what came later than the first configuration; an old Windows may lack some of it.

    Without the flag Windows restarts only what crashed: a service that reports its end with an
    exit status has not.
    """
    handle.set(winsvc.DESCRIPTION, winsvc.Description(service.display_name or service.label))
    handle.set(winsvc.FAILURE_ACTIONS, winsvc.failure_actions(delays(service), window(service)))
    restarts = service.restart.on is not RestartOn.NEVER
    handle.set(winsvc.FAILURE_ACTIONS_FLAG, winsvc.Flag(int(restarts)))
    handle.set(winsvc.DELAYED_AUTO_START, winsvc.Flag(int(service.start_delayed)))
    patience = round(service.stop_timeout * 1000)
    handle.set(winsvc.PRESHUTDOWN, winsvc.Preshutdown(patience))


@dataclass(frozen=True)
class Saved:
    """An installed definition, to compare or put back.

    Attributes:
        kind: What sort of service it is.
        start: How it begins to run.
        error_control: What a boot does if it fails.
        line: What is started.
        after: The services it needs.
        account: Whose rights it has.
        display_name: What people read.
        optional: The level of each optional setting that Windows tells → what it holds.
    """

    kind: int
    start: int
    error_control: int
    line: str
    after: tuple[str, ...]
    account: str
    display_name: str
    optional: Mapping[int, Any]

    def runs_as(self, other: Saved) -> bool:
        """Return whether a process that runs by `other` would not run otherwise by this."""
        return (self.line, self.account) == (other.line, other.account)


def saved(handle: Handle) -> Saved:
    """Return an installed definition."""
    found = handle.definition()
    values = ((level, handle.setting(level)) for level in OPTIONAL)
    return Saved(
        *(int(found.type), int(found.start_type), int(found.error_control)),
        *(str(found.command_line), winsvc.texts_at(found.dependencies)),
        *(str(found.account), str(found.display_name)),
        {level: value for level, value in values if value is not None},
    )


def restored(handle: Handle, before: Saved) -> None:
    """Put a definition back."""
    handle.call(
        "ChangeServiceConfigW",
        *(before.kind, before.start, before.error_control, before.line),
        *(None, None, winsvc.multi_text(before.after)),
        *(before.account, None, before.display_name),
    )
    for level, value in before.optional.items():
        handle.set(level, value)


def start_type(service: OsService) -> int:
    """Return how the service begins to run: by the boot, or by somebody."""
    return winsvc.AUTO_START if service.start_on_boot else winsvc.DEMAND_START


def delays(service: OsService) -> tuple[float, ...]:
    """Return the wait before each restart, each twice the one before, up to the longest."""
    restart = service.restart
    if restart.on is RestartOn.NEVER:
        return ()
    found: list[float] = []
    delay = restart.delay
    for _ in range(min(restart.limit, MOST_ACTIONS)):
        found.append(delay)
        delay = min(2 * delay, restart.max_delay)
    return tuple(found)


def window(service: OsService) -> float:
    """Return after how long without a failure the restarts are counted anew."""
    return service.restart.window
