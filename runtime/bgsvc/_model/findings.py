"""What a check of the set-up reports."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass

TYPE_CHECKING = False


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
