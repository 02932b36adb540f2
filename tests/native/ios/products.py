"""What was compiled before, kept by everything that it was compiled of.

As in ccache: the same bytes, flags and compiler make the same modules, objects and programs, which
are then copied. Only what the compiler accepted without a word is kept; what it refuses is
compiled every time, and what is built is run every time.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

READ: Final = (".swiftmodule", ".h", ".modulemap")
"""What a compiler reads in a folder that it searches."""

KEPT: Final = 1000
"""Compilations that are kept, the last used ones: a run has about a hundred and twenty."""

Argument = str | Path


@dataclass(frozen=True)
class Products:
    """A folder of products, which processes may share."""

    folder: Path

    def restore(self, key: str, made: Iterable[Path]) -> bool:
        """Copy what was made under `key` to `made`; tell whether there is such a thing."""
        kept = self.folder / key
        try:
            os.utime(kept)
            for path in made:
                shutil.copy(kept / path.name, path)
        except FileNotFoundError:
            return False
        return True

    def keep(self, key: str, made: Iterable[Path]) -> None:
        """Keep `made` under `key`, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=self.folder, prefix="."))
        try:
            for path in made:
                shutil.copy(path, work)
            work.rename(self.folder / key)
        except OSError:
            # Another process was first.
            if not (self.folder / key).is_dir():
                raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self._forget()

    def _forget(self) -> None:
        entries = [entry for entry in os.scandir(self.folder) if not entry.name.startswith(".")]
        if len(entries) > KEPT:
            entries.sort(key=lambda entry: entry.stat().st_mtime)
            for entry in entries[: len(entries) - KEPT]:
                shutil.rmtree(entry.path, ignore_errors=True)


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
