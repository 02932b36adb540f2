"""Every exception that the documentation names can be imported from `bgsvc`."""

import builtins
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bgsvc

DOCS = Path(__file__).parents[3] / "docs"
ERROR = re.compile(r"\b[A-Z]\w*Error\b")


def documented_objects() -> Iterator[tuple[str, object]]:
    for name in bgsvc.__all__:
        value: object = getattr(bgsvc, name)
        yield name, value
        if inspect.isclass(value):
            for member, attribute in inspect.getmembers(value):
                if not member.startswith("_"):
                    yield f"{name}.{member}", attribute


def named_errors(text: str) -> set[str]:
    return {name for name in ERROR.findall(text) if not hasattr(builtins, name)}


def errors_in_docstring(value: object) -> set[str]:
    return named_errors(inspect.getdoc(value) or "")


def test_every_error_that_a_public_docstring_names_can_be_imported() -> None:
    named = {
        f"{place}: {error}"
        for place, value in documented_objects()
        for error in errors_in_docstring(value)
        if error not in bgsvc.__all__
    }

    assert named == set()


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_every_error_that_a_guide_names_can_be_imported(path: Path) -> None:
    names = set(re.findall(r"`(?:bgsvc\.)?([A-Z]\w*Error)", path.read_text(encoding="utf-8")))

    assert {name for name in names if not hasattr(builtins, name)} <= {*bgsvc.__all__, "BgsvcError"}


def test_errors_are_named_at_all() -> None:
    named = {error for _, value in documented_objects() for error in errors_in_docstring(value)}

    assert len(named) > 10
