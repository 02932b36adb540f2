"""What the runtime reports about a platform: its promises, and the findings of a set-up check."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._model.enums import Guarantee

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Capability:
    """How far one promise goes.

    Attributes:
        level: The promise.
        reason: Why it is no more, or no less.
        needs: What has to be in place for it.
    """

    level: Guarantee
    reason: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlatformCapabilities:
    """What becomes of a service here.

    Attributes:
        platform: `android`, `ios`, `linux`, `macos` or `windows`.
        mode: What runs the service, such as `systemdUser`.
        types: The Android types the answer is for.
        scenarios: Each scenario of the table and its promise.
    """

    platform: str
    mode: str
    types: tuple[str, ...]
    scenarios: Mapping[str, Capability]

    def __getitem__(self, scenario: str) -> Capability:
        """Return one promise; a scenario the platform does not know is unsupported."""
        none = Capability(Guarantee.UNSUPPORTED, f"{self.platform} has no such thing")
        return self.scenarios.get(scenario, none)

    @property
    def survives_app_close(self) -> Capability:
        """Whether it goes on when the user closes the app."""
        return self["survivesAppClose"]

    @property
    def survives_reboot(self) -> Capability:
        """Whether it runs again after the device restarts."""
        return self["survivesReboot"]

    @property
    def survives_force_quit(self) -> Capability:
        """Whether it runs again after the user forces it to end."""
        return self["survivesForceQuit"]

    @property
    def background_execution(self) -> Capability:
        """Whether it runs while the app is not in front."""
        return self["backgroundExecution"]

    def to_wire(self) -> dict[str, object]:
        """Return the capabilities as the bridge carries them."""
        return {
            "platform": self.platform,
            "mode": self.mode,
            "types": list(self.types),
            "scenarios": {
                name: {"level": one.level.value, "reason": one.reason, "needs": list(one.needs)}
                for name, one in self.scenarios.items()
            },
        }


@dataclass(frozen=True)
class SetupIssue:
    """One thing that is wrong, or will be.

    Attributes:
        code: A stable word for programs.
        severity: `error` or `warning`.
        message: What is wrong.
        fix: What to do about it.
    """

    code: str
    severity: str
    message: str
    fix: str

    def to_wire(self) -> dict[str, str]:
        """Return the issue as JSON carries it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
        }


@dataclass(frozen=True)
class SetupReport:
    """What a look at the set-up found.

    Attributes:
        issues: Everything found, errors first.
    """

    issues: tuple[SetupIssue, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error among the issues."""
        return all(issue.severity != "error" for issue in self.issues)

    def to_wire(self) -> dict[str, object]:
        """Return the report as JSON carries it."""
        return {"ok": self.ok, "issues": [issue.to_wire() for issue in self.issues]}
