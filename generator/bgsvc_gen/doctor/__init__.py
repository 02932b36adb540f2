"""Looking at an app from outside: does it hold what the generated files need?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with an app.

    Attributes:
        code: Stable, for programs.
        message: What is wrong, in one line.
        fix: What to do about it.
        place: The file it was found in, as far as one can tell.
    """

    code: str
    message: str
    fix: str
    place: str = ""
