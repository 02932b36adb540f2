"""The key of a compilation: a digest of everything that it depends on.

The same bytes, flags and compiler make the same modules, objects and programs, so that these are
copied from a cache. The cache keeps a compilation only if it succeeded without a diagnostic. Every
built program runs in every test run.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

READ: Final = (".swiftmodule", ".h", ".modulemap")
"""The suffixes that a compiler reads in a folder of its search path."""

Argument = str | Path


def key_of(
    compiler: str, arguments: Sequence[Argument], made: Sequence[Path], read: Iterable[Path]
) -> str:
    """Return the key of a compilation.

    Args:
        compiler: The version and the digest of the compiler.
        arguments: A flag counts as it is. A path counts by its name and its content, wherever it
            is: the bytes of a file, or of every module and header in a folder.
        made: The paths among the arguments that are written; they count by their names.
        read: Paths beyond the arguments that are read.
    """
    digest = hashlib.sha256(compiler.encode())
    for argument in arguments:
        if isinstance(argument, str):
            text = f"word {argument}"
        elif argument in made:
            text = f"makes {argument.name}"
        else:
            text = f"reads {argument.name} {_content(argument, made)}"
        digest.update(f"\0{text}".encode())
    for path in read:
        digest.update(f"\0reads {path.name} {_constant_digest(path)}".encode())
    return digest.hexdigest()


def _content(path: Path, made: Sequence[Path]) -> str:
    if path.is_dir():
        inside = sorted(each for each in path.iterdir() if each.suffix in READ)
        return " ".join(f"{each.name} {_digest(each)}" for each in inside if each not in made)
    return _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _constant_digest(path: Path) -> str:
    """Return the digest of a file or of all files below a folder; they do not change in a run."""
    if path.is_file():
        return _digest(path)
    files = sorted(each for each in path.rglob("*") if each.is_file())
    text = "".join(f"{each.relative_to(path)} {_digest(each)}\n" for each in files)
    return hashlib.sha256(text.encode()).hexdigest()
