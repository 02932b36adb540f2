"""Rules across keys."""

import json
from collections.abc import Iterator

from bgsvc_gen.lang import windows
from bgsvc_gen.spec import values
from bgsvc_gen.spec.android_rules import check_android_rules
from bgsvc_gen.spec.ios_rules import check_ios_rules
from bgsvc_gen.spec.locate import KeyPath
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.spec.table import Finding, Place, Report


def check_rules(spec: Spec, services_path: KeyPath, report: Report) -> None:
    """Report every rule that `spec` breaks; `services_path` is the path of its services."""
    root = services_path[:-1]
    for finding in _check_names(spec, services_path):
        report(*finding)
    for finding in _check_app_id(spec, root):
        report(*finding)
    for finding in _check_hosts(spec, services_path):
        report(*finding)
    for finding in _check_windows_expansion(spec, services_path):
        report(*finding)
    for finding in _check_command_length(spec, services_path):
        report(*finding)
    for finding in check_ios_rules(spec, services_path):
        report(*finding)
    for service in spec.services:
        for finding in check_android_rules(
            service, spec.android, (*services_path, service.name, "android")
        ):
            report(*finding)


def _check_names(spec: Spec, path: KeyPath) -> Iterator[Finding]:
    """`sync-notes` and `sync_notes` would get the same class, and on some disks the same file."""
    seen: dict[str, str] = {}
    for service in spec.services:
        folded = service.name.replace("-", "").replace("_", "")
        first = seen.setdefault(folded, service.name)
        if first != service.name:
            message = f'"{service.name}" and "{first}" would get the same class name'
            place = Place((*path, service.name), at_key=True)
            yield place, "BG204", message, "rename one of the two"


def _check_app_id(spec: Spec, root: KeyPath) -> Iterator[Finding]:
    place = Place((*root, "app", "id"))
    unfit = values.unfit_segment(spec.app.id)
    if unfit is not None and any(service.android.is_used for service in spec.services):
        message = f'"{unfit}" in the app id cannot be part of an Android package'
        hint = 'use letters, digits and "_", but no reserved word of Java or Kotlin'
        yield place, "BG201", message, hint
    on_ios = any(service.ios.is_used for service in spec.services)
    if "_" in spec.app.id and on_ios:
        message = f'"{spec.app.id}" cannot be an iOS bundle identifier'
        yield place, "BG201", message, 'use letters, digits, "-" and dots'


def _check_windows_expansion(spec: Spec, path: KeyPath) -> Iterator[Finding]:
    """Neither Windows command lines nor WinSW's file can escape `%NAME%`."""
    for service in spec.services:
        texts = (service.label.default, *service.label.translations.values())
        expansion = next(filter(None, map(windows.find_expansion, texts)), None)
        if expansion is not None:
            place = Place((*path, service.name, "label"))
            message = f'Windows would expand "{expansion}"'
            yield (
                place,
                "BG107",
                message,
                "reword the label; a Windows command line cannot escape it",
            )
        for name, value in service.desktop.environment.items():
            if expansion := windows.find_expansion(value):
                place = Place((*path, service.name, "desktop", "environment", name))
                message = f'Windows would expand "{expansion}"'
                yield (
                    place,
                    "BG107",
                    message,
                    "write a value without it; a Windows command line cannot escape it",
                )


def _check_command_length(spec: Spec, path: KeyPath) -> Iterator[Finding]:
    """A desktop command contains the label, and in the user scope the environment."""
    for service in spec.services:
        is_users = service.desktop.scope == "user"
        environment = dict(service.desktop.environment) if is_users else {}
        label = dict(service.label.translations) or service.label.default
        size = len(json.dumps([service.entry, label, environment]))
        if size > values.MAX_COMMAND_LENGTH:
            message = f'"{service.name}" needs a command line of {size} characters for its label,'
            hint = (
                f"shorten them to {values.MAX_COMMAND_LENGTH} in all, which every system can start"
            )
            place = Place((*path, service.name), at_key=True)
            yield place, "BG106", f"{message} entry and environment", hint


def _check_hosts(spec: Spec, path: KeyPath) -> Iterator[Finding]:
    """A process has one Python, and the services of an app share a process."""
    on_android = [service for service in spec.services if service.android.is_used]
    for service in on_android[1:]:
        first, host = on_android[0], service.android.host
        if host != first.android.host:
            message = (
                f'"{service.name}" has host "{host}", and "{first.name}" has "{first.android.host}"'
            )
            hint = f'an app has one Python; write host = "{first.android.host}" in both'
            yield Place((*path, service.name, "android", "host")), "BG307", message, hint
