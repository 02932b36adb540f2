"""`[services.<name>.desktop]` as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scope = Literal["user", "system"]
Account = Literal["LocalSystem", "LocalService", "NetworkService", "own"]


@dataclass(frozen=True, slots=True)
class Timer:
    """When a service is started periodically; one of the two is set.

    Attributes:
        every: Seconds from one start to the next.
        calendar: A calendar event as systemd.time(7) writes it, such as `Mon..Fri 08:00`.
    """

    every: float | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Windows:
    """`[services.<name>.desktop.windows]`: values for Windows in place of the common ones.

    Attributes:
        account: The account of a service; `None` for the one that follows from `user`.
        working_directory: Its working directory on Windows; `None` for the common one.
        after: Services that it is started after, and needs.
    """

    account: Account | None = None
    working_directory: str | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desktop:
    """`[services.<name>.desktop]`.

    Attributes:
        start_delay: Seconds from the boot or login to its start.
        watchdog: Seconds it may be silent; `None` for no watchdog.
        user: The account it runs as, in the system scope; `None` for the platform's choice.
        working_directory: Where it starts, absolute or `~`; `None` for the manager's choice.
        environment: Variables it gets.
        after: Units it is started after, and wants; systemd only.
        credentials: Names of systemd credentials it is given, in the system scope.
        relax: The names of what its sandbox is to let through; systemd only.
        timer: What starts it in place of a boot; systemd only.
    """

    scope: Scope = "user"
    start_delay: float = 0.0
    watchdog: float | None = None
    user: str | None = None
    working_directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    after: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    relax: tuple[str, ...] = ()
    timer: Timer | None = None
    windows: Windows = field(default_factory=Windows)
