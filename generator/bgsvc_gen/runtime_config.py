"""The service configuration that a shim passes to the runtime, in the bridge's spelling."""

import json
from collections.abc import Mapping

from bgsvc_gen.spec.model import Service, Spec


def runtime_config(spec: Spec, service: Service, *, android: bool = False) -> str:
    """Return `service` as the bridge's service configuration: one line of ASCII JSON.

    The shim passes it on unread, so that a new field needs no native change.
    The fields are those of `docs/bridge.md`, *Service configuration*; what only Android's shim
    has to say stands in `android` ones alone, so that a change of type leaves other targets alone.
    """
    config = _fields(spec, service)
    if android:
        config["foregroundServiceTypes"] = list(service.android.types)
        config["onTimeout"] = service.android.on_timeout
    return _json(config)


def desktop_config(
    spec: Spec, service: Service, environment: Mapping[str, str] | None = None
) -> str:
    """Return `service` as a desktop's command line says it: the same, but for the restarts.

    A service manager starts it again, in a new process; the runtime must not count as well.

    Args:
        spec: The whole spec.
        service: One of its services.
        environment: Variables that the manager has no place for; the process sets them itself.
    """
    config = _fields(spec, service)
    del config["restart"]
    if environment:
        config["environment"] = dict(environment)
    return _json(config)


def _fields(spec: Spec, service: Service) -> dict[str, object]:
    restart = service.restart
    label = service.label
    return {
        "name": service.name,
        "entry": service.entry,
        "label": dict(label.translations) or label.default,
        "stopTimeout": service.stop_timeout,
        "restart": {
            "on": restart.on,
            "delay": restart.delay,
            "maxDelay": restart.max_delay,
            "limit": restart.limit,
            "window": restart.window,
        },
        "startOnBoot": service.start_on_boot,
        "allow": list(spec.allow),
    }


def _json(config: dict[str, object]) -> str:
    return json.dumps(config, separators=(",", ":"))
