"""The spec as data: what the author said, checked, and nothing decided yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TimeoutPolicy = Literal["stop", "notify", "reschedule"]
AndroidKind = Literal["service", "job"]
AndroidHost = Literal["chaquopy", "cpython"]
Scope = Literal["user", "system"]
Account = Literal["LocalSystem", "LocalService", "NetworkService", "own"]
Strategy = Literal["queue", "fail"]
Importance = Literal["min", "low", "default"]
RestartOn = Literal["failure", "always", "never"]


@dataclass(frozen=True, slots=True)
class Label:
    """A user-visible text, in one language or several.

    Attributes:
        default: What is shown where no translation fits: the English text, or the first one.
        translations: Language tag → text, the default's included; empty for a plain string.
    """

    default: str
    translations: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class App:
    """The application that carries the services.

    Attributes:
        id: Reverse-DNS identifier, at least two segments, such as `com.example.notes`.
        name: What its user calls it.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Restart:
    """When a run that ended is started again; times in seconds."""

    on: RestartOn = "failure"
    delay: float = 1.0
    max_delay: float = 300.0
    limit: int = 5
    window: float = 600.0


@dataclass(frozen=True, slots=True)
class Notification:
    """`[services.<name>.android.notification]`: what keeps a service in the foreground.

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
class Refresh:
    """A BGAppRefreshTask; `earliest` in seconds since the service's last one."""

    earliest: float = 900.0


@dataclass(frozen=True, slots=True)
class Processing:
    """A BGProcessingTask and what it waits for.

    Attributes:
        earliest: Seconds since the service's last one.
        network: Whether it needs one.
        power: Whether it needs external power.
        health_research: Whether it is one for a health study, which asks for an entitlement.
        identifier: Its name with iOS; `None` for the usual one.
    """

    earliest: float = 900.0
    network: bool = False
    power: bool = False
    health_research: bool = False
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Continued:
    """A BGContinuedProcessingTask: work that the user started and sees.

    Attributes:
        title: What the user reads about it; `None` for the service's label.
        subtitle: What stands below.
        strategy: Whether it waits for its turn, or is refused where it cannot begin at once.
        gpu: Whether it uses the graphics processor, which asks for an entitlement.
    """

    title: str | None = None
    subtitle: str = ""
    strategy: Strategy = "queue"
    gpu: bool = False


@dataclass(frozen=True, slots=True)
class Ios:
    """`[services.<name>.ios]`; `None` where no such task is asked for.

    Attributes:
        foreground: Whether the app starts it while it is in use, without any task.
    """

    refresh: Refresh | None = None
    processing: Processing | None = None
    continued: Continued | None = None
    foreground: bool = False

    @property
    def is_used(self) -> bool:
        """Whether the service is on iOS at all."""
        return self.foreground or any((self.refresh, self.processing, self.continued))


@dataclass(frozen=True, slots=True)
class Timer:
    """When a service is started again and again; one of the two is set.

    Attributes:
        every: Seconds from one start to the next.
        calendar: A calendar event as systemd.time(7) writes it, such as `Mon..Fri 08:00`.
    """

    every: float | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Windows:
    """`[services.<name>.desktop.windows]`: what other systems spell otherwise.

    Attributes:
        account: Whose rights a service has; `None` for what `user` asks for elsewhere.
        working_directory: Where it starts; `None` for what is said for all.
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


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its Python class, and how each platform runs it.

    Attributes:
        name: Its key in the spec, `[a-z][a-z0-9_-]*`.
        entry: `package.module:Class`.
        stop_timeout: Seconds that `shutdown` may take.
    """

    name: str
    entry: str
    label: Label
    start_on_boot: bool = False
    restart: Restart = field(default_factory=Restart)
    stop_timeout: float = 10.0
    android: Android = field(default_factory=Android)
    ios: Ios = field(default_factory=Ios)
    desktop: Desktop = field(default_factory=Desktop)


@dataclass(frozen=True, slots=True)
class AndroidLevels:
    """`[android]`: the API levels that the app's build is for, and Android's rules with them."""

    min_sdk: int = 26
    target_sdk: int = 36


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole `bgsvc.toml`.

    Attributes:
        services: In the order of the file; at least one.
        allow: What a UI or peer may ask of the bridge.
        android: Which levels of Android the app is for.
    """

    app: App
    services: tuple[Service, ...]
    allow: tuple[str, ...]
    android: AndroidLevels = field(default_factory=AndroidLevels)
