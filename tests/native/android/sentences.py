"""The names of the tests in a Kotlin source: pytest reports each of them."""

import re
from typing import Final

_NAMED: Final = re.compile(r"@Test\b(?:\s+@.+)*\s+fun `(.+)`")


def sentences_in(source: str) -> list[str]:
    """Return the names of all tests in Kotlin's text.

    Raises:
        ValueError: A test has no name that this can read: it would run, but never be reported.
    """
    names = _NAMED.findall(source)
    if len(names) != source.count("@Test"):
        raise ValueError(f"{source.count('@Test')} tests, {len(names)} names: {names}")
    return names
