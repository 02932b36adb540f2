"""Windows command lines: words to a line and back, as the C runtime does it."""

from __future__ import annotations

import re

from bgsvc._os.errors import DefinitionError

_VARIABLE = re.compile(r"%[^%\s]+%")
_CONTROL = re.compile(r"[\x00-\x1f\ud800-\udfff]")
_BARE = re.compile(r'[^ \t"]+')
LONGEST = 32_767
"""Characters of a command line, its NUL included (CreateProcess)."""


def joined(words: tuple[str, ...]) -> str:
    """Return `words` as one line that a service, or a task, is started by.

    The service control manager expands `%NAME%` in it and knows no escape for that, so a word
    that Windows might replace is refused.

    Raises:
        DefinitionError: With the word that cannot be said.
    """
    line = " ".join(_quoted(word) for word in words)
    found = _VARIABLE.search(line)
    if found:
        text = f"Windows would replace {found[0]} by a variable, and has no way to say it plainly"
        raise DefinitionError(text, fix="let no argument or path hold two percent signs")
    if len(line) >= LONGEST:
        raise DefinitionError(f"a command line of {len(line)} characters is too long for Windows")
    return line


def split(line: str) -> tuple[str, ...]:
    """Return the words of `line`, as `CommandLineToArgvW` does after the program's name."""
    words: list[str] = []
    word, quoted, started, at = "", False, False, 0
    while at < len(line):
        char = line[at]
        if char in " \t" and not quoted:
            if started:
                words.append(word)
            word, started, at = "", False, at + 1
            continue
        started = True
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        at += slashes
        if line[at : at + 1] != '"':
            word += "\\" * slashes or char
            at += not slashes
        elif slashes % 2:
            word, at = word + "\\" * (slashes // 2) + '"', at + 1
        elif quoted and line[at + 1 : at + 2] == '"':  # two quotes within quotes are one
            word, at = word + "\\" * (slashes // 2) + '"', at + 2
        else:
            word, quoted, at = word + "\\" * (slashes // 2), not quoted, at + 1
    return (*words, word) if started else tuple(words)


def _quoted(word: str) -> str:
    if _CONTROL.search(word):
        text = f"{word!a} holds a character that no command line of Windows can"
        raise DefinitionError(text, fix="leave out line ends, tabs and other control characters")
    if _BARE.fullmatch(word):
        return word
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    ended = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f'"{ended}"'
