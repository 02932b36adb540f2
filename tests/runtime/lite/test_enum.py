"""The runtime's words behave as the enumerations that type checkers take them for."""

import copy
import json
import pickle
from collections.abc import Callable
from enum import Enum

import pytest

from bgsvc import StopReason
from bgsvc._lite.enum import StrEnum


class Real(str, Enum):
    """What a word is to be like."""

    RED = "red"
    DARK_BLUE = "darkBlue"

    __str__ = str.__str__
    __format__ = str.__format__  # type: ignore[assignment]


class Light(StrEnum):
    """The same, without `enum`."""

    RED = "red"
    DARK_BLUE = "darkBlue"


Kind = type[Real] | type[Light]

ASKED: "dict[str, Callable[[Kind], object]]" = {
    "iteration": lambda kind: [str(one) for one in kind],
    "length": len,
    "by value": lambda kind: kind("darkBlue") is kind.DARK_BLUE,
    "by member": lambda kind: kind(kind.RED) is kind.RED,
    "by name": lambda kind: kind["RED"] is kind.RED,
    "names": lambda kind: [one.name for one in kind],
    "values": lambda kind: [(one.value, type(one.value)) for one in kind],
    "members": lambda kind: list(kind.__members__),
    "text": lambda kind: (str(kind.RED), type(str(kind.RED)), f"{kind.RED:>5}"),
    "sameness": lambda kind: (kind.RED == "red", hash(kind.RED) == hash("red")),
    "json": lambda kind: json.dumps({"a": kind.RED, "b": [kind.DARK_BLUE]}),
    "pickle": lambda kind: pickle.loads(pickle.dumps(kind.RED)) is kind.RED,  # noqa: S301 - our own
    "copies": lambda kind: copy.deepcopy([kind.RED, copy.copy(kind.RED)])[0] is kind.RED,
    "kinds": lambda kind: [base in type(kind.RED).__mro__ for base in (str, kind)],
}


@pytest.mark.parametrize("question", ASKED)
def test_a_word_answers_as_a_member_of_an_enumeration_does(question: str) -> None:
    assert ASKED[question](Light) == ASKED[question](Real)
    assert repr(Light.RED) == repr(Real.RED).replace("Real", "Light")


@pytest.mark.parametrize("value", ["green", "", 3, None, ["red"], {"a": "red"}])
def test_no_word_is_made_of_what_is_none(value: object) -> None:
    for kind in (Real, Light):
        with pytest.raises(ValueError, match="is not a valid"):
            kind(value)


def test_a_word_cannot_be_changed() -> None:
    for kind in (Real, Light):
        with pytest.raises(AttributeError):
            kind.RED.value = "green"  # type: ignore[misc]


def test_words_are_matched_by_their_names() -> None:
    match StopReason("userStop"):
        case StopReason.USER_STOP:
            found = "user"
        case _:
            found = "another"
    assert found == "user"
