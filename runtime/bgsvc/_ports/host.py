"""The port between the runtime and whatever process or app it lives in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._model.enums import NativeState


class NotificationReply:
    """What a host answers about one notification."""

    def __init__(
        self, press: Callable[[str], None], report_undelivered: Callable[[str], None]
    ) -> None:
        self._press = press
        self._report_undelivered = report_undelivered

    def pressed(self, action: str) -> None:
        """Report that the user pressed the button `action`."""
        self._press(action)

    def undelivered(self, why: str) -> None:
        """Report that the host could not show the notification, and why."""
        self._report_undelivered(why)


class Host:
    """What the runtime asks of its surroundings; the base class is a host that can do nothing.

    Android and iOS answer these calls over the bridge, a desktop process by itself, and
    `bgsvc.testing` by writing them down.

    Attributes:
        platform: `android`, `ios`, `linux`, `macos` or `windows`.
        mode: Which row of the capability table is in force.
        api_level: The Android version; None elsewhere, or if the host did not say.
        target_sdk: The Android version the app targets; None likewise.
        owns_process: Whether the process exists for its services, so that ending a run that
            will not stop by ending the process is right.
    """

    platform: str = "unknown"
    mode: str = "desktopInProcess"
    api_level: int | None = None
    target_sdk: int | None = None
    owns_process: bool = False

    def notify(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        """Show, update or cancel a notification; `reply` hears of its buttons and of failure."""

    def finite_task(self, op: str, task: str, name: str) -> None:
        """Begin or end the platform's grace for a finite task."""

    def desired_state(self, service: str, *, running: bool) -> None:
        """Learn what the user wants of a service from now on."""

    def native_state(self, service: str) -> NativeState | None:
        """Return what the host's side of a service is doing; None if there is no such side."""
        del service
        return None

    def end_process(self, status: int) -> None:
        """End the process now, because a run of its will not; only if `owns_process`."""
        del status
