"""What type checkers take for a dataclass is one at run time."""

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from typing import Any

import pytest

import bgsvc
from bgsvc._lite.dataclasses import dataclass

PUBLIC: list[Any] = [
    value
    for value in (getattr(bgsvc, name) for name in bgsvc.__all__)
    if isinstance(value, type) and "__dataclass_fields__" in vars(value)
]


def test_public_dataclasses_are_found() -> None:
    assert bgsvc.ServiceConfig in PUBLIC
    assert len(PUBLIC) == 13


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_dataclass_answers_the_functions_of_dataclasses(kind: Any) -> None:  # noqa: ANN401 - any of them
    names = [field.name for field in dataclasses.fields(kind)]
    values: dict[str, object] = {name: f"a {name}" for name in names}
    values |= {
        name: 1.0 for name in ("stop_timeout", "delay", "max_delay", "window") if name in values
    }
    one: Any = kind(**values)

    assert all(map(dataclasses.is_dataclass, (kind, one)))
    assert names == list(kind.__annotations__) == list(inspect.signature(kind).parameters)
    assert dataclasses.asdict(one) == values
    assert dataclasses.astuple(one) == tuple(values.values())
    changed = dataclasses.replace(one, **{names[0]: 2.0})
    assert getattr(changed, names[0]) == 2.0
    assert copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301
    assert changed != one
    assert hash(one) == hash(tuple(values.values()))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, names[0], 3)
    if sys.version_info >= (3, 13):
        assert copy.replace(one, **{names[0]: 2.0}) == changed


def test_dataclass_does_not_import_dataclasses() -> None:
    code = "import sys, bgsvc; bgsvc.ServiceConfig('a', 'b:C'); print('dataclasses' in sys.modules)"
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_unsupported_option_raises() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        dataclass(frozen=True, slots=True)  # the type checkers know it
    with pytest.raises(TypeError, match="immutable default"):
        dataclass(frozen=True)(type("Odd", (), {"__annotations__": {"a": "list"}, "a": []}))
