"""Keys of a spec that a desktop system does not support, one row per key and system.

Sources: launchd.plist(5), whose keys know no order of jobs, no delay and no watchdog; the Task
Scheduler's schema (MS-TSCH 2.5) and SERVICE_* of winsvc.h, which know no calendar for a service, no
watchdog and no credentials; systemd.exec(5) for what only systemd has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bgsvc_gen.spec.model import Desktop


@dataclass(frozen=True, slots=True)
class Gap:
    """A key that a system does not support.

    Attributes:
        system: The target.
        key: The key of `[services.<name>.desktop]`.
        applies_to: Whether a spec uses it in a way that the system does not support.
        instead: What the system does instead.
        hint: How to fix it.
    """

    system: str
    key: str
    applies_to: Callable[[Desktop], bool]
    instead: str
    hint: str


_WAIT: Final = "wait in `init` for what the service needs, or remove the key"
_BEAT: Final = "a hanging service is not restarted there; remove the key if none should be"
_OTHERWISE: Final = "ctx.credential raises there; read the secret from another source"
_CLOCK: Final = "let `run` wait for the time, or start the service there by other means"


def _unix_folder(desktop: Desktop) -> bool:
    return (desktop.working_directory or "").startswith("/") and not (
        desktop.windows.working_directory
    )


def _unix_order(desktop: Desktop) -> bool:
    return bool(desktop.after) and not desktop.windows.after


GAPS: Final = (
    Gap("macos", "start_delay", lambda d: bool(d.start_delay), "starts the service at once", _WAIT),
    Gap("macos", "after", lambda d: bool(d.after), "has no start order", _WAIT),
    Gap("macos", "watchdog", lambda d: d.watchdog is not None, "has no watchdog", _BEAT),
    Gap("macos", "credentials", lambda d: bool(d.credentials), "has no credentials", _OTHERWISE),
    Gap("macos", "timer", lambda d: d.timer is not None, "has no generated timer", _CLOCK),
    Gap(
        "windows",
        "working_directory",
        _unix_folder,
        "has no such folder; the service starts in its own",
        "write working_directory under [services.<name>.desktop.windows]",
    ),
    Gap(
        "windows",
        "after",
        _unix_order,
        "has no systemd units, and no start order",
        "name Windows' services in `after` under [services.<name>.desktop.windows]",
    ),
    Gap("windows", "watchdog", lambda d: d.watchdog is not None, "has no watchdog", _BEAT),
    Gap("windows", "credentials", lambda d: bool(d.credentials), "has no credentials", _OTHERWISE),
    Gap("windows", "timer", lambda d: d.timer is not None, "has no generated timer", _CLOCK),
)


def gaps(desktop: Desktop, system: str) -> tuple[Gap, ...]:
    """Return the keys of `desktop` that `system` does not support."""
    return tuple(gap for gap in GAPS if gap.system == system and gap.applies_to(desktop))
