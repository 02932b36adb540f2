"""The guarantees that each platform gives a service, after the choices of its spec."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bgsvc_gen.facts.promises import SERVICE_MODE, Promise, promises
from bgsvc_gen.spec.model import Android, Desktop, Ios, Service

_DESKTOP: Final = {
    "linux": {"user": "systemdUser", "system": "systemdSystem"},
    "macos": {"user": "launchAgent", "system": "launchDaemon"},
    "windows": {"user": "windowsTask", "system": "windowsService"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one platform guarantees a service.

    Attributes:
        target: The platform.
        mode: What runs the service there, such as `systemdUser`.
        scenarios: Scenario → promise.
    """

    target: str
    mode: str
    scenarios: Mapping[str, Promise]


def explain(service: Service) -> tuple[Answer, ...]:
    """Return an answer for each mode in which the service runs."""
    return tuple(
        Answer(target, mode, _apply_spec(service, target, promises(mode, service.android.types)))
        for target, mode in _modes(service)
    )


def _modes(service: Service) -> Iterator[tuple[str, str]]:
    for mode in _android_modes(service.android):
        yield "android", mode
    for mode in _ios_modes(service.ios):
        yield "ios", mode
    for target, mode in _desktop_modes(service.desktop):
        yield target, mode


def _android_modes(android: Android) -> Iterator[str]:
    if android.kind == "job":
        yield "androidUserInitiatedJob" if android.job.user_initiated else "androidJob"
    elif android.types:
        yield SERVICE_MODE


def _ios_modes(ios: Ios) -> Iterator[str]:
    if ios.refresh:
        yield "iosRefresh"
    if ios.processing:
        yield "iosProcessing"
    if ios.continued:
        yield "iosContinued"
    if ios.foreground:
        yield "iosFiniteTask"  # the rest of a run, once the app is in the background


def _desktop_modes(desktop: Desktop) -> Iterator[tuple[str, str]]:
    for target, modes in _DESKTOP.items():
        yield target, modes[desktop.scope]


def _apply_spec(
    service: Service, target: str, by_scenario: Mapping[str, Promise]
) -> dict[str, Promise]:
    """Return the promises; those that the spec gives up are unsupported."""
    given_up: dict[str, Promise] = {}
    if target != "ios" and not service.start_on_boot:
        given_up["survivesReboot"] = _give_up("start_on_boot is false", "start_on_boot = true")
    if target in _DESKTOP and service.restart.on == "never":
        no_restart = _give_up('restart.on is "never"', 'restart = { on = "failure" }')
        given_up |= {"survivesForceQuit": no_restart, "survivesMemoryKill": no_restart}
    if target == "android" and service.android.kind == "service":
        if service.android.stop_with_task:
            given_up["survivesAppClose"] = _give_up(
                "stop_with_task is true", "stop_with_task = false"
            )
        if service.android.sticky is False:
            given_up["survivesMemoryKill"] = _give_up("sticky is false", "sticky = true")
    return {
        name: given_up[name] if name in given_up and promise.level != "unsupported" else promise
        for name, promise in by_scenario.items()
    }


def _give_up(reason: str, need: str) -> Promise:
    return Promise("unsupported", f"the spec gives it up: {reason}", (need,))
