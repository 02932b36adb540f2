"""Checks of an iOS app that contains generated services.

They read a built app, or the `Info.plist` of a project. iOS reports few of these faults: it refuses
a request, or never starts the task.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from bgsvc_gen import plist
from bgsvc_gen.doctor import Finding
from bgsvc_gen.errors import UsageError
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER, runtime_files
from bgsvc_gen.targets.ios import PRIVACY, IosPlan

CODES: Final = {
    "DI001": "a task identifier is not permitted",
    "DI002": "a background mode is missing",
    "DI003": "the app's bundle identifier is not the spec's",
    "DI004": "an identifier is permitted that no task has any more",
    "DI005": "Python is not embedded",
    "DI006": "the standard library is missing",
    "DI007": "a binary module is not a framework",
    "DI008": "the runtime is missing, or another version",
    "DI009": "the app runs on iOS versions that have no background tasks",
    "DI010": "a permitted identifier is none that iOS takes",
    "DI011": "no privacy manifest says why the user defaults are used",
}
"""Every code of a finding about an iOS app, and its meaning."""

PERMITTED: Final = "BGTaskSchedulerPermittedIdentifiers"
OLDEST: Final = 13
INFO: Final = "Info.plist"

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:\.\*)?")
_PASSED_OVER: Final = frozenset({"Pods", "build", "DerivedData", "bgsvc", "node_modules"})
_BUNDLES: Final = (".framework", ".xcframework", ".app", ".appex", ".lproj", "Tests")
"""Suffixes of folders whose property list is not the app's."""

_USER_DEFAULTS: Final = "NSPrivacyAccessedAPICategoryUserDefaults"
"""API category that needs a reason (App Store Connect, ITMS-91053); the window history uses it."""

_EXTENSION: Final = "NSExtension"
"""Key that marks an extension's property list; extensions have no tasks."""


def check_ios(path: Path, plan: IosPlan) -> Iterator[Finding]:
    """Yield the faults of the app at `path` for the services of `plan`.

    Args:
        path: A built `.app`, an `Info.plist`, or the folder of a project.
        plan: The iOS plan of the spec.

    Raises:
        UsageError: There is no property list, or the plan has no service.
    """
    if not plan.services:
        raise UsageError("the spec has no service for iOS", "add a table [services.NAME.ios]")
    is_built = path.resolve().suffix == ".app" and (path / INFO).is_file()
    for list_path in _find_lists(path):
        content = plist.parse(plist.read(list_path), str(list_path))
        if list_path != path and _EXTENSION in content:
            continue
        for finding in check_list(content, plan):
            yield Finding(finding.code, finding.message, finding.fix, str(list_path))
    if is_built:
        for finding in check_bundle(path):
            yield Finding(finding.code, finding.message, finding.fix, str(path))


def check_list(content: Mapping[str, Any], plan: IosPlan) -> Iterator[Finding]:
    """Yield the faults of an `Info.plist`: missing and superfluous entries."""
    permitted = _string_list(content, PERMITTED)
    for identifier in plan.identifiers:
        if identifier not in permitted:
            message = f"{identifier} is not in {PERMITTED}"
            yield Finding("DI001", message, "run `bgsvc-gen ios --apply-plist PATH`")
    modes = _string_list(content, "UIBackgroundModes")
    for mode in plan.background_modes:
        if mode not in modes:
            message = f'UIBackgroundModes has no "{mode}"'
            yield Finding("DI002", message, "run `bgsvc-gen ios --apply-plist PATH`")
    for identifier in permitted:
        if _IDENTIFIER.fullmatch(identifier) is None:
            fix = 'use letters, digits, "-" and dots'
            yield Finding("DI010", f'"{identifier}" is not a task identifier', fix)
        elif _is_ours(identifier, plan) and identifier not in plan.identifiers:
            fix = f"remove it from {PERMITTED}, which is for identifiers registered at launch"
            yield Finding("DI004", f"no task registers {identifier}", fix)
    yield from _check_bundle_identifier(content, plan)
    oldest = str(content.get("MinimumOSVersion", ""))
    if oldest.partition(".")[0].isdecimal() and int(oldest.partition(".")[0]) < OLDEST:
        fix = f"raise the deployment target to {OLDEST}"
        yield Finding("DI009", f"the app runs on iOS {oldest}, which has no background tasks", fix)


def check_bundle(app: Path) -> Iterator[Finding]:
    """Yield the faults of a built app: missing parts of Python, and the privacy manifest."""
    if not (app / "Frameworks/Python.framework/Python").is_file():
        fix = 'add Python.xcframework to the target, with "Embed & Sign"'
        yield Finding("DI005", "Frameworks has no Python.framework", fix)
    if not any((app / "python/lib").glob("python3.*/os.py*")):
        fix = 'add the build phase "Process Python libraries"'
        yield Finding("DI006", "python/lib has no standard library", fix)
    for module in sorted(app.rglob("*.so")):
        fix = (
            'add the build phase "Process Python libraries"; the App Store accepts only frameworks'
        )
        yield Finding("DI007", f"{module.relative_to(app)} is a bare library", fix)
    for marker in sorted(app.rglob("*.fwork")):
        binary = marker.read_text(encoding="utf-8", errors="replace").strip()
        if not _is_file(app / binary):
            fix = 'run "Process Python libraries" before "Embed Frameworks"'
            yield Finding(
                "DI007", f"{marker.relative_to(app)} names {binary}, which does not exist", fix
            )
    yield from _check_runtime(app)
    manifests = [
        path for path in (app / PRIVACY, *app.glob(f"*.bundle/{PRIVACY}")) if path.is_file()
    ]
    if not any(_has_reason(plist.parse(plist.read(path), str(path))) for path in manifests):
        fix = f"add the generated {PRIVACY} to the target, or its entry to the existing one"
        yield Finding("DI011", f"no {PRIVACY} declares {_USER_DEFAULTS}", fix)


def _has_reason(manifest: Mapping[str, Any]) -> bool:
    entries_or_other: Any = manifest.get("NSPrivacyAccessedAPITypes")
    entries = cast("list[object]", entries_or_other) if isinstance(entries_or_other, list) else []
    return any(
        cast("dict[str, object]", entry).get("NSPrivacyAccessedAPIType") == _USER_DEFAULTS
        for entry in entries
        if isinstance(entry, dict)
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # not a valid file name
        return False


def _check_runtime(app: Path) -> Iterator[Finding]:
    fix = f'copy the generated {RUNTIME_FOLDER} to app_packages, before "Process Python libraries"'
    package = app / "app_packages" / RUNTIME_FOLDER.name
    if not package.is_dir():
        yield Finding("DI008", "app_packages has no bgsvc", fix)
        return
    for file in runtime_files():
        path = package / file.path.relative_to(RUNTIME_FOLDER)
        if not path.is_file() or path.read_bytes() != file.content:
            yield Finding("DI008", f"app_packages/bgsvc/{path.name} is from another version", fix)
            return


def _check_bundle_identifier(content: Mapping[str, Any], plan: IosPlan) -> Iterator[Finding]:
    bundle = content.get("CFBundleIdentifier")
    # In a project's list it is a build variable, which Xcode expands.
    if isinstance(bundle, str) and "$" not in bundle and bundle != plan.app_id:
        message = f"CFBundleIdentifier is {bundle}, but the spec's app id is {plan.app_id}"
        fix = "make them equal; continued tasks are named after the bundle"
        yield Finding("DI003", message, fix)


def _is_ours(identifier: str, plan: IosPlan) -> bool:
    rest = identifier.removeprefix(f"{plan.app_id}.")
    return rest != identifier and (
        rest == "bg-refresh" or rest.endswith((".bg-processing", ".continued"))
    )


def _string_list(content: Mapping[str, Any], key: str) -> list[str]:
    values: Any = content.get(key, [])
    if not isinstance(values, list):
        return []
    return [each for each in cast("list[object]", values) if isinstance(each, str)]


def _find_lists(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if (path / INFO).is_file():
        return [path / INFO]
    lists = [
        each
        for each in sorted(path.rglob("*Info.plist"))
        if each.is_file() and _may_belong_to_app(each.relative_to(path))
    ]
    if not lists:
        hint = "name a built .app, an Info.plist, or the folder of a project that has one"
        raise UsageError(f"no Info.plist in {path}", hint)
    return lists


def _may_belong_to_app(place: Path) -> bool:
    passed_over = _PASSED_OVER.intersection(place.parts)
    return not passed_over and not any(part.endswith(_BUNDLES) for part in place.parts[:-1])
