"""The interface of a target, and of the plan that it passes to the renderer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from bgsvc_gen.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Output:
    """One file of a plan.

    Attributes:
        path: Its path, relative to the target's folder.
        template: Its template, relative to `templates/`; copied verbatim without the suffix `.j2`.
        item: What the template sees as `plan`; `None` for the whole plan.
    """

    path: PurePosixPath
    template: str
    item: object | None = None


@dataclass(frozen=True, slots=True)
class Plan(ABC):
    """The decisions for one platform: every name and flag that its templates print."""

    @abstractmethod
    def outputs(self) -> tuple[Output, ...]:
        """Return the files of this plan, each path once."""


class Target(Protocol):
    """A platform: a module with these members."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module constant
        """The target's name: its command and its output folder."""
        ...

    @property
    def EMBEDS_PYTHON(self) -> bool:  # noqa: N802 - a module constant
        """Whether its app embeds Python, and so needs the copy of the runtime."""
        ...

    def plan(self, spec: Spec) -> Plan:
        """Decide how `spec` runs on this platform."""
        ...
