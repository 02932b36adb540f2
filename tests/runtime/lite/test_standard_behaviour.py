"""Public dataclasses and enumerations are what type checkers take them for."""

# ruff: noqa: ANN401 - every public class is asked the same

import copy
import dataclasses
import enum
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import bgsvc

RUNTIME = Path(bgsvc.__file__).parents[1]
PUBLIC_CLASSES: list[type] = [
    value for name in bgsvc.__all__ if isinstance(value := getattr(bgsvc, name), type)
]
DATACLASSES: list[Any] = [cls for cls in PUBLIC_CLASSES if "__match_args__" in vars(cls)]
ENUMS: list[Any] = [cls for cls in PUBLIC_CLASSES if "_member_names_" in vars(cls)]


def build(cls: Any) -> Any:
    """Return an instance whose required fields hold text."""
    required = {
        field.name: "text"
        for field in dataclasses.fields(cls)
        if field.default is field.default_factory
    }
    return cls(**required)


def build_standard(cls: Any) -> Any:
    """Return the same instance of a dataclass that `dataclasses` made of the same fields."""
    fields = [
        (
            field.name,
            field.type,
            dataclasses.field(default=field.default, default_factory=field.default_factory),
        )
        for field in dataclasses.fields(cls)
    ]
    standard: Any = dataclasses.make_dataclass(cls.__name__, fields, frozen=True)
    return standard(**vars(build(cls)))


def refuse_change(instance: Any) -> str:
    with pytest.raises(dataclasses.FrozenInstanceError) as caught:
        setattr(instance, dataclasses.fields(instance)[0].name, "other")
    return str(caught.value)


DATACLASS_ANSWERS: dict[str, Callable[[Any], Any]] = {
    "is_dataclass": lambda one: (
        dataclasses.is_dataclass(one),
        dataclasses.is_dataclass(one.__class__),
    ),
    "fields": lambda one: [(f.name, f.type, f.init, f.repr) for f in dataclasses.fields(one)],
    "asdict": dataclasses.asdict,
    "astuple": dataclasses.astuple,
    "replace": lambda one: repr(dataclasses.replace(one, **{one.__class__.__match_args__[-1]: 3})),
    "copy.replace": lambda one: repr(getattr(copy, "replace", copy.copy)(one)),
    "match_args": lambda one: one.__class__.__match_args__,
    "repr": repr,
    "equality": lambda one: (one == dataclasses.replace(one), one == 3, one != copy.copy(one)),
    "copies": lambda one: (copy.copy(one) == one, copy.deepcopy(one) == one),
    "frozen": refuse_change,
    "parameters": lambda one: (
        one.__class__.__dataclass_params__.frozen,
        one.__class__.__dataclass_params__.eq,
    ),
    "signature": lambda one: [
        (p.name, p.kind, p.default is p.empty)
        for p in inspect.signature(one.__class__).parameters.values()
    ],
}


def test_public_classes_are_collected() -> None:
    assert len(DATACLASSES) == 13
    assert len(ENUMS) == 10


@pytest.mark.parametrize("question", DATACLASS_ANSWERS)
@pytest.mark.parametrize("cls", DATACLASSES)
def test_public_dataclass_answers_as_a_standard_one(cls: Any, question: str) -> None:
    answer = DATACLASS_ANSWERS[question]
    assert answer(build(cls)) == answer(build_standard(cls))


@pytest.mark.parametrize("cls", DATACLASSES)
def test_public_dataclass_is_pickled_and_hashed_by_its_fields(cls: Any) -> None:
    one = build(cls)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
    if not any(isinstance(getattr(one, name), Mapping) for name in cls.__match_args__):
        assert hash(one) == hash(tuple(getattr(one, name) for name in cls.__match_args__))


def test_class_pattern_takes_a_dataclass_apart() -> None:
    match bgsvc.SetupIssue("c", "error", "m", "f"):
        case bgsvc.SetupIssue(code, fix=fix):
            assert (code, fix) == ("c", "f")


def test_dataclass_of_a_user_can_extend_a_public_one() -> None:
    @dataclasses.dataclass(frozen=True)
    class Extended(bgsvc.SetupIssue):
        place: str = "here"

    one = Extended("c", "error", "m", "f")
    assert dataclasses.astuple(one) == ("c", "error", "m", "f", "here")
    assert dataclasses.replace(one, place="there").place == "there"


@pytest.mark.parametrize("cls", ENUMS)
def test_public_enum_is_a_standard_one(cls: Any) -> None:
    members = list(cls)
    assert issubclass(cls, enum.Enum)
    assert isinstance(cls, enum.EnumMeta)
    assert members == list(reversed(list(reversed(cls)))) == list(cls.__members__.values())
    for member in members:
        assert isinstance(member, enum.Enum)
        assert member.__class__ is type(member) is cls
        assert cls(member.value) is cls[member.name] is member is pickle.loads(pickle.dumps(member))  # noqa: S301
        assert repr(member) == f"<{cls.__name__}.{member.name}: {member.value!r}>"
        assert copy.copy(member) is copy.deepcopy(member) is member
    with pytest.raises(TypeError, match="extend"):
        type("Longer", (cls,), {})
    with pytest.raises(AttributeError, match="reassign"):
        setattr(cls, members[0].name, "other")


AFTER = """
import sys
from bgsvc import {name} as cls
member = next(iter(cls))
assert "enum" not in sys.modules and "dataclasses" not in sys.modules
import enum, bgsvc
{trigger}
assert isinstance(member, enum.Enum) and issubclass(cls, enum.Enum)
assert isinstance(cls, enum.EnumMeta) and type(member) is member.__class__ is cls
assert next(iter(cls)) is member and cls(member.value) is member
"""
TRIGGERS = {
    "isinstance of a member": "assert isinstance(member, enum.Enum)",
    "isinstance of the class": "assert isinstance(cls, enum.EnumMeta)",
    "issubclass": "assert issubclass(bgsvc.{name}, enum.Enum)",
    "iteration": "list(cls)",
    "look-up": "cls(member.value)",
}


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("cls", ENUMS)
def test_enum_loaded_before_the_standard_module_becomes_a_standard_one(
    cls: type, trigger: str
) -> None:
    name = cls.__name__
    code = AFTER.format(name=name, trigger=TRIGGERS[trigger].format(name=name))
    subprocess.run([sys.executable, "-S", "-c", code], cwd=RUNTIME, check=True)
