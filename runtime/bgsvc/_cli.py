"""The command line: run a service here, look at its state, check it."""

from __future__ import annotations

import sys

from bgsvc._errors import BackgroundServiceError, NotRunningError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from bgsvc._config import ServiceConfig

WRONG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say and return the exit status: 0, 1 a failed run, 2 an error."""
    given = _parser().parse_args(arguments)
    try:
        return _COMMANDS[given.command](given)
    except BackgroundServiceError as error:
        print(f"bgsvc: {error.code}: {error.message}", file=sys.stderr)  # noqa: T201 - the product
        if error.fix:
            print(f"  fix: {error.fix}", file=sys.stderr)  # noqa: T201 - the product
        return WRONG


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(prog="python -m bgsvc", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = _with_common(commands.add_parser("run", help="run a service in this process"))
    run.add_argument("entry", help="package.module:ClassName")
    run.add_argument("--label", help="what the user sees")
    run.add_argument("--stop-timeout", type=float, default=10.0, metavar="SECONDS")
    run.add_argument("--config", metavar="JSON", help="the whole configuration, as shims pass it")
    run.add_argument("--boot", action="store_true", help="start only if nobody has stopped it")
    stop = _with_common(
        commands.add_parser("stop", help="stop a service that runs in another process, for good")
    )
    stop.add_argument("entry", nargs="?", help="package.module:ClassName, if --name is not given")
    return parser


def _with_common(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--name", help="the service's name; by default made of its class's")
    command.add_argument("--app", help="the app's id, which names the default data folder")
    command.add_argument("--data-dir", metavar="DIR", help="where state is kept")
    command.add_argument("--json", action="store_true", help="print JSON lines")
    return command


def _config(given: argparse.Namespace) -> ServiceConfig:
    from bgsvc._config import config_from_wire, load_entry
    from bgsvc._record import replaced
    from bgsvc._runtime import config_of

    _see_current_folder()
    if given.config:
        import json

        return config_from_wire(json.loads(given.config))
    config = config_of(load_entry(given.entry))
    return replaced(
        config,
        entry=given.entry,
        name=given.name or config.name,
        label=given.label or "",
        stop_timeout=given.stop_timeout,
    )


def _run(given: argparse.Namespace) -> int:
    from bgsvc._process import ServiceProcess

    process = ServiceProcess(_config(given), app=given.app, data_dir=given.data_dir)
    return process.run(as_json=given.json, boot=given.boot)


def _stop(given: argparse.Namespace) -> int:
    import os
    import signal

    from bgsvc._config import load_entry
    from bgsvc._current import default_data_dir
    from bgsvc._lock import InstanceLock
    from bgsvc._record import replaced
    from bgsvc._runtime import config_of
    from bgsvc._store import StateFile
    from bgsvc._words import StopReason

    _see_current_folder()
    name = given.name or config_of(load_entry(given.entry)).name
    folder = os.path.join(given.data_dir or default_data_dir(given.app or "bgsvc"), "bgsvc")
    holder = InstanceLock(folder, name).holder()
    file = StateFile(folder, name)
    if holder is None and not file.peek().desired_running:
        raise NotRunningError(f"{name} is not running and not wanted")
    request = None if holder is None else StopReason.USER_STOP
    file.update(lambda saved: replaced(saved, desired_running=False, stop_request=request))
    if holder is not None:
        os.kill(holder, signal.SIGTERM)
    return 0


def _see_current_folder() -> None:
    """Let an entry be found in the folder the command is run from, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")


_COMMANDS = {"run": _run, "stop": _stop}
