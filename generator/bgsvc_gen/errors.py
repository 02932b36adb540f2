"""Every error the tool ends with on purpose, each with its exit status."""

from collections.abc import Sequence
from typing import ClassVar

from bgsvc_gen.diagnostics import Diagnostic


class BgsvcGenError(Exception):
    """Base of the errors that end a command with a message and no traceback.

    Attributes:
        hint: What to do about it, or `None` where the message says it all.
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
    """The spec is wrong; `diagnostics` holds everything wrong with it, in the file's order."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.location)
        super().__init__("\n".join(str(diagnostic) for diagnostic in ordered))
        self.diagnostics = tuple(ordered)


class UsageError(BgsvcGenError):
    """The command was called in a way that cannot work."""


class UnquotableError(BgsvcGenError):
    """The spec holds a text that one of the output languages cannot carry."""


class OutputError(BgsvcGenError):
    """The output folder cannot be read or written as asked.

    What can be seen beforehand is refused before the first write; what a disk that fails half-way
    leaves undone, the next run finishes.
    """


class HandEditedError(OutputError):
    """A generated file was changed by hand, and would be overwritten."""


class DriftError(BgsvcGenError):
    """The generated files are not what the spec yields."""

    exit_code = 1
