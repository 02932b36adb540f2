"""The bridge to a host that embeds Python: JSON messages, each one string.

A host calls `attach` once with a function that carries messages to it, then `receive` with each
of its requests. docs/bridge.md has every message.
"""

from __future__ import annotations

import sys
import threading

from bgsvc._app.bridge_host import BridgeHost
from bgsvc._lite.guards import is_array, is_number, is_object
from bgsvc._lite.json import compact, decode
from bgsvc._model import PROTOCOL_VERSION, __version__
from bgsvc._model.config import config_from_wire
from bgsvc._model.enums import AppState, NativeState, StartReason, StopReason
from bgsvc._model.errors import (
    MessageInvalidError,
    NotRunningError,
    ProtocolError,
    UnknownMessageError,
    describe_error,
    normalize_background_service_error,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from bgsvc._engine.runtime import Runtime
    from bgsvc._model.enums import StrEnum

    _W = TypeVar("_W", bound=StrEnum)

__all__ = ["attach", "receive"]

_lock = threading.Lock()
_hosts: list[BridgeHost] = []


def attach(send: Callable[[str], object]) -> None:
    """Carry every message to the host through `send`; a later call replaces an earlier one.

    `send` is called from any thread, one call at a time, and must not block.
    """
    _host().attach(send)


def receive(text: str) -> str:
    """Answer one request. Never raises, and never waits for a run.

    Of a service's code only its `on_message` callbacks run inside, on a `message`.
    """
    request: dict[str, object] = {}
    try:
        request = _decoded(text)
        result: object = _handle(request)
        reply: dict[str, object] = {"ok": True, "result": result}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the host gets it as a reply
        reply = {"ok": False, "error": normalize_background_service_error(error).to_wire()}
    request_id = request.get("id")
    return compact({"v": PROTOCOL_VERSION, "type": "reply", "id": request_id, **reply})


def _host() -> BridgeHost:
    with _lock:
        if not _hosts:
            _hosts.append(BridgeHost())
        return _hosts[-1]


def _runtime() -> Runtime:
    return _host().runtime


def _decoded(text: str) -> dict[str, object]:
    try:
        message = decode(text)
    except (TypeError, ValueError) as error:
        raise MessageInvalidError(f"not JSON: {describe_error(error)}") from error
    if not is_object(message):
        raise MessageInvalidError("a message is a JSON object")
    return message


def _handle(message: Mapping[str, object]) -> object:
    kind = message.get("type")
    handler = _HANDLERS.get(kind) if isinstance(kind, str) else None
    if message.get("v") != PROTOCOL_VERSION:
        raise ProtocolError(f"this runtime speaks {PROTOCOL_VERSION}, not {message.get('v')!r}")
    if handler is None:
        raise UnknownMessageError(f"no message of type {kind!r}")
    return handler(message)


def _hello(message: Mapping[str, object]) -> object:
    _host().greet(message)
    return {
        "protocol": PROTOCOL_VERSION,
        "runtime": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _start(message: Mapping[str, object]) -> object:
    config = message.get("config")
    if not is_object(config):
        raise MessageInvalidError("start needs config, an object")
    supervisor = _runtime().adopt(config_from_wire(config))
    mode = message.get("mode")
    reason = _word(message, "reason", StartReason)
    granted = _seconds(message, "deadline")
    foreground_type = message.get("foregroundServiceType")
    host, name = _host(), supervisor.config.name
    before = host.mode, host.native_state(name) or NativeState.IDLE
    host.mode = mode if isinstance(mode, str) and mode else host.mode
    host.note(name, NativeState.RUNNING)
    try:
        result = supervisor.start(
            reason,
            foreground_type=foreground_type if isinstance(foreground_type, str) else None,
            granted=granted,
        )
    except BaseException:
        host.mode, state = before  # what is refused changes nothing
        host.note(name, state)
        raise
    return result.to_wire()


def _stop(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_text(message, "service"))
    supervisor.stop(_word(message, "reason", StopReason))
    if supervisor.running:
        _host().note(supervisor.config.name, NativeState.STOPPING)
    return supervisor.status().to_wire()


def _expire(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_text(message, "service"))
    reason = _word(message, "reason", StopReason)
    supervisor.expire(reason, _seconds(message, "remaining"))
    if supervisor.running:
        late = reason is StopReason.PLATFORM_TIMEOUT
        state = NativeState.TIMEOUT if late else NativeState.EXPIRED
        _host().note(supervisor.config.name, state)
    return supervisor.status().to_wire()


def _state(message: Mapping[str, object]) -> object:
    runtime = _runtime()
    if message.get("service") is not None:
        return runtime.find(_text(message, "service")).status().to_wire()
    return {"services": [supervisor.status().to_wire() for supervisor in runtime.all()]}


def _app_state(message: Mapping[str, object]) -> object:
    _runtime().app_moved(_word(message, "state", AppState), _seconds(message, "remaining"))
    return {}


def _action(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_text(message, "service"))
    supervisor.act(_text(message, "notification"), _text(message, "action"))
    return {}


def _message(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_text(message, "service"))
    if not supervisor.deliver(message.get("data")):
        raise NotRunningError(f"{message.get('service')} is not running")
    return {}


def _capabilities(message: Mapping[str, object]) -> object:
    from bgsvc._app.capabilities import capabilities_of

    runtime = _runtime()
    given = message.get("types")
    if is_array(given):
        types = [str(kind) for kind in given]
    else:
        found = {kind for one in runtime.all() for kind in one.config.foreground_service_types}
        types = sorted(found)
    return capabilities_of(runtime.ports.host, types).to_wire()


def _finite_task_expire(message: Mapping[str, object]) -> object:
    _runtime().finite_tasks.expire(_text(message, "task"))
    return {}


def _text(message: Mapping[str, object], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str) or not value:
        raise MessageInvalidError(f"{message.get('type')} needs {key}, a non-empty string")
    return value


def _seconds(message: Mapping[str, object], key: str) -> float | None:
    value = message.get(key)
    if value is None:
        return None
    if not is_number(value) or value < 0:
        raise MessageInvalidError(f"{message.get('type')}.{key} must be a number from zero up")
    return value


def _word(message: Mapping[str, object], key: str, kind: type[_W]) -> _W:
    try:
        return kind(message.get(key))
    except ValueError:
        choices = ", ".join(kind)
        text = f"{message.get('type')}.{key} must be one of {choices}, not {message.get(key)!r}"
        raise MessageInvalidError(text) from None


_HANDLERS: dict[str, Callable[[Mapping[str, object]], object]] = {
    "hello": _hello,
    "start": _start,
    "stop": _stop,
    "expire": _expire,
    "state": _state,
    "appState": _app_state,
    "action": _action,
    "capabilities": _capabilities,
    "finiteTaskExpire": _finite_task_expire,
    "message": _message,
}
