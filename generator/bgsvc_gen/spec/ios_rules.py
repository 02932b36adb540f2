"""iOS's rules across keys."""

import re
from collections.abc import Iterator
from typing import Final

from bgsvc_gen.facts.ios import TASK_KINDS, identifier_of
from bgsvc_gen.spec.locate import KeyPath
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.spec.table import Place

Finding = tuple[Place, str, str, str]

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def check_ios_rules(spec: Spec, services_path: KeyPath) -> Iterator[Finding]:
    """Yield every iOS rule that `spec` breaks; `services_path` is the path of its services."""
    yield from _check_identifiers(spec, services_path)
    yield from _check_count(spec, services_path)


def _check_identifiers(spec: Spec, path: KeyPath) -> Iterator[Finding]:
    used = {identifier_of("refresh", spec.app.id): "the app's refresh task"}
    for service in spec.services:
        if service.ios.continued is not None:
            name = identifier_of("continuedProcessing", spec.app.id, service.name)
            used[name] = f'the continued task of "{service.name}"'
    for service in spec.services:
        task = service.ios.processing
        if task is None:
            continue
        place = Place((*path, service.name, "ios", "processing"))
        usual = identifier_of("processing", spec.app.id, service.name)
        name = task.identifier or usual
        if task.identifier is not None:
            place = Place((*place.path, "identifier"))
            if not _fits(name, spec.app.id):
                message = f'"{name}" cannot be a task identifier of this app'
                hint = f'write letters, digits, "-" and dots after the app id, such as "{usual}"'
                yield place, "BG501", message, hint
        if name in used:
            yield (
                place,
                "BG502",
                f'"{name}" is already the identifier of {used[name]}',
                "choose another identifier",
            )
        used[name] = f'the processing task of "{service.name}"'


def _fits(identifier: str, app_id: str) -> bool:
    fits = _IDENTIFIER.fullmatch(identifier) is not None
    return fits and identifier.startswith(f"{app_id}.")


def _check_count(spec: Spec, path: KeyPath) -> Iterator[Finding]:
    limit = TASK_KINDS["processing"].pending or 0
    asking = [service for service in spec.services if service.ios.processing is not None]
    for service in asking[limit:]:
        message = f"iOS keeps at most {limit} processing requests per app"
        place = Place((*path, service.name, "ios", "processing"), at_key=True)
        yield place, "BG503", message, "remove one, or combine two services"
