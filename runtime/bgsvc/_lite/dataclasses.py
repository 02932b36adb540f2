"""Frozen dataclasses without the price of importing `dataclasses`, which pulls in `inspect`.

`dataclasses` reads a class through `__dataclass_fields__` and `__dataclass_params__`. Both are
computed when it first asks, by letting it process a class with the same annotations. So `fields`,
`asdict`, `astuple`, `replace`, `is_dataclass` and inheritance work as with any dataclass, and a
process that uses none of them never imports the module.
"""

from __future__ import annotations

__all__ = ["dataclass", "replace"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:
    _OWN_METHODS = ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__")
    _UNSUPPORTED = (*_OWN_METHODS, "__slots__", "__replace__")
    _UNSUPPORTED_ANNOTATIONS = ("ClassVar", "InitVar", "KW_ONLY")

    def dataclass(cls=None, /, **options):
        """Return a decorator that makes a class a frozen dataclass.

        Type checkers see `dataclasses.dataclass`. This one supports what the package uses:
        `frozen=True`, plain annotations, defaults that nobody changes, and `__post_init__`.

        Raises:
            TypeError: If the class or the options ask for anything else.
        """
        if cls is not None or options != {"frozen": True}:
            raise TypeError(f"only @dataclass(frozen=True) is supported, not {options}")
        return _with_dataclass_methods

    def replace(instance, /, **changes):
        """Return a copy of the dataclass instance `instance` with `changes` made."""
        return type(instance)(**{**vars(instance), **changes})

    class _Computed:
        """A class attribute that `dataclasses` or `inspect` computes when it is first read."""

        def __init__(self, cls, name, compute):
            self._cls = cls
            self._name = name
            self._compute = compute

        def __get__(self, instance, owner):
            value = self._compute(self._cls)
            type.__setattr__(self._cls, self._name, value)
            return value

    def _twin(cls):
        """Return a class with the fields of `cls` that `dataclasses` itself has processed."""
        from dataclasses import dataclass as real_dataclass
        from dataclasses import field

        names = cls.__match_args__
        body = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
        for name, default in body.items():
            if type(default).__hash__ is None:  # an empty mapping, which nobody changes
                body[name] = field(default_factory=lambda default=default: default)
        body |= {"__annotations__": dict(cls.__annotations__), "__doc__": cls.__doc__}
        return real_dataclass(frozen=True)(
            type(cls.__name__, (), {**body, "__module__": cls.__module__})
        )

    def _fields_of(cls):
        return _twin(cls).__dataclass_fields__

    def _params_of(cls):
        return _twin(cls).__dataclass_params__

    def _signature_of(cls):
        import inspect

        return inspect.signature(_twin(cls))

    def _require_supported(cls):
        """Raise `TypeError` for what `dataclasses.dataclass` would treat in its own way."""
        if cls.__bases__ != (object,):
            raise TypeError(f"{cls.__name__}: a dataclass here has no base class")
        for name in _UNSUPPORTED:
            if name in cls.__dict__ and not (name == "__hash__" and cls.__hash__ is None):
                raise TypeError(f"{cls.__name__}.{name} is not supported in a dataclass here")
        default_seen = ""
        for name, annotation in cls.__annotations__.items():
            if any(word in str(annotation) for word in _UNSUPPORTED_ANNOTATIONS):
                raise TypeError(f"{cls.__name__}.{name}: {annotation} is not supported here")
            if name not in cls.__dict__:
                if default_seen:
                    raise TypeError(
                        f"{cls.__name__}.{name} without a default follows {default_seen}"
                    )
                continue
            default_seen = name
            default = cls.__dict__[name]
            if isinstance(default, (list, set)) or hasattr(default, "default_factory"):
                raise TypeError(f"{cls.__name__}.{name}: use an immutable default")

    def _with_dataclass_methods(cls):
        _require_supported(cls)
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
            self.__dict__.update({name: fields[name] for name in names})
            if check is not None:
                self.__post_init__()

        def __repr__(self):  # noqa: N807
            values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({values})"

        def __eq__(self, other):  # noqa: N807
            if type(other) is not type(self):
                return NotImplemented
            return _values(self) == _values(other)

        def __hash__(self):  # noqa: N807
            return hash(_values(self))

        def __setattr__(self, name, value):  # noqa: N807
            if type(self) is cls or name in every:
                raise _frozen_error(f"cannot assign to field {name!r}")
            object.__setattr__(self, name, value)

        def __delattr__(self, name):  # noqa: N807
            if type(self) is cls or name in every:
                raise _frozen_error(f"cannot delete field {name!r}")
            object.__delattr__(self, name)

        def _values(self):
            return tuple([getattr(self, name) for name in names])

        methods = (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__)
        for name, method in zip(_OWN_METHODS, methods, strict=True):
            method.__qualname__ = f"{cls.__qualname__}.{name}"
            setattr(cls, name, method)
        cls.__replace__ = replace  # for `copy.replace`, since Python 3.13
        cls.__match_args__ = names
        cls.__dataclass_fields__ = _Computed(cls, "__dataclass_fields__", _fields_of)
        cls.__dataclass_params__ = _Computed(cls, "__dataclass_params__", _params_of)
        cls.__signature__ = _Computed(cls, "__signature__", _signature_of)
        return cls

    def _frozen_error(text):
        from dataclasses import FrozenInstanceError

        return FrozenInstanceError(text)
