"""`[android]` and `[services.<name>.android]` as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bgsvc_gen.spec.model.label import Label

TimeoutPolicy = Literal["stop", "notify", "reschedule"]
AndroidKind = Literal["service", "job"]
AndroidHost = Literal["chaquopy", "cpython"]
Importance = Literal["min", "low", "default"]


@dataclass(frozen=True, slots=True)
class Notification:
    """`[services.<name>.android.notification]`: the notification of a foreground service.

    Attributes:
        stop: The text of a button that stops the service; `None` for no such button.
        resume: What the user reads where Android refuses to let the service go on by itself.
        actions: Further buttons: what Python hears → the text.
    """

    importance: Importance = "low"
    stop: Label | None = None
    resume: Label = field(default_factory=lambda: Label("Tap to resume"))
    actions: Mapping[str, Label] = field(default_factory=dict[str, Label])


@dataclass(frozen=True, slots=True)
class Job:
    """`[services.<name>.android.job]`: when Android runs a job.

    Attributes:
        network: Whether it waits for a network.
        charging: Whether it waits for power.
        period: Seconds from one run to the next; `None` for one run each time it is asked for.
        user_initiated: Whether it is a transfer that the user has just asked for (API 34).
    """

    network: bool = False
    charging: bool = False
    period: float | None = None
    user_initiated: bool = False


@dataclass(frozen=True, slots=True)
class Android:
    """`[services.<name>.android]`.

    Attributes:
        kind: What keeps the process alive: a foreground service, or a job.
        types: Foreground service types, in the author's order.
        host: What embeds Python.
        on_timeout: What follows when the platform's time limit is reached.
        special_use: Why the service needs `specialUse`, as Play's reviewers will read it.
        sticky: Whether Android brings it back after a kill; `None` for what its types allow.
        stop_with_task: Whether it ends when the user swipes the app away.
        wake_lock: Whether the processor stays awake during a run.
        direct_boot: Whether it starts with the device before the user has unlocked it.
        permissions: What the manifest asks for beside what the types need, by full names.
    """

    kind: AndroidKind = "service"
    types: tuple[str, ...] = ()
    host: AndroidHost = "chaquopy"
    on_timeout: TimeoutPolicy = "stop"
    special_use: str | None = None
    sticky: bool | None = None
    stop_with_task: bool = False
    wake_lock: bool = False
    direct_boot: bool = False
    permissions: tuple[str, ...] = ()
    notification: Notification = field(default_factory=Notification)
    job: Job = field(default_factory=Job)

    @property
    def is_used(self) -> bool:
        """Whether the service runs on Android at all."""
        return bool(self.types) or self.kind == "job"


@dataclass(frozen=True, slots=True)
class AndroidLevels:
    """`[android]`: the API levels of the app's build, on which Android's rules depend."""

    min_sdk: int = 26
    target_sdk: int = 36
