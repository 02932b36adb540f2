"""The command line's arguments, read without `argparse`, which costs more than all the rest."""

from __future__ import annotations

from bgsvc._model.errors import BackgroundServiceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OS_COMMANDS = ("install", "uninstall", "start", "restart", "status", "logs")
"""What is asked of the operating system's service manager; `stop` may be too."""

_COMMANDS = ("run", "stop", "state", "capabilities", "validate", *OS_COMMANDS)
_TEXTS = ("--name", "--app", "--data-dir", "--label", "--config", "--mode", "--types", "--log")
_CHECKED = ("--scope", "--stop-timeout", "--lines")
_FLAGS = (
    *("--json", "--boot", "--again", "--now", "--follow", "--windows-service", "--windows-task"),
)


class UsageError(BackgroundServiceError):
    """The command line makes no sense."""

    default_code = "usage"
    default_fix = "python -m bgsvc --help"


class Options:
    """What the command line says."""

    def __init__(self) -> None:
        self.command = ""
        self.information = ""
        self.entry: str | None = None
        self.name: str | None = None
        self.app: str | None = None
        self.data_dir: str | None = None
        self.label: str | None = None
        self.config: str | None = None
        self.mode: str | None = None
        self.types: list[str] = []
        self.stop_timeout = 10.0
        self.scope: str | None = None
        self.lines = 100
        self.json = False
        self.boot = False
        self.again = False
        self.windows_service = False
        self.windows_task = False
        self.log: str | None = None
        self.now = False
        self.follow = False

    def set(self, option: str, value: str) -> None:
        """Take an option that has a value.

        Raises:
            UsageError: If the value makes no sense.
        """
        if option == "--stop-timeout":
            try:
                self.stop_timeout = float(value)
            except ValueError:
                raise UsageError(f"--stop-timeout takes seconds, not {value!r}") from None
            if not 0 <= self.stop_timeout < float("inf"):
                raise UsageError(f"--stop-timeout takes seconds from zero up, not {value!r}")
        elif option == "--scope":
            if value not in {"user", "system"}:
                raise UsageError(f"--scope takes user or system, not {value!r}")
            self.scope = value
        elif option == "--lines":
            if not (value.isascii() and value.isdigit()):
                raise UsageError(f"--lines takes a number from zero up, not {value!r}")
            self.lines = int(value)
        elif option == "--types":
            self.types = [kind for kind in value.split(",") if kind]
        else:
            setattr(self, option[2:].replace("-", "_"), value)

    def take(self, word: str) -> None:
        """Take a word that is no option: the command, then the entry.

        Raises:
            UsageError: If there is one too many, or the command is unknown.
        """
        if not self.command:
            if word not in _COMMANDS:
                raise UsageError(f"{word!r} is not one of {', '.join(_COMMANDS)}")
            self.command = word
        elif self.entry is None:
            self.entry = word
        else:
            raise UsageError(f"{word!r} is one argument too many")


def parse(arguments: Sequence[str]) -> Options:
    """Read the arguments.

    Raises:
        UsageError: If they make no sense.
    """
    options = Options()
    rest = iter(arguments)
    for word in rest:
        option, equals, value = word.partition("=")
        if word in {"-h", "--help", "--version"}:
            options.information = word
        elif word in _FLAGS:
            setattr(options, word[2:].replace("-", "_"), True)
        elif option in _TEXTS or option in _CHECKED:
            options.set(option, value if equals else _next(rest, option))
        elif word.startswith("-"):
            raise UsageError(f"there is no option {word!r}")
        else:
            options.take(word)
    if not options.command and not options.information:
        raise UsageError("say what to do")
    return options


def _next(rest: Iterator[str], option: str) -> str:
    for value in rest:
        return value
    raise UsageError(f"{option} needs a value")
