"""One service, decided for Android: the constants of its generated class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.lang import kotlin
from bgsvc_gen.runtime_config import runtime_config
from bgsvc_gen.spec.model import AndroidHost, Service, Spec
from bgsvc_gen.targets.android.resources import ICON, label_resource

_HOSTS: Final[Mapping[AndroidHost, tuple[str, tuple[str, ...]]]] = {
    "chaquopy": ("ChaquopyHost(this)", ("dev.bgsvc.ChaquopyHost",)),
    "cpython": (
        "CPythonHost(AssetPythonFiles(this))",
        ("dev.bgsvc.AssetPythonFiles", "dev.bgsvc.CPythonHost"),
    ),
}
"""`host` → the expression that makes it, within the service, and what that imports."""

_IMPORTS: Final = (
    "android.annotation.SuppressLint",
    "android.content.pm.ServiceInfo",
    "dev.bgsvc.ForegroundService",
    "dev.bgsvc.PythonHost",
    "dev.bgsvc.ServiceDefinition",
)


@dataclass(frozen=True, slots=True)
class Property:
    """A `<property>` of the service's declaration."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What a service's class and its declaration in the manifest print.

    Attributes:
        name: Its name in the spec.
        entry: Its Python class.
        config: What the runtime is told about it, as the bridge spells it.
        imports: In the order in which Kotlin's style wants them.
        type_constants: Its types' constants in `ServiceInfo`.
        types: Its types as the manifest spells them.
        type_names: The same, one by one.
        sticky: Whether Android may bring it back by itself; only if every type lets it.
        stop_timeout: Milliseconds.
        python_host: The Kotlin expression that makes its host.
    """

    name: str
    entry: str
    config: str
    package: str
    class_name: str
    qualified_class: str
    imports: tuple[str, ...]
    type_constants: tuple[str, ...]
    types: str
    type_names: tuple[str, ...]
    sticky: bool
    label_resource: str
    icon_resource: str
    stop_timeout: int
    properties: tuple[Property, ...]
    python_host: str


def plan_service(spec: Spec, service: Service, package: str) -> ServicePlan:
    """Decide how `service` runs on Android, as a class in `package`."""
    rows = [SERVICE_TYPES[name] for name in service.android.types]
    python_host, host_imports = _HOSTS[service.android.host]
    class_name = f"{kotlin.class_name(service.name)}Service"
    return ServicePlan(
        name=service.name,
        entry=service.entry,
        config=runtime_config(spec, service, android=True),
        package=package,
        class_name=class_name,
        qualified_class=f"{package}.{class_name}",
        imports=tuple(sorted((*_IMPORTS, *host_imports, f"{spec.app.id}.R"))),
        type_constants=tuple(row.constant for row in rows),
        types="|".join(row.name for row in rows),
        type_names=service.android.types,
        sticky=all(row.sticky for row in rows),
        label_resource=label_resource(service),
        icon_resource=ICON,
        stop_timeout=round(service.stop_timeout * 1000),
        properties=_properties(service),
        python_host=python_host,
    )


def _properties(service: Service) -> tuple[Property, ...]:
    names = (SERVICE_TYPES[name].property for name in service.android.types)
    value = service.android.special_use or ""
    return tuple(Property(name, value) for name in names if name is not None)
