"""Frozen records without the price of importing `dataclasses`, which pulls in `inspect`."""

from __future__ import annotations

__all__ = ["dataclass", "replace"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def dataclass(*, frozen):
        """Return a decorator giving a class `__init__`, `__repr__`, `__eq__` from its annotations.

        Type checkers see `dataclasses.dataclass`; `frozen` must be true, as it is in every use.
        """
        assert frozen  # noqa: S101 - a programming slip of ours, never a caller's
        return _with_record_methods

    def replace(instance, /, **changes):
        """Return a copy of the record `instance` with `changes` made."""
        return type(instance)(**{**vars(instance), **changes})

    def _with_record_methods(cls):
        names = tuple(cls.__annotations__)
        every = frozenset(names)
        check = getattr(cls, "__post_init__", None)
        defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}

        def __init__(self, *args, **kwargs):  # noqa: N807
            if not args and check is None and kwargs.keys() == every:
                self.__dict__.update(kwargs)
                return
            fields = dict(zip(names, args, strict=False))
            unknown = [name for name in kwargs if name not in names or name in fields]
            fields = {**defaults, **fields, **kwargs}
            missing = [name for name in names if name not in fields]
            if unknown or missing or len(args) > len(names):
                detail = f"missing {missing}, unexpected {unknown}"
                raise TypeError(f"{cls.__name__} takes {', '.join(names)}: {detail}")
            self.__dict__.update(fields)
            if check is not None:
                check(self)

        def __repr__(self):  # noqa: N807
            return f"{cls.__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

        def __eq__(self, other):  # noqa: N807
            return vars(self) == vars(other) if type(other) is cls else NotImplemented

        def __hash__(self):  # noqa: N807
            return hash(tuple(getattr(self, name) for name in names))

        def __setattr__(self, name, _value):  # noqa: N807
            raise AttributeError(f"{cls.__name__}.{name} cannot be changed")

        def __delattr__(self, name):  # noqa: N807
            raise AttributeError(f"{cls.__name__}.{name} cannot be removed")

        for method in (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__):
            if method.__name__ not in cls.__dict__ or method is __hash__:
                setattr(cls, method.__name__, method)
        cls.__match_args__ = names
        return cls
