"""Service names and start commands, which all desktop service managers share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bgsvc_gen.runtime_config import desktop_config
from bgsvc_gen.spec.model import Service, Spec

STOP_MARGIN_S: Final = 5.0
"""Seconds beyond `stop_timeout` before the platform kills: the runtime ends a late run itself,
and reports it, which it cannot do once it is killed."""


def service_id(spec: Spec, service: Service) -> str:
    """Return the name of `service` in its service manager, unique on a machine."""
    return f"{spec.app.id}.{service.name}"


def title(spec: Spec, service: Service) -> str:
    """Return the display name of `service`."""
    return f"{service.label.default.strip()} ({spec.app.name.strip()})"


OWN_ENVIRONMENT: Final = {"PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
"""Variables of every service; they keep Python from importing from the working directory."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a service's environment."""

    name: str
    value: str


def variables(service: Service) -> tuple[Variable, ...]:
    """Return the environment variables that the manager sets for `service`."""
    environment = {**OWN_ENVIRONMENT, **service.desktop.environment}
    return tuple(Variable(name, value) for name, value in environment.items())


def run_arguments(
    spec: Spec, service: Service, environment: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return the arguments of `python -m bgsvc run` for `service`, unquoted.

    An option and its value are one argument, so that a value can start with a hyphen.
    `environment` has the variables that the manager cannot set.
    """
    always = ("--again",) if service.restart.on == "always" else ()
    return (
        service.entry,
        f"--app={spec.app.id}",
        f"--config={desktop_config(spec, service, environment)}",
        *always,
    )


def decimal(seconds: float) -> str:
    """Return `seconds` to the millisecond, without an exponent and without needless zeros."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
