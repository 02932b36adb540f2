"""Every word the runtime, the hosts and the files on disk share, spelled once."""

from __future__ import annotations

from bgsvc._lite.enum import StrEnum

__all__ = [
    "AppState",
    "Guarantee",
    "NativeState",
    "OnTimeout",
    "RestartOn",
    "ServiceState",
    "StartReason",
    "StopReason",
    "StrEnum",
]


class ServiceState(StrEnum):
    """Where a service is in its life."""

    IDLE = "idle"
    INITIALIZING = "initializing"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


class StartReason(StrEnum):
    """Who asked for a run."""

    USER = "user"
    APP = "app"
    BOOT = "boot"
    OS_RESTART = "osRestart"
    REPLAY = "replay"
    TASK = "task"
    RESTART = "restart"

    @property
    def sets_desired_state(self) -> bool:
        """Whether somebody asked for the service, rather than something bringing it back."""
        return self in _SETTING


class StopReason(StrEnum):
    """Why a run ended."""

    USER_STOP = "userStop"
    APP_STOP = "appStop"
    PLATFORM_TIMEOUT = "platformTimeout"
    PLATFORM_EXPIRATION = "platformExpiration"
    NATIVE_NOTIFICATION_STOP = "nativeNotificationStop"
    OS_RESTART = "osRestart"
    BOOT_RECOVERY = "bootRecovery"
    TASK_COMPLETED = "taskCompleted"
    ERROR = "error"
    PROCESS_EXIT = "processExit"

    @property
    def clears_desired_state(self) -> bool:
        """Whether somebody wanted the service to be off, rather than something ending it."""
        return self in _CLEARING


_SETTING = frozenset({StartReason.USER, StartReason.APP})
_CLEARING = frozenset(
    {
        StopReason.USER_STOP,
        StopReason.APP_STOP,
        StopReason.NATIVE_NOTIFICATION_STOP,
        StopReason.TASK_COMPLETED,
    }
)


class RestartOn(StrEnum):
    """After which ends a service is started again by itself."""

    NEVER = "never"
    FAILURE = "failure"
    ALWAYS = "always"


class OnTimeout(StrEnum):
    """What a service does when the platform's time budget runs out."""

    STOP = "stop"
    NOTIFY = "notify"
    RESCHEDULE = "reschedule"


class NativeState(StrEnum):
    """What the host's side of a service is doing, as far as the host has said."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    TIMEOUT = "timeout"
    EXPIRED = "expired"


class AppState(StrEnum):
    """Whether the user has the app in front."""

    ACTIVE = "active"
    BACKGROUND = "background"


class Guarantee(StrEnum):
    """How far a platform's promise goes."""

    GUARANTEED = "guaranteed"
    BEST_EFFORT = "bestEffort"
    UNSUPPORTED = "unsupported"
