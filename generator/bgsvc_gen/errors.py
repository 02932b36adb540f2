"""The errors that end a command, each with its exit status."""

from collections.abc import Sequence
from typing import ClassVar

from bgsvc_gen.diagnostics import Diagnostic


class BgsvcGenError(Exception):
    """Base class of errors that end a command with a message and without a traceback.

    Attributes:
        hint: How to fix it, or `None` where the message is enough.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        """Return the message, and the hint on a second line."""
        message = super().__str__()
        return f"{message}\n  hint: {self.hint}" if self.hint else message


class SpecError(BgsvcGenError):
    """The spec has errors; `diagnostics` lists all of them in the order of the file."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.location)
        super().__init__("\n".join(str(diagnostic) for diagnostic in ordered))
        self.diagnostics = tuple(ordered)


class UsageError(BgsvcGenError):
    """The command cannot run with these arguments."""


class UnquotableError(BgsvcGenError):
    """One of the output languages cannot express a text of the spec."""


class OutputError(BgsvcGenError):
    """The output folder cannot be read or written.

    Checks run before the first write; if the disk fails later, the next run completes the update.
    """


class HandEditedError(OutputError):
    """A generated file was edited by hand, and would be overwritten."""


class DriftError(BgsvcGenError):
    """The generated files do not match the spec, or a check has findings."""

    exit_code = 1
