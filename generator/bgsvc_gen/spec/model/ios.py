"""`[services.<name>.ios]` as data."""

from dataclasses import dataclass
from typing import Literal

Strategy = Literal["queue", "fail"]


@dataclass(frozen=True, slots=True)
class Refresh:
    """A BGAppRefreshTask; `earliest` in seconds since the service's last one."""

    earliest: float = 900.0


@dataclass(frozen=True, slots=True)
class Processing:
    """A BGProcessingTask and what it waits for.

    Attributes:
        earliest: Seconds since the service's last one.
        network: Whether it needs one.
        power: Whether it needs external power.
        health_research: Whether it is one for a health study, which asks for an entitlement.
        identifier: Its name with iOS; `None` for the usual one.
    """

    earliest: float = 900.0
    network: bool = False
    power: bool = False
    health_research: bool = False
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Continued:
    """A BGContinuedProcessingTask: work that the user started and sees.

    Attributes:
        title: What the user reads about it; `None` for the service's label.
        subtitle: What stands below.
        strategy: Whether it waits for its turn, or is refused where it cannot begin at once.
        gpu: Whether it uses the graphics processor, which asks for an entitlement.
    """

    title: str | None = None
    subtitle: str = ""
    strategy: Strategy = "queue"
    gpu: bool = False


@dataclass(frozen=True, slots=True)
class Ios:
    """`[services.<name>.ios]`; `None` where no such task is declared.

    Attributes:
        foreground: Whether the app starts it while it is in use, without any task.
    """

    refresh: Refresh | None = None
    processing: Processing | None = None
    continued: Continued | None = None
    foreground: bool = False

    @property
    def is_used(self) -> bool:
        """Whether the service is on iOS at all."""
        return self.foreground or any((self.refresh, self.processing, self.continued))
