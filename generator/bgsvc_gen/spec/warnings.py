"""Warnings about valid specs, for the targets that a command generates."""

from collections.abc import Collection, Iterator
from typing import Final

from bgsvc_gen.facts.desktop_gaps import gaps
from bgsvc_gen.spec.android_rules import check_newer_targets
from bgsvc_gen.spec.locate import KeyPath
from bgsvc_gen.spec.model import Service, Spec
from bgsvc_gen.spec.table import Finding, Place

_NAMES: Final = {"macos": "macOS", "windows": "Windows"}


def find_warnings(spec: Spec, targets: Collection[str], path: KeyPath) -> Iterator[Finding]:
    """Yield the warnings about a spec without errors, for `targets`.

    Args:
        spec: The spec.
        targets: The names of the targets; others are ignored.
        path: The path of the spec's services.
    """
    for service in spec.services:
        table = (*path, service.name)
        if "android" in targets:
            yield from check_newer_targets(service, spec.android, (*table, "android"))
        for target in targets:
            yield from _find_gaps(service, target, (*table, "desktop"))


def _find_gaps(service: Service, target: str, path: KeyPath) -> Iterator[Finding]:
    for gap in gaps(service.desktop, target):
        message = f"{gap.key}: {_NAMES[target]} {gap.instead}"
        hint = gap.hint.replace("<name>", service.name)
        yield Place((*path, gap.key)), "BG604", message, hint
