"""Enumerations of strings that do not import `enum`, which would slow every start.

Type checkers see an enumeration of the standard library. A class here behaves like one from the
start: members, look-ups, iteration, `repr`, copies, pickles, `match`. It also has to be one for
code that asks `isinstance(member, Enum)` or `issubclass(cls, Enum)`. Such code has imported `enum`,
so the classes here take `Enum` as a base, and their metaclass `EnumMeta`, once somebody has:
when this module is loaded, when `bgsvc` hands out a class, and when a class or the type of a
member is used. Nothing is ever built anew: members stay the same objects.

Limits:
- A class imported before anything imported `enum`, and not used since, is no subclass of `Enum`
  until its first use (`list(cls)`, `cls("value")`, `isinstance(member, Enum)`, `bgsvc.StopReason`).
- The first `member.__class__` after that import is a subclass of the member's type. `type(member)`
  is exact at all times.
- `Enum` follows `str` among the bases, so `type(cls)` is a subclass of `EnumMeta`.
"""

from __future__ import annotations

__all__ = ["StrEnum", "adopt_enum"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum

    class StrEnum(str, Enum):
        """A closed set of strings that are written as they are."""

        __str__ = str.__str__
        __format__ = str.__format__  # type: ignore[assignment]

    def adopt_enum() -> bool:
        """Make `Enum` a base of the enumerations here, if it is imported; return whether it is."""
        ...

else:
    import sys

    _MappingProxy = type(type.__dict__)

    class _EnumType(type):
        """Makes the strings in a class's body its members, and allows no others."""

        @classmethod
        def __prepare__(mcs, _name, _bases, **_):  # `EnumMeta` has one of its own
            return {}

        def __new__(mcs, name, bases, body):
            for base in bases:
                if getattr(base, "_member_names_", None):
                    raise TypeError(f"cannot extend {base!r}")
            return type.__new__(mcs, name, bases, body)

        def __init__(cls, name, bases, body):
            type.__init__(cls, name, bases, body)
            members, by_value = {}, {}
            for key, text in body.items():
                if type(text) is str and not key.startswith("_"):
                    member = str.__new__(cls, text)
                    vars(member).update(
                        name=key,
                        value=text,
                        _name_=key,
                        _value_=text,
                        _sort_order_=len(members),
                        __objclass__=cls,
                    )
                    members[key] = by_value[text] = member
                    type.__setattr__(cls, key, member)
            for key, value in (  # the names under which `enum` keeps them
                ("_member_map_", members),
                ("_member_names_", [*members]),
                ("_value2member_map_", by_value),
                ("_member_type_", str),
            ):
                type.__setattr__(cls, key, value)

        @property
        def __class__(cls):
            return type(cls) if _adopted or not adopt_enum() else _AdoptedEnumType

        @property
        def __members__(cls):
            return _MappingProxy(cls._member_map_)

        def __call__(cls, value):
            if not _adopted:
                adopt_enum()
            try:
                return cls._value2member_map_[value]
            except (KeyError, TypeError):
                raise ValueError(f"{value!r} is not a valid {cls.__qualname__}") from None

        def __iter__(cls):
            if not _adopted:
                adopt_enum()
            return iter(cls._member_map_.values())

        def __reversed__(cls):
            return reversed(cls._member_map_.values())

        def __len__(cls):
            return len(cls._member_map_)

        def __bool__(cls):
            return True

        def __contains__(cls, value):
            return isinstance(value, str) and value in cls._value2member_map_

        def __getitem__(cls, key):
            return cls._member_map_[key]

        def __setattr__(cls, name, value):
            if name in cls._member_map_:
                raise AttributeError(f"cannot reassign member {name!r}")
            type.__setattr__(cls, name, value)

        def __delattr__(cls, name):
            if name in cls._member_map_:
                raise AttributeError(f"{cls.__name__!r} cannot delete member {name!r}.")
            type.__delattr__(cls, name)

        def __repr__(cls):
            return f"<enum {cls.__name__!r}>"

    class StrEnum(str, metaclass=_EnumType):  # noqa: SLOT000 - each has a name and a value
        """A closed set of strings that are written as they are."""

        @property
        def __class__(self):
            kind = type(self)
            if _adopted or not adopt_enum():
                return kind
            # `isinstance` ignores the very type it has just refused, so it gets a subclass.
            body = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
            return type.__new__(_EnumType, kind.__name__, (kind,), body)

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __reduce_ex__(self, _protocol):
            return type(self), (self.value,)

        def __copy__(self):
            return self

        def __deepcopy__(self, _memo):
            return self

        def __setattr__(self, name, _value):
            raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    _adopted = False

    class _AdoptedEnumType(_EnumType):
        """What `isinstance(cls, EnumMeta)` is told where it asks first."""

    def adopt_enum():
        """Make `Enum` a base of the enumerations here, if it is imported; return whether it is."""
        global _adopted  # noqa: PLW0603 - once for all enumerations
        enum = sys.modules.get("enum")
        base = getattr(enum, "Enum", None)  # None while `enum` is still being imported
        if base is None:
            return False
        if not _adopted:
            _EnumType.__bases__ = (enum.EnumMeta,)
            StrEnum.__bases__ = (str, base)
            _adopted = True
        return True

    adopt_enum()
