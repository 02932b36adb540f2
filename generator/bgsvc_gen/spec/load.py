"""Building a `Spec` from TOML, and reporting every error at once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from bgsvc_gen.diagnostics import Diagnostic
from bgsvc_gen.errors import SpecError
from bgsvc_gen.spec import values
from bgsvc_gen.spec.android import read_levels
from bgsvc_gen.spec.locate import Locations
from bgsvc_gen.spec.model import App, Spec
from bgsvc_gen.spec.permissions import DEFAULT_ALLOW, PERMISSIONS
from bgsvc_gen.spec.rules import check_rules
from bgsvc_gen.spec.services import read_service
from bgsvc_gen.spec.source import Source, read_source
from bgsvc_gen.spec.table import Place, Table, suggestion
from bgsvc_gen.spec.warnings import find_warnings


def load_spec(path: Path) -> Spec:
    """Return the spec at `path`.

    Raises:
        SpecError: The spec has errors; the exception lists all of them.
    """
    return build_spec(read_source(path))


def build_spec(source: Source) -> Spec:
    """Return the checked spec that `source` contains.

    Raises:
        SpecError: The spec has errors; the exception lists all of them.
    """
    findings = _Findings(source)
    spec = read_spec(Table(source.table, source.root, findings.report))
    check_rules(spec, (*source.root, "services"), findings.report)
    if findings.diagnostics:
        raise SpecError(findings.diagnostics)
    return spec


def spec_warnings(spec: Spec, source: Source, targets: Collection[str]) -> tuple[Diagnostic, ...]:
    """Return the warnings about `spec`, which `source` holds, for `targets`; by location."""
    findings = _Findings(source)
    for finding in find_warnings(spec, targets, (*source.root, "services")):
        findings.report(*finding)
    return tuple(sorted(findings.diagnostics, key=lambda diagnostics: diagnostics.location))


def read_spec(root: Table) -> Spec:
    """Return the spec in the table `root`, with defaults for wrong or absent values."""
    app = _read_app(root)
    services_table = root.table("services")
    services = (
        tuple(read_service(table) for table in services_table.tables()) if services_table else ()
    )
    allow = _read_allow(root)
    android = read_levels(root)
    root.close()
    if "services" not in root.content or (services_table and not services_table.content):
        header = ".".join((*map(str, root.path), "services.<name>"))
        hint = f'add [{header}] with entry = "package.module:Class"'
        root.report(root.place("services"), "BG205", "the spec has no service", hint)
    return Spec(app, services, allow, android)


@dataclass(slots=True)
class _Findings:
    """Collects diagnostics; locations are computed at the first one."""

    source: Source
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    locations: Locations | None = None

    def report(self, place: Place, code: str, message: str, hint: str) -> None:
        if self.locations is None:
            self.locations = self.source.locations()
        look_up = self.locations.key if place.at_key else self.locations.value
        where = look_up(place.path)
        self.diagnostics.append(Diagnostic(str(self.source.path), where, code, message, hint))


def _read_app(root: Table) -> App:
    header = ".".join((*map(str, root.path), "app"))
    root.require("app", f'add [{header}] with id = "com.example.notes"')
    table = root.table("app")
    if table is None:
        return App("", "")
    table.require("id", 'write id = "com.example.notes", with your own domain')
    app_id = table.string("id")
    if app_id is not None and len(app_id) > values.MAX_APP_ID_LENGTH:
        message = f"the app id has {len(app_id)} characters, more than {values.MAX_APP_ID_LENGTH}"
        hint = "shorten it; files are named after it, and a file name has at most 255 bytes"
        table.report_value("id", "BG201", message, hint)
    elif app_id is not None and not values.is_app_id(app_id):
        message = f'"{app_id}" is not a reverse-DNS name, such as "com.example.notes"'
        hint = "write two or more names joined by dots; each starts with a letter from a to z"
        table.report_value("id", "BG201", message, hint)
    app_id = app_id or ""
    name = table.string("name")
    fault = None if name is None else values.text_fault(name, values.MAX_DISPLAY_NAME_LENGTH)
    if fault is not None:
        table.report_value("name", "BG106", f"[app] name {fault}", "write one short line of text")
    table.close()
    return App(app_id, name or app_id.rpartition(".")[2].capitalize())


def _read_allow(root: Table) -> tuple[str, ...]:
    table = root.table("permissions")
    if table is None:
        return DEFAULT_ALLOW
    words = table.strings("allow")
    table.close()
    if words is None:
        return DEFAULT_ALLOW
    for word, place in words:
        if word not in PERMISSIONS:
            hint = suggestion(word, PERMISSIONS) or f"choose one of: {', '.join(PERMISSIONS)}"
            root.report(place, "BG401", f'unknown permission "{word}"', hint)
    return tuple(dict.fromkeys(word for word, _ in words))
