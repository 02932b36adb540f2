"""What a compilation depends on, to the byte.

The same bytes, flags and compiler make the same modules, objects and programs, which are then
copied. Only what the compiler accepted without a word is kept; what it refuses is compiled every
time, and what is built is run every time.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

READ: Final = (".swiftmodule", ".h", ".modulemap")
"""What a compiler reads in a folder that it searches."""

Argument = str | Path


def key_of(
    compiler: str, arguments: Sequence[Argument], made: Sequence[Path], read: Iterable[Path]
) -> str:
    """Return the key of a compilation.

    Args:
        compiler: Which compiler it is, to the byte.
        arguments: Words count as they are; paths by their names and what is in them, wherever
            they lie: a file's bytes, or those of every module and header in a folder.
        made: Paths among the arguments that are written, which count by their names.
        read: What is read beyond that.
    """
    found = hashlib.sha256(compiler.encode())
    for argument in arguments:
        if isinstance(argument, str):
            text = f"word {argument}"
        elif argument in made:
            text = f"makes {argument.name}"
        else:
            text = f"reads {argument.name} {_content(argument, made)}"
        found.update(f"\0{text}".encode())
    for path in read:
        found.update(f"\0reads {path.name} {_unchanging(path)}".encode())
    return found.hexdigest()


def _content(path: Path, made: Sequence[Path]) -> str:
    if path.is_dir():
        inside = sorted(each for each in path.iterdir() if each.suffix in READ)
        return " ".join(f"{each.name} {_digest(each)}" for each in inside if each not in made)
    return _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _unchanging(path: Path) -> str:
    """Return a digest of a file, or of all files below a folder, which stay while tests run."""
    if path.is_file():
        return _digest(path)
    files = sorted(each for each in path.rglob("*") if each.is_file())
    text = "".join(f"{each.relative_to(path)} {_digest(each)}\n" for each in files)
    return hashlib.sha256(text.encode()).hexdigest()
