"""What a peer may ask of a daemon, and the answers."""

from __future__ import annotations

import os
import sys
import time

from bgsvc._lite.guards import is_number
from bgsvc._model import PROTOCOL_VERSION, __version__
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.errors import (
    MessageInvalidError,
    NotAllowedError,
    NotRunningError,
    UnknownMessageError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._engine.runtime import Runtime
    from bgsvc._engine.supervisor import Supervisor

    _Handler = Callable[[Supervisor, Mapping[str, object]], object]

DEFAULT_ALLOW = (
    "start-service",
    "stop-service",
    "is-service-running",
    "get-service-state",
    "get-desired-service-state",
    "get-platform-capabilities",
    "on-plugin-event",
    "validate-setup",
)
"""Life cycle and reading: what a spec that says nothing allows."""

_START_REASONS = (StartReason.USER, StartReason.APP)
_STOP_REASONS = (StopReason.USER_STOP, StopReason.APP_STOP)


_RUNNING, _NOT_RUNNING = {"running": True}, {"running": False}
"""Always the same objects, so that the replies are made once."""


class Requests:
    """Answers requests about the services of one process.

    Attributes:
        instance: Tells this process from any other, so that event numbers are not mixed up.
    """

    def __init__(self, runtime: Runtime, app: str) -> None:
        self.instance = f"{os.getpid()}-{time.time_ns():x}"
        self._runtime = runtime
        self._app = app
        self._handlers: dict[str, tuple[str, _Handler]] = {
            "hello": ("", self._hello),
            "start": ("start-service", self._start),
            "stop": ("stop-service", self._stop),
            "running": ("is-service-running", self._running),
            "state": ("get-service-state", self._state),
            "desired": ("get-desired-service-state", self._desired),
            "wish": ("", self._wish),
            "capabilities": ("get-platform-capabilities", self._capabilities),
            "validate": ("validate-setup", self._validate),
            "message": ("", self._message),
        }

    def answer(self, message: Mapping[str, object]) -> object:
        """Do what `message` asks and return its result.

        Raises:
            BackgroundServiceError: Saying why not.
        """
        kind = message.get("type")
        permission, handler = self._handlers.get(kind if isinstance(kind, str) else "", ("", None))
        if handler is None:
            raise UnknownMessageError(f"no message of type {kind!r}")
        supervisor = self.service(message)
        if permission:
            self.require(supervisor, permission)
        return handler(supervisor, message)

    @staticmethod
    def require(supervisor: Supervisor, permission: str) -> None:
        """Look whether the spec allows a peer something.

        Raises:
            NotAllowedError: It does not.
        """
        allow = supervisor.config.allow
        if permission not in (DEFAULT_ALLOW if allow is None else allow):
            raise NotAllowedError(
                f"{permission} is not allowed",
                fix=f'add "{permission}" to `allow` under [permissions] in bgsvc.toml',
            )

    def service(self, message: Mapping[str, object]) -> Supervisor:
        """Return the service a message means: the one it names, else the only one."""
        name = message.get("service")
        if name is not None and not isinstance(name, str):
            raise MessageInvalidError(f"{message.get('type')}.service must be a string")
        return self._runtime.find(name)

    def _hello(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        del message
        return {
            "protocol": PROTOCOL_VERSION,
            "runtime": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "instance": self.instance,
            "pid": os.getpid(),
            "app": self._app,
            "service": supervisor.config.name,
        }

    def _start(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        reason = _reason(message, StartReason.APP, _START_REASONS)
        return supervisor.start(StartReason(reason)).to_wire()

    def _stop(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        reason = _reason(message, StopReason.USER_STOP, _STOP_REASONS)
        wait = message.get("wait", 0)
        if not is_number(wait) or wait < 0:
            raise MessageInvalidError("stop.wait must be a number of seconds from zero up")
        supervisor.stop(StopReason(reason))
        if wait:
            supervisor.wait_stopped(min(wait, supervisor.config.stop_timeout))
        return supervisor.status().to_wire()

    def _running(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        del message
        return _RUNNING if supervisor.running else _NOT_RUNNING

    def _state(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        del message
        return supervisor.status().to_wire()

    def _desired(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        del message
        saved = supervisor.reread()
        return {
            "service": supervisor.config.name,
            "running": saved.desired_running,
            "since": saved.since,
        }

    def _wish(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        running = message.get("running")
        if not isinstance(running, bool):
            raise MessageInvalidError("wish needs running, true or false")
        self.require(supervisor, "enable-auto-restart" if running else "disable-auto-restart")
        supervisor.set_desired_state(running=running)
        return self._desired(supervisor, message)

    def _capabilities(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        del supervisor, message
        from bgsvc._app.capabilities import capabilities_of

        return capabilities_of(self._runtime.ports.host).to_wire()

    def _validate(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        del message
        from bgsvc._app.validate import validate_setup

        ports = self._runtime.ports
        config = supervisor.config
        return validate_setup([config], ports.host, ports.data_dir).to_wire()

    def _message(self, supervisor: Supervisor, message: Mapping[str, object]) -> object:
        if not supervisor.deliver(message.get("data")):
            raise NotRunningError(f"{supervisor.config.name} is not running")
        return {}


def _reason(message: Mapping[str, object], default: str, choices: tuple[str, ...]) -> str:
    """Return the reason a peer gives, of those that a peer may give."""
    reason = message.get("reason", default)
    if not isinstance(reason, str) or reason not in choices:
        words = ", ".join(choices)
        text = f"{message.get('type')}.reason must be one of {words}, not {reason!r}"
        raise MessageInvalidError(text)
    return reason
