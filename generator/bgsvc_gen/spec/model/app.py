"""The app, its services and the whole spec as data."""

from dataclasses import dataclass, field
from typing import Literal

from bgsvc_gen.spec.model.android import Android, AndroidLevels
from bgsvc_gen.spec.model.desktop import Desktop
from bgsvc_gen.spec.model.ios import Ios
from bgsvc_gen.spec.model.label import Label

RestartOn = Literal["failure", "always", "never"]


@dataclass(frozen=True, slots=True)
class App:
    """The application that carries the services.

    Attributes:
        id: Reverse-DNS identifier, at least two segments, such as `com.example.notes`.
        name: Its name, as users see it.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Restart:
    """When the service restarts after a run; times in seconds."""

    on: RestartOn = "failure"
    delay: float = 1.0
    max_delay: float = 300.0
    limit: int = 5
    window: float = 600.0


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its Python class and its settings for each platform.

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
class Spec:
    """A whole `bgsvc.toml`.

    Attributes:
        services: In the order of the file; at least one.
        allow: What a UI or peer may ask of the bridge.
        android: The API levels of the app.
    """

    app: App
    services: tuple[Service, ...]
    allow: tuple[str, ...]
    android: AndroidLevels = field(default_factory=AndroidLevels)
