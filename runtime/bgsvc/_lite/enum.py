"""Enumerations of strings without the price of importing `enum`, which a start-up would feel.

Type checkers see a plain enumeration. So does who uses one, but for `isinstance(word, Enum)`.
"""

from __future__ import annotations

__all__ = ["StrEnum"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum

    class StrEnum(str, Enum):
        """A closed set of strings that travel as they are."""

        __str__ = str.__str__
        __format__ = str.__format__  # type: ignore[assignment]

else:

    class _EnumType(type):
        """Makes the strings in a class's body its members, and those all it ever has."""

        def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, object]) -> None:
            super().__init__(name, bases, body)
            cls.__members__ = {}
            cls._by_value = {}
            for key, text in body.items():
                if type(text) is str and not key.startswith("_"):
                    member = str.__new__(cls, text)
                    vars(member).update(name=key, value=text)
                    cls.__members__[key] = cls._by_value[text] = member
                    setattr(cls, key, member)

        def __call__(cls, value: object) -> StrEnum:
            try:
                return cls._by_value[value]
            except (KeyError, TypeError):
                raise ValueError(f"{value!r} is not a valid {cls.__qualname__}") from None

        def __iter__(cls) -> Iterator[StrEnum]:
            return iter(cls.__members__.values())

        def __len__(cls) -> int:
            return len(cls.__members__)

        def __contains__(cls, value: object) -> bool:
            return isinstance(value, str) and value in cls._by_value

        def __getitem__(cls, key: str) -> StrEnum:
            return cls.__members__[key]

    class StrEnum(str, metaclass=_EnumType):  # noqa: SLOT000 - each has a name and a value
        """A closed set of strings that travel as they are."""

        def __repr__(self) -> str:
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __reduce__(self) -> tuple[object, ...]:
            return type(self), (self.value,)

        def __copy__(self) -> StrEnum:
            return self

        def __deepcopy__(self, _: object) -> StrEnum:
            return self

        def __setattr__(self, name: str, _: object) -> None:
            raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")
