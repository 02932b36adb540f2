"""A systemd unit file as text: what ours say, and the same with another program."""

from __future__ import annotations

import re

from bgsvc._lite.dataclasses import dataclass
from bgsvc._os.errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._os.program import Program

PLACEHOLDER = "/usr/bin/env python3"
"""What the generated file starts, in place of a Python that nobody knew yet."""

_ENV = "/usr/bin/env"
_REFUSED = re.compile(r"""["'\\\x00-\x1f\x7f]""")
_ELSEWHERE = "put the app into a folder whose name has no quotes, backslashes or control characters"
_BARE = re.compile(r"[A-Za-z0-9_./:=,+-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|([^\s"]+)(?=\s|$)', re.DOTALL)
_RELOAD = re.compile(r"(?m)^(?:# SIGHUP.*\n)?ExecReload=.*\n")
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|(.))|%%|\$\$", re.DOTALL)


@dataclass(frozen=True)
class Unit:
    """What a unit of ours says, as far as installing it goes.

    Attributes:
        label: Its name without `.service`.
        scope: `user` or `system`.
        start_on_boot: Whether it is to be enabled.
        wanted: Whether it can be: whether it says by which target.
        description: What people read.
        command: The command line, unquoted.
    """

    label: str
    scope: str
    start_on_boot: bool
    wanted: bool
    description: str
    command: tuple[str, ...]


def read_unit(text: str) -> Unit:
    """Return what a unit says.

    Raises:
        DefinitionError: If it is none of ours.
    """
    label, scope = setting(text, "X-Bgsvc", "Label"), setting(text, "X-Bgsvc", "Scope")
    start = setting(text, "Service", "ExecStart")
    if not label or scope not in {"user", "system"} or not start:
        raise DefinitionError("this is no unit that bgsvc-gen wrote")
    return Unit(
        label=label,
        scope=scope,
        start_on_boot=setting(text, "X-Bgsvc", "StartOnBoot") == "yes",
        wanted=setting(text, "Install", "WantedBy") is not None,
        description=(setting(text, "Unit", "Description") or label).replace("%%", "%"),
        command=tuple(words(start)),
    )


def setting(text: str, section: str, key: str) -> str | None:
    """Return the last value of `key` in `section`; None if there is none."""
    found = None
    current = ""
    for line in text.split("\n"):
        if line.startswith("[") and line.endswith("]"):
            current = line[1:-1]
        elif current == section and line.startswith(f"{key}="):
            found = line[len(key) + 1 :]
    return found


def words(line: str) -> list[str]:
    """Return the words of a command line that was quoted as `quoted` does."""
    line = line.lstrip("@")
    found = [match[1] if match[2] is None else match[2] for match in _WORD.finditer(line)]
    return [_ESCAPED.sub(_unescaped, word) for word in found]


def quoted(word: str) -> str:
    """Return `word` as one word of a command line, systemd.service(5).

    Raises:
        DefinitionError: If it holds what no unit can say.
    """
    return _in_quotes(word).replace("$", "$$")


def set_program(text: str, program: Program) -> str:
    """Return the unit `text` with `program` in place of the placeholder.

    Raises:
        DefinitionError: If it has no placeholder, or the program's path cannot be said.
    """
    head, start, rest = text.partition(f"\nExecStart={PLACEHOLDER} ")
    if not start:
        raise DefinitionError(f"the unit does not start {PLACEHOLDER}, as generated ones do")
    text = f"{head}\nExecStart={_executable(program.path)} {rest}"
    if program.forks:
        text = _for_a_forker(text, program)
    return text


def program_of(command: tuple[str, ...]) -> str:
    """Return the program that a unit's command starts, itself or through env(1)."""
    program, *rest = command
    return rest[0] if program == _ENV and rest and rest[0].startswith("/") else program


def _executable(path: str) -> str:
    """Return the path of a command; systemd expands variables in the words after it alone.

    It refuses a command whose path has quotes or backslashes, however they are escaped: env(1)
    takes any, but for what it would read as an assignment.
    """
    plain = _in_quotes(path)
    if _REFUSED.search(path):
        if "=" in path:
            raise DefinitionError(f"systemd starts nothing from {path!r}", fix=_ELSEWHERE)
        return f"{_ENV} {quoted(path)}"
    return f"@{plain} {quoted(path)}" if "$" in path else plain


def _for_a_forker(text: str, program: Program) -> str:
    """Let Python be the child of what systemd starts: it notifies, and is told to stop."""
    text = text.replace("\nType=notify\n", "\nType=notify\nNotifyAccess=all\n")
    if program.kind == "appimage":
        # No FUSE in a sandbox; and the image's own part does not hand signals on, but ends by them.
        text = _RELOAD.sub("", text)
        text = text.replace("\nType=", "\nEnvironment=APPIMAGE_EXTRACT_AND_RUN=1\nType=", 1)
        text = text.replace("\nKillMode=mixed\n", "\nKillMode=control-group\n")
    return text


def _in_quotes(word: str) -> str:
    if "\0" in word or any("\ud800" <= char <= "\udfff" for char in word):
        raise DefinitionError(f"no unit can say {word!a}")
    if _BARE.fullmatch(word):
        return word
    body = "".join(_escaped(char) for char in word)
    return f'"{body}"'.replace("%", "%%")


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\x{ord(char):02x}" if char < " " or char == "\x7f" else char


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    if found[2]:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(found[2], found[2])
    return found[0][0]
