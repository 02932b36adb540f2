"""Requirements of iOS for each kind of background task, and the task identifiers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A row of `ios_tasks.json`.

    Attributes:
        class_name: BackgroundTasks' class.
        since: The first iOS that has it.
        background_mode: What `UIBackgroundModes` must hold, if anything.
        pending: How many requests iOS keeps; `None` for no stated number.
        identifier: The usual name, with `{app}` and `{service}` to be filled in.
        sources: Where this is said.
    """

    class_name: str
    since: str
    background_mode: str | None
    pending: int | None
    identifier: str
    sources: tuple[str, ...]


def _load() -> tuple[Mapping[str, TaskKind], Mapping[str, str]]:
    text = Path(__file__).with_name("ios_tasks.json").read_text(encoding="utf-8")
    content = json.loads(text)
    kinds = {
        name: TaskKind(
            row["class"],
            row["since"],
            row["backgroundMode"],
            row["pending"],
            row["identifier"],
            tuple(row["sources"]),
        )
        for name, row in content["tasks"].items()
    }
    entitlements = {name: row["key"] for name, row in content["entitlements"].items()}
    return MappingProxyType(kinds), MappingProxyType(entitlements)


_LOADED: Final = _load()

TASK_KINDS: Final[Mapping[str, TaskKind]] = _LOADED[0]
"""Every kind of task that a spec can declare."""

ENTITLEMENTS: Final[Mapping[str, str]] = _LOADED[1]
"""Feature → the key of the entitlement that it needs."""


def identifier_of(kind: str, app_id: str, service: str = "") -> str:
    """Return a task's usual identifier; it holds no `_`, which a bundle identifier cannot have."""
    row = TASK_KINDS[kind]
    return row.identifier.format(app=app_id, service=service.replace("_", "-"))
