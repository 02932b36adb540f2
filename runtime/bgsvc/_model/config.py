"""What the spec says about one service, as it reaches the device."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._lite.guards import is_array, is_number, is_object
from bgsvc._model.enums import OnTimeout, RestartOn
from bgsvc._model.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from bgsvc._model.enums import StrEnum

    _C = TypeVar("_C")
    _W = TypeVar("_W", bound=StrEnum)


def _check_seconds(key: str, value: object) -> None:
    if not is_number(value) or value < 0:
        raise ConfigError(f"{key} must be a number of seconds from zero up, not {value!r}")


@dataclass(frozen=True)
class RestartPolicy:
    """When and how soon a run that ended is followed by another.

    Attributes:
        on: After which ends; `failure` means after an error.
        delay: Seconds before the first restart; each further one waits twice as long.
        max_delay: Seconds no wait exceeds.
        limit: How many restarts may fall into `window` before the runtime gives up.
        window: Seconds the guard looks back.
    """

    on: RestartOn = RestartOn.NEVER
    delay: float = 1.0
    max_delay: float = 300.0
    limit: int = 5
    window: float = 600.0

    def __post_init__(self) -> None:
        """Refuse a time that no file and no clock can hold."""
        for key in ("delay", "max_delay", "window"):
            _check_seconds(f"restart.{key}", getattr(self, key))


@dataclass(frozen=True)
class ServiceConfig:
    """One service as the spec describes it.

    Attributes:
        name: The name everything else refers to it by.
        entry: Where its class is, as `package.module:ClassName`.
        label: What the user sees; a mapping of language to text localises it.
        stop_timeout: Seconds from a stop to the hard end.
        restart: What follows an end nobody asked for.
        start_on_boot: Whether a boot may start it.
        foreground_service_types: The Android types it declares.
        on_timeout: What it does when the platform's time budget runs out.
        allow: The calls a UI or peer may make; None means no restriction.
    """

    name: str
    entry: str
    label: str | Mapping[str, str] = ""
    stop_timeout: float = 10.0
    restart: RestartPolicy = RestartPolicy()
    start_on_boot: bool = False
    foreground_service_types: tuple[str, ...] = ()
    on_timeout: OnTimeout = OnTimeout.STOP
    allow: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a time that no file and no clock can hold."""
        _check_seconds("stop_timeout", self.stop_timeout)

    def label_in(self, language: str | None) -> str:
        """Return the label for `language` (`de`, `de_DE.UTF-8`), else English, else any."""
        if isinstance(self.label, str):
            return self.label or self.name
        short = (language or "").replace("-", "_").partition(".")[0]
        for key in (short, short.partition("_")[0], "en"):
            if key in self.label:
                return self.label[key]
        return next(iter(self.label.values()), self.name)


def config_from_wire(fields: Mapping[str, object]) -> ServiceConfig:
    """Read the configuration a shim passes on; unknown fields are ignored.

    Raises:
        ConfigError: Naming the field that is missing or of the wrong kind.
    """
    read = _Reader(fields, "config")
    restart = _Reader(read.table("restart"), "config.restart")
    return ServiceConfig(
        name=read.required_text("name"),
        entry=read.required_text("entry"),
        label=read.label("label"),
        stop_timeout=read.seconds("stopTimeout", 10.0),
        restart=RestartPolicy(
            on=restart.word("on", RestartOn, RestartOn.NEVER),
            delay=restart.seconds("delay", 1.0),
            max_delay=restart.seconds("maxDelay", 300.0),
            limit=int(restart.seconds("limit", 5)),
            window=restart.seconds("window", 600.0),
        ),
        start_on_boot=read.flag("startOnBoot"),
        foreground_service_types=read.texts("foregroundServiceTypes") or (),
        on_timeout=read.word("onTimeout", OnTimeout, OnTimeout.STOP),
        allow=read.texts("allow"),
    )


def config_to_wire(config: ServiceConfig) -> dict[str, object]:
    """Return `config` as `config_from_wire` reads it."""
    restart = config.restart
    fields: dict[str, object] = {
        "name": config.name,
        "entry": config.entry,
        "label": config.label if isinstance(config.label, str) else dict(config.label),
        "stopTimeout": config.stop_timeout,
        "restart": {
            "on": restart.on.value,
            "delay": restart.delay,
            "maxDelay": restart.max_delay,
            "limit": restart.limit,
            "window": restart.window,
        },
        "startOnBoot": config.start_on_boot,
        "foregroundServiceTypes": list(config.foreground_service_types),
        "onTimeout": config.on_timeout.value,
    }
    if config.allow is not None:
        fields["allow"] = list(config.allow)
    return fields


def require_callable(callback: _C) -> _C:
    """Return what is to be called later, when nobody could be told that it cannot be.

    Raises:
        ConfigError: If it is nothing to call.
    """
    if not callable(callback):
        raise ConfigError(f"a callback is something to call, not {callback!r}")
    return callback


def validate_name(name: object) -> str:
    """Return the name of an app or of a service, which becomes a part of files' names.

    Raises:
        ConfigError: If it could lead elsewhere.
    """
    if isinstance(name, str) and name[:1].isalnum():
        rest = name.replace("-", "").replace("_", "").replace(".", "")
        if rest.isalnum():
            return name
    raise ConfigError(f"{name!r} is not a name: letters, digits, `-`, `_` and `.`")


class _Reader:
    """Takes typed values out of a decoded JSON object, naming the field that is wrong."""

    def __init__(self, fields: Mapping[str, object], path: str) -> None:
        self._fields = fields
        self._path = path

    def _wrong_value(self, key: str, expected: str) -> ConfigError:
        return ConfigError(f"{self._path}.{key} must be {expected}, not {self._fields.get(key)!r}")

    def required_text(self, key: str) -> str:
        value = self._fields.get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong_value(key, "a non-empty string")
        return value

    def label(self, key: str) -> str | dict[str, str]:
        value = self._fields.get(key, "")
        if isinstance(value, str):
            return value
        texts = {k: v for k, v in self.table(key).items() if isinstance(v, str)}
        if not texts:
            raise self._wrong_value(key, "a string or an object of language to text")
        return texts

    def seconds(self, key: str, default: float) -> float:
        value = self._fields.get(key, default)
        if not is_number(value) or value < 0:
            raise self._wrong_value(key, "a number from zero up")
        return value

    def flag(self, key: str) -> bool:
        value = self._fields.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong_value(key, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self._fields.get(key)
        if value is None:
            return None
        items = value if is_array(value) else [value]
        texts = tuple(item for item in items if isinstance(item, str))
        if len(texts) != len(items):
            raise self._wrong_value(key, "a list of strings")
        return texts

    def word(self, key: str, kind: type[_W], default: _W) -> _W:
        value = self._fields.get(key, default)
        try:
            return kind(value)
        except ValueError:
            choices = ", ".join(kind)
            raise self._wrong_value(key, f"one of {choices}") from None

    def table(self, key: str) -> dict[str, object]:
        value = self._fields.get(key, {})
        if not is_object(value):
            raise self._wrong_value(key, "an object")
        return value
