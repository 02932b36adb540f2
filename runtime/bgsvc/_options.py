"""The command line's arguments, read without `argparse`, which costs more than all the rest."""

from __future__ import annotations

from bgsvc._errors import BackgroundServiceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HELP = """\
usage: python -m bgsvc COMMAND [ENTRY] [OPTION]...

commands:
  run ENTRY         run a service in this process until it ends; ENTRY is package.module:ClassName
  stop [ENTRY]      stop a service that another process runs, and want it no more
  state [ENTRY]     tell what services do, what is wanted, and why the last runs ended
  capabilities      tell what this platform promises to a service
  validate ENTRY    look whether a service can run here

commands on services of the operating system; LABEL is such as com.example.notes.sync:
  install FILE      install or upgrade the service that a generated FILE defines
  uninstall LABEL   stop it, disable it and remove every trace of it; its data stay
  start LABEL       start it, and return once it is ready
  stop LABEL        stop it, until it is started again or the next boot starts it
  restart LABEL     stop it if it runs, and start it
  status LABEL      tell whether it is installed, enabled and running, and what is wrong
  logs LABEL        print what it wrote

options:
  --name NAME       the service's name; by default made of its class's
  --app ID          the app's id, which names the default data folder
  --data-dir DIR    where state is kept
  --json            print JSON, events one on a line
  --label TEXT      run: what the user sees
  --stop-timeout S  run: seconds from a stop to the hard end (10)
  --config JSON     run, validate: the whole configuration, as shims pass it
  --log FILE        run: write to a file that stays small, not to the terminal
  --windows-service run: answer to Windows' service control manager, which started it
  --windows-task    run: be a task of the Task Scheduler
  --boot            run: do nothing if the service was stopped by its user
  --again           run: end with the exit status 75 unless somebody asked for the end
  --mode MODE       capabilities: of another mode, such as systemdUser or iosRefresh
  --types A,B       capabilities: for these Android types
  --scope SCOPE     OS services: user or system; by default where it is installed
  --now             install: start it as well
  --lines N         logs: how many of the last lines (100)
  --follow          logs: go on with what it writes from now on

exit status: 0 ended well, 1 the run failed or something was found, 2 a usage or other error,
70 the process was ended because a run would not stop, 75 it is to be started again (--again)
"""

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
        self.help: str | None = None
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
        if word in {"-h", "--help"}:
            options.help = HELP.rstrip()
        elif word in _FLAGS:
            setattr(options, word[2:].replace("-", "_"), True)
        elif option in _TEXTS or option in _CHECKED:
            options.set(option, value if equals else _next(rest, option))
        elif word.startswith("-"):
            raise UsageError(f"there is no option {word!r}")
        else:
            options.take(word)
    if not options.command and options.help is None:
        raise UsageError("say what to do")
    return options


def _next(rest: Iterator[str], option: str) -> str:
    for value in rest:
        return value
    raise UsageError(f"{option} needs a value")
