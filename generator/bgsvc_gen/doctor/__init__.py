"""Checks of a built app: does it contain what the generated files need?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of an app.

    Attributes:
        code: Stable, for programs.
        message: What is wrong, in one line.
        fix: How to fix it.
        place: The file that has the fault, if known.
    """

    code: str
    message: str
    fix: str
    place: str = ""
