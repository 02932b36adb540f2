"""Find a service's class by its entry, and name a class that has no configuration."""

from __future__ import annotations

from bgsvc._model.config import ServiceConfig
from bgsvc._model.errors import EntryNotFoundError, describe_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._service.service import BackgroundService

NO_YIELD = "take the `yield` out of `init`, `run` and `shutdown`; `await ctx.sleep(…)` pauses a run"


def load_entry(entry: str) -> type[BackgroundService]:
    """Import the service class that `entry` names.

    Raises:
        EntryNotFoundError: If the module, the class or its kind is wrong, or the module raises.
    """
    from bgsvc._service.service import BackgroundService

    module_name, separator, path = entry.partition(":")
    if not (module_name and separator and path):
        raise EntryNotFoundError(f"{entry!r} is not of the form package.module:ClassName")
    try:
        target: object = __import__(module_name, fromlist=("",))
        for name in path.split("."):
            target = getattr(target, name)
    except (ImportError, AttributeError) as error:
        raise EntryNotFoundError(f"{entry}: {error}") from error
    except BaseException as error:  # not even an exit is a module's to ask for
        text = f"{entry}: importing it raised {describe_error(error)}"
        raise EntryNotFoundError(text, fix=f"let `import {module_name}` succeed") from error
    if not (isinstance(target, type) and issubclass(target, BackgroundService)):
        raise EntryNotFoundError(f"{entry} is not a subclass of BackgroundService")
    return target


def config_of(service: type[BackgroundService]) -> ServiceConfig:
    """Return the configuration of a class nobody configured: `SyncService` is named `sync`."""
    words: list[str] = []
    for letter in service.__name__.removesuffix("Service") or service.__name__:
        if letter.isupper() or not words:
            words.append("")
        words[-1] += letter.lower()
    name = "-".join(words).replace("_", "-")
    return ServiceConfig(name=name, entry=f"{service.__module__}:{service.__qualname__}")
