"""What the command line prints of itself, as a whole and of each command."""

from __future__ import annotations

COMMANDS = {
    "run": ("ENTRY", "run a service in this process until it ends"),
    "stop": ("[ENTRY]", "stop a service that another process runs, and clear its desired state"),
    "state": ("[ENTRY]", "print each service's state, desired state and last runs"),
    "capabilities": ("", "print what this platform promises a service"),
    "validate": ("ENTRY", "check whether a service can run here"),
}
OS_COMMANDS = {
    "install": ("FILE", "install or upgrade the service that a generated FILE defines"),
    "uninstall": ("LABEL", "stop it, disable it and remove every trace of it; its data stay"),
    "start": ("LABEL", "start it, and return once it is ready"),
    "stop": ("LABEL", "stop it, until it is started again or the next boot starts it"),
    "restart": ("LABEL", "stop it if it runs, and start it"),
    "status": ("LABEL", "print whether it is installed, enabled and running, and what is wrong"),
    "logs": ("LABEL", "print what it wrote"),
}
_HERE = frozenset(COMMANDS)
_OS = frozenset(OS_COMMANDS)
_ALL = _HERE | _OS
_KEPT = _HERE - {"capabilities"}
OPTIONS = (
    ("--name NAME", _KEPT, "the service's name  [default: from its class's]"),
    ("--app ID", _HERE, "the app's id, which names the default data folder"),
    ("--data-dir DIR", _KEPT, "where state is kept"),
    ("--json", _ALL - {"logs"}, "print JSON, events one on a line"),
    ("--label TEXT", {"run"}, "what the user sees"),
    ("--stop-timeout S", {"run"}, "seconds from a stop to the hard end (10)"),
    ("--config JSON", {"run", "validate"}, "the whole configuration, as shims pass it"),
    ("--log FILE", {"run"}, "write to a file that stays small, not to the terminal"),
    ("--windows-service", {"run"}, "answer to Windows' service control manager, which started it"),
    ("--windows-task", {"run"}, "be a task of the Task Scheduler"),
    ("--boot", {"run"}, "do nothing if the service was stopped by its user"),
    ("--mode MODE", {"capabilities"}, "of another mode, such as systemdUser or iosRefresh"),
    ("--types A,B", {"capabilities"}, "for these Android types"),
    ("--scope SCOPE", _OS, "of an OS service: user or system  [default: where it is installed]"),
    ("--now", {"install"}, "start it as well"),
    ("--lines N", {"logs"}, "how many of the last lines (100)"),
    ("--follow", {"logs"}, "go on with what it writes from now on"),
    ("--help, --version", _ALL, "print this help, or the version of bgsvc"),
)
_WORDS = {
    "ENTRY": "ENTRY is package.module:ClassName",
    "LABEL": "LABEL is that of a service of the operating system, such as com.example.notes.sync",
    "FILE": "FILE is what `bgsvc-gen desktop` wrote for this system",
}
_STATUS = """\
exit status: 0 ended well, 1 the run failed or something was found, 2 a usage or other error,
70 the process was ended because a run would not stop"""


def help_text(command: str = "") -> str:
    """Return the help: of one command, or of all."""
    return _of_one(command) if command else _of_all()


def _of_all() -> str:
    lines = ["usage: python -m bgsvc COMMAND [ENTRY] [OPTION]...", "", "commands:"]
    lines += _listed(COMMANDS)
    lines += ["", "commands on services of the operating system:"]
    lines += _listed(OS_COMMANDS)
    lines += ["", *_WORDS.values(), "", "options:"]
    for option, commands, text in OPTIONS:
        few = ", ".join(sorted(commands)) if len(commands) < len(_KEPT) else ""
        lines.append(f"  {option:<18}{few}{': ' if few else ''}{text}")
    return "\n".join((*lines, "", _STATUS))


def _of_one(command: str) -> str:
    forms = [table[command] for table in (COMMANDS, OS_COMMANDS) if command in table]
    lines = [
        f"usage: python -m bgsvc {command} {word} [OPTION]...".replace("  ", " ")
        for word, _ in forms
    ]
    lines += ["", *(text for _, text in forms)]
    lines += [text for word, text in _WORDS.items() if any(word in form for form, _ in forms)]
    lines += ["", "options:"]
    lines += [f"  {option:<18}{text}" for option, commands, text in OPTIONS if command in commands]
    return "\n".join((*lines, "", _STATUS))


def _listed(commands: dict[str, tuple[str, str]]) -> list[str]:
    return [f"  {f'{name} {word}':<18}{text}" for name, (word, text) in commands.items()]
