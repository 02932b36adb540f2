"""Frozen dataclasses without the cost of importing `dataclasses`, which imports `inspect`.

What the standard library reads of a dataclass (its `Field` objects, parameters and signature) is
computed on first use. Only who reads them has imported `dataclasses` or `inspect` already.
"""

from __future__ import annotations

__all__ = ["dataclass", "replace"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def dataclass(*, frozen):
        """Return a decorator that turns a class with annotations into a frozen dataclass.

        Type checkers see `dataclasses.dataclass`; `frozen` must be true, as it is in every use.
        """
        assert frozen  # noqa: S101 - a mistake in this package, never a caller's
        return _add_methods

    def replace(instance, /, **changes):
        """Return a copy of the dataclass `instance` with `changes` made."""
        return type(instance)(**{**vars(instance), **changes})

    class _StandardAttribute:
        """An attribute that the real `dataclass` computes when somebody first reads it."""

        def __init__(self, cls, name):
            self._cls = cls
            self._name = name

        def __get__(self, _instance, _owner=None):
            standard = _build_standard_dataclass(self._cls)
            for name in _STANDARD_ATTRIBUTES:
                setattr(self._cls, name, getattr(standard, name))
            return getattr(self._cls, self._name)

    _STANDARD_ATTRIBUTES = ("__dataclass_fields__", "__dataclass_params__", "__signature__")

    def _build_standard_dataclass(cls):
        """Return a dataclass of the standard library with the fields of `cls`."""
        import dataclasses
        import inspect

        def make_default(value):
            if type(value).__hash__ is None:  # the real one refuses a mutable default
                return dataclasses.field(default_factory=lambda: value)
            return value

        names = cls.__annotations__
        body = {name: make_default(cls.__dict__[name]) for name in names if name in cls.__dict__}
        body |= {"__annotations__": dict(names), "__module__": cls.__module__, "__doc__": ""}
        standard = dataclasses.dataclass(frozen=True)(type(cls.__name__, (), body))
        standard.__signature__ = inspect.signature(standard)
        return standard

    def _add_methods(cls):
        names = tuple(cls.__annotations__)
        every = frozenset(names)
        is_checked = hasattr(cls, "__post_init__")
        defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
        for name, default in defaults.items():
            if isinstance(default, (list, set)):
                raise TypeError(f"{cls.__name__}.{name} needs an immutable default")

        def __init__(self, *args, **kwargs):  # noqa: N807
            if not args and not is_checked and kwargs.keys() == every:
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
            if is_checked:
                self.__post_init__()

        def __repr__(self):  # noqa: N807
            values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({values})"

        def __eq__(self, other):  # noqa: N807
            if other.__class__ is not self.__class__:
                return NotImplemented
            return all(_is_same(getattr(self, name), getattr(other, name)) for name in names)

        def __hash__(self):  # noqa: N807
            return hash(tuple(getattr(self, name) for name in names))

        def __replace__(self, /, **changes):  # noqa: N807
            return replace(self, **changes)

        def __setattr__(self, name, value):  # noqa: N807
            if type(self) is cls or name in every:
                _refuse_change("assign to", name)
            super(cls, self).__setattr__(name, value)

        def __delattr__(self, name):  # noqa: N807
            if type(self) is cls or name in every:
                _refuse_change("delete", name)
            super(cls, self).__delattr__(name)

        added = (__init__, __repr__, __eq__, __hash__, __replace__, __setattr__, __delattr__)
        for method in added:
            if method.__name__ not in cls.__dict__ or method is __hash__:
                method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
                setattr(cls, method.__name__, method)
        for name in _STANDARD_ATTRIBUTES:
            setattr(cls, name, _StandardAttribute(cls, name))
        cls.__match_args__ = names
        return cls

    def _is_same(one, other):
        return one is other or one == other

    def _refuse_change(verb, name):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot {verb} field {name!r}")
