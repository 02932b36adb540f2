"""The service configuration that a shim passes to the runtime, in the bridge's spelling."""

import json
from collections.abc import Mapping

from bgsvc_gen.spec.model import Service, Spec


def runtime_config(spec: Spec, service: Service, *, android: bool = False) -> str:
    """Return `service` as the bridge's service configuration: one line of ASCII JSON.

    The shim passes it on unread, so that a new field needs no native change.
    The fields are those of `docs/bridge.md`, *Service configuration*; Android's own fields
    are added only with `android`, so that a change of type leaves the other targets unchanged.
    """
    config = _fields(spec, service)
    if android:
        config["foregroundServiceTypes"] = list(service.android.types)
        config["onTimeout"] = service.android.on_timeout
    return _json(config)


def desktop_config(
    spec: Spec, service: Service, environment: Mapping[str, str] | None = None
) -> str:
    """Return `service` as a desktop command line contains it: the same, without the restart policy.

    The service manager restarts it in a new process, so the runtime must not count restarts too.

    Args:
        spec: The whole spec.
        service: One of its services.
        environment: Variables that the manager cannot set; the process sets them itself.
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
