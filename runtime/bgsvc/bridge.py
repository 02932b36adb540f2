"""The bridge to a host that embeds Python: JSON messages, each one string.

A host calls `attach` once, with a function that takes messages, then `receive` with each of its
requests. docs/bridge.md has every message.
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

    _E = TypeVar("_E", bound=StrEnum)

__all__ = ["attach", "receive"]

_lock = threading.Lock()
_hosts: list[BridgeHost] = []


def attach(send: Callable[[str], object]) -> None:
    """Send every message to the host through `send`; a later call replaces an earlier one.

    `send` is called from any thread, one call at a time, and must not block.
    """
    _host().attach(send)


def receive(text: str) -> str:
    """Answer one request. Never raises, and never waits for a run.

    Of a service's code only its `on_message` callbacks run inside, on a `message`.
    """
    request: dict[str, object] = {}
    try:
        request = _decode(text)
        result: object = _handle(request)
        reply: dict[str, object] = {"ok": True, "result": result}
    except BaseException as error:  # noqa: BLE001 - the host gets every error as a reply
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


def _decode(text: str) -> dict[str, object]:
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


def _handle_hello(message: Mapping[str, object]) -> object:
    _host().greet(message)
    return {
        "protocol": PROTOCOL_VERSION,
        "runtime": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _handle_start(message: Mapping[str, object]) -> object:
    config = message.get("config")
    if not is_object(config):
        raise MessageInvalidError("start needs config, an object")
    supervisor = _runtime().adopt(config_from_wire(config))
    mode = message.get("mode")
    reason = _require_enum(message, "reason", StartReason)
    granted = _read_seconds(message, "deadline")
    foreground_type = message.get("foregroundServiceType")
    host, name = _host(), supervisor.config.name
    before = host.mode, host.native_state(name) or NativeState.IDLE
    host.mode = mode if isinstance(mode, str) and mode else host.mode
    host.set_native_state(name, NativeState.RUNNING)
    try:
        result = supervisor.start(
            reason,
            foreground_type=foreground_type if isinstance(foreground_type, str) else None,
            granted=granted,
        )
    except BaseException:
        host.mode, state = before  # a refused start changes nothing
        host.set_native_state(name, state)
        raise
    return result.to_wire()


def _handle_stop(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_require_text(message, "service"))
    supervisor.stop(_require_enum(message, "reason", StopReason))
    if supervisor.running:
        _host().set_native_state(supervisor.config.name, NativeState.STOPPING)
    return supervisor.status().to_wire()


def _handle_expire(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_require_text(message, "service"))
    reason = _require_enum(message, "reason", StopReason)
    supervisor.expire(reason, _read_seconds(message, "remaining"))
    if supervisor.running:
        late = reason is StopReason.PLATFORM_TIMEOUT
        state = NativeState.TIMEOUT if late else NativeState.EXPIRED
        _host().set_native_state(supervisor.config.name, state)
    return supervisor.status().to_wire()


def _handle_state(message: Mapping[str, object]) -> object:
    runtime = _runtime()
    if message.get("service") is not None:
        return runtime.find(_require_text(message, "service")).status().to_wire()
    return {"services": [supervisor.status().to_wire() for supervisor in runtime.all()]}


def _handle_app_state(message: Mapping[str, object]) -> object:
    _runtime().set_app_state(
        _require_enum(message, "state", AppState), _read_seconds(message, "remaining")
    )
    return {}


def _handle_action(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_require_text(message, "service"))
    supervisor.act(_require_text(message, "notification"), _require_text(message, "action"))
    return {}


def _handle_message(message: Mapping[str, object]) -> object:
    supervisor = _runtime().find(_require_text(message, "service"))
    if not supervisor.deliver(message.get("data")):
        raise NotRunningError(f"{message.get('service')} is not running")
    return {}


def _handle_capabilities(message: Mapping[str, object]) -> object:
    from bgsvc._app.capabilities import capabilities_of

    runtime = _runtime()
    types_field = message.get("types")
    if is_array(types_field):
        types = [str(kind) for kind in types_field]
    else:
        declared = {kind for one in runtime.all() for kind in one.config.foreground_service_types}
        types = sorted(declared)
    return capabilities_of(runtime.ports.host, types).to_wire()


def _handle_finite_task_expire(message: Mapping[str, object]) -> object:
    _runtime().finite_tasks.expire(_require_text(message, "task"))
    return {}


def _require_text(message: Mapping[str, object], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str) or not value:
        raise MessageInvalidError(f"{message.get('type')} needs {key}, a non-empty string")
    return value


def _read_seconds(message: Mapping[str, object], key: str) -> float | None:
    value = message.get(key)
    if value is None:
        return None
    if not is_number(value) or value < 0:
        raise MessageInvalidError(f"{message.get('type')}.{key} must be a number from zero up")
    return value


def _require_enum(message: Mapping[str, object], key: str, kind: type[_E]) -> _E:
    try:
        return kind(message.get(key))
    except ValueError:
        choices = ", ".join(kind)
        text = f"{message.get('type')}.{key} must be one of {choices}, not {message.get(key)!r}"
        raise MessageInvalidError(text) from None


_HANDLERS: dict[str, Callable[[Mapping[str, object]], object]] = {
    "hello": _handle_hello,
    "start": _handle_start,
    "stop": _handle_stop,
    "expire": _handle_expire,
    "state": _handle_state,
    "appState": _handle_app_state,
    "action": _handle_action,
    "capabilities": _handle_capabilities,
    "finiteTaskExpire": _handle_finite_task_expire,
    "message": _handle_message,
}
