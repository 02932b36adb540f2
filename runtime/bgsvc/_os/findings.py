"""What the system's service managers have against a service, for a look at the whole set-up."""

from __future__ import annotations

import sys

from bgsvc._model.errors import BackgroundServiceError
from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.backend import backend_for
from bgsvc._os.service import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def setup_issues(label: str, *, at_boot: bool) -> Iterator[SetupIssue]:
    """Look at the service `label` in both scopes.

    Args:
        label: The service's name with the manager.
        at_boot: Whether it is to start with the machine, and so has to be installed.
    """
    if sys.platform == "win32":
        from bgsvc._os.windows.session import own_findings

        yield from own_findings(label)
    there = False
    for scope in (Scope.USER, Scope.SYSTEM):
        try:
            backend = backend_for(scope)
            if backend.holds(label):
                there = True
                yield from backend.validate(label)
        except BackgroundServiceError as error:
            yield SetupIssue(error.code, "warning", error.message, error.fix)
    if at_boot and not there:
        text = f"{label} is to start with the machine, and is not installed"
        fix = "python -m bgsvc install FILE, with the file that `bgsvc-gen desktop` wrote"
        yield SetupIssue("not_installed", "warning", text, fix)
