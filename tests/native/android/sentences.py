"""The names of the tests in a Kotlin source, which pytest asks for one by one."""

import re
from typing import Final

_NAMED: Final = re.compile(r"@Test\b(?:\s+@.+)*\s+fun `(.+)`")


def sentences_in(source: str) -> list[str]:
    """Return the names of all tests in Kotlin's text.

    Raises:
        ValueError: A test's name was not found: it would run, and nobody would ask what came of it.
    """
    found = _NAMED.findall(source)
    if len(found) != source.count("@Test"):
        raise ValueError(f"{source.count('@Test')} tests, {len(found)} names: {found}")
    return found
