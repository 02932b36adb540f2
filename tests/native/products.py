"""What the tools made of the same bytes before: a build cache, as Gradle and ccache have one.

A product is found by the digest of all that goes into it: the tool's version, its flags, and each
file's content with the name under which the tool sees it. What is not there whole is made again.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache as remembered
from pathlib import Path
from typing import Final
from uuid import uuid4

from tests.native.cache import cache

FORMAT: Final = "1"
"""Another one for each change of how products are kept."""

KEPT_SECONDS: Final = 14 * 24 * 3600.0
"""How long a product is kept that nobody asks for."""

SEAL: Final = "seal.json"
LARGE: Final = 1 << 20


def key_of(tool: str, flags: Iterable[str], inputs: Iterable[Path]) -> str:
    """Return the digest of what a product is made from.

    Args:
        tool: What makes it, with its version.
        flags: What it is told, without any path of this run.
        inputs: Files, and folders with all that is in them; their order counts.

    Raises:
        FileNotFoundError: An input is not there.
    """
    digest = hashlib.sha256()
    parts = [FORMAT, tool, *flags]
    parts += [part for path in inputs for part in _described(path)]
    for part in parts:
        content = part.encode()
        # With its length, or two parts would read like one.
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:32]


def version_of(tool: str, jars: Iterable[Path]) -> str:
    """Return a tool's name and version: those of its jars, which a registry never changes."""
    return "\n".join([tool, *(jar.name for jar in jars)])


class Products:
    """The products below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, key: str) -> Path | None:
        """Return the folder with the product of `key` if it is there, whole and unchanged."""
        product = self._root / key
        if not _is_whole(product):
            return None
        os.utime(product)
        return product / "content"

    def take(self, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder with the product of `key`, which `make` fills if it is not there.

        Nothing is kept where `make` raises. Nobody may change what is in the folder.
        """
        return self.find(key) or self._keep(self._root / key, make)

    def forget_old(self) -> None:
        """Remove what was not asked for in a long time, and what a killed run left behind."""
        for product in self._root.glob("*"):
            if time.time() - product.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(product, ignore_errors=True)

    def _keep(self, product: Path, make: Callable[[Path], None]) -> Path:
        unfinished = product.with_name(f"{product.name}.{uuid4().hex}")
        content = unfinished / "content"
        content.mkdir(parents=True)
        try:
            make(content)
            unfinished.joinpath(SEAL).write_text(json.dumps(_digests(content)), encoding="utf-8")
            if not _is_whole(product):
                shutil.rmtree(product, ignore_errors=True)
                unfinished.rename(product)
        except OSError:
            # Another process was first, or the disk is full.
            if not _is_whole(product):
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return product / "content"


@remembered
def products() -> Products:
    """Return this user's products, without those that are long out of use."""
    found = Products(cache() / "products")
    found.forget_old()
    return found


def _is_whole(product: Path) -> bool:
    seal = product / SEAL
    if not seal.is_file():
        return False
    try:
        sealed: Mapping[str, str] = json.loads(seal.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return sealed == _digests(product / "content")


def _digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): _digest(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _described(path: Path) -> Iterator[str]:
    if path.is_dir():
        yield "folder"
        for file in _files(path):
            yield str(file.relative_to(path))
            yield _digest(file)
        yield ""
    else:
        yield path.name
        yield _digest(path)


def _digest(path: Path) -> str:
    state = path.stat()
    if state.st_size < LARGE:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return _digest_of_large(path, state.st_size, state.st_mtime_ns)


@remembered
def _digest_of_large(path: Path, _size: int, _changed: int) -> str:
    """Return the digest of an archive, read once in a run: no test changes one."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(LARGE):
            digest.update(chunk)
    return digest.hexdigest()
