"""The command line: run a service here, stop it, look at its state, check it."""

from __future__ import annotations

import os
import sys

from bgsvc._desktop.command_line import OS_COMMANDS, parse
from bgsvc._model.errors import BackgroundServiceError, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgsvc._desktop.command_line import Options
    from bgsvc._model.config import ServiceConfig

FINDINGS = 1
WRONG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; return 0, 1 for a failed run or findings, 2 for an error."""
    try:
        given = parse(sys.argv[1:] if arguments is None else arguments)
        return _inform(given) if given.information else _COMMANDS[given.command](given)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads any more
        return 0
    except BackgroundServiceError as error:
        from bgsvc._desktop.console import print_error

        print_error(error)
        return WRONG


def serve_if_asked() -> None:
    """Run the service and exit, if the process was started for that; else return.

    Call it first thing in the main function of a bundled app (PyInstaller, AppImage): a service
    manager starts the app itself with `-m bgsvc run …`, for there is no other Python.
    """
    if sys.argv[1:3] == ["-m", "bgsvc"]:
        raise SystemExit(main(sys.argv[3:]))


def _inform(given: Options) -> int:
    """Print the version or the help, whichever was asked for last."""
    if given.information == "--version":
        from bgsvc._model import __version__

        return _say(f"bgsvc {__version__}")
    from bgsvc._cli.help import help_text

    return _say(help_text(given.command))


def _run(given: Options) -> int:
    if given.windows_service:
        from bgsvc._daemon.windows_service import host

        return host(lambda: _config(given), given)
    if given.windows_task:
        os.environ["BGSVC_MODE"] = "windowsTask"
    if given.log:
        from bgsvc._os.log_file import RotatedFile

        sys.stdout = sys.stderr = RotatedFile(given.log)
    from bgsvc._daemon.service_process import ServiceProcess

    process = ServiceProcess(_config(given), app=given.app, data_dir=given.data_dir)
    if sys.platform == "win32":
        from bgsvc._os.windows.stop_event import listen

        listen(process.ask_to_stop)
    return process.run(as_json=given.json, boot=given.boot, again=given.again)


def _os(given: Options) -> int:
    """Ask the operating system's service manager."""
    from bgsvc._cli.os_services import perform

    return perform(given)


def _stop(given: Options) -> int:
    if given.scope or (given.entry is not None and not _is_entry(given.entry)):
        return _os(given)
    from bgsvc._cli.stop import stop

    return stop(_name(given), _folder(given), as_json=given.json)


def _state(given: Options) -> int:
    import json

    from bgsvc._cli.report import list_services, state_on_disk, state_text

    folder = _folder(given)
    known = list_services(folder)
    names = known if given.entry is given.name is None else [_name(given)]
    if given.json:
        return _say(json.dumps({"services": [state_on_disk(folder, name) for name in names]}))
    return _say("\n".join(state_text(folder, name) for name in names) or "no service has run here")


def _capabilities(given: Options) -> int:
    import json

    from bgsvc._app.capabilities import capabilities_of
    from bgsvc._cli.report import capabilities_text
    from bgsvc._desktop.host import LocalHost
    from bgsvc._desktop.mode import detect_mode, platform_of

    host = LocalHost(app=given.app, mode=given.mode or detect_mode())
    host.platform = platform_of(host.mode) or host.platform
    found = capabilities_of(host, given.types)
    return _say(json.dumps(found.to_wire()) if given.json else capabilities_text(found))


def _validate(given: Options) -> int:
    import json

    from bgsvc._app.validate import validate_setup
    from bgsvc._cli.report import report_text
    from bgsvc._desktop.host import LocalHost
    from bgsvc._desktop.mode import detect_mode

    config = _raw_config(given)
    host = LocalHost(app=given.app, mode=detect_mode())
    report = validate_setup([config], host, os.path.dirname(_folder(given)))
    _say(json.dumps(report.to_wire()) if given.json else report_text(report))
    return 0 if report.ok else FINDINGS


_COMMANDS = {
    "run": _run,
    "stop": _stop,
    "state": _state,
    "capabilities": _capabilities,
    "validate": _validate,
    **dict.fromkeys(OS_COMMANDS, _os),
}


def _is_entry(word: str) -> bool:
    """Return whether `word` names a class, not a service of the operating system or its file."""
    return all(part.isidentifier() for part in word.replace(":", ".", 1).split(".")) and ":" in word


def _say(text: str) -> int:
    print(text)  # noqa: T201 - the product
    return 0


def _config(given: Options) -> ServiceConfig:
    """Return the configuration to run, its class imported."""
    from bgsvc._lite.dataclasses import replace
    from bgsvc._service.entry import config_of, load_entry

    config = _raw_config(given)
    named = config_of(load_entry(config.entry)).name if not config.name else config.name
    return replace(config, name=named)


def _raw_config(given: Options) -> ServiceConfig:
    """Return the configuration as given, the name empty if only its class can tell it."""
    from bgsvc._lite.guards import is_object
    from bgsvc._lite.json import decode
    from bgsvc._model.config import ServiceConfig, config_from_wire

    _settle_path()
    if given.config:
        try:
            fields = decode(given.config)
        except ValueError as error:
            raise ConfigError(f"--config is not JSON: {error}") from error
        if not is_object(fields):
            raise ConfigError("--config takes a JSON object")
        _settle_environment(fields.get("environment"))
        return config_from_wire(fields)
    if not given.entry:
        raise ConfigError("say which service: package.module:ClassName")
    return ServiceConfig(
        name=given.name or "",
        entry=given.entry,
        label=given.label or "",
        stop_timeout=given.stop_timeout,
    )


def _settle_environment(variables: object) -> None:
    """Set the variables for which the manager that started this process has no place."""
    from bgsvc._lite.guards import is_object

    if is_object(variables):
        os.environ.update({name: str(value) for name, value in variables.items()})


def _settle_path() -> None:
    """Let an entry be found where the command is run, as modules are, unless that is unsafe.

    A service's process starts in a folder that anybody may write to, perhaps; its unit says
    PYTHONSAFEPATH, which Python 3.10 does not know: `-m` has put the folder there.
    """
    safe = getattr(sys.flags, "safe_path", False) or sys.flags.isolated
    if not os.environ.get("PYTHONSAFEPATH") and not safe:
        if "" not in sys.path:
            sys.path.insert(0, "")
    elif not hasattr(sys.flags, "safe_path") and sys.path and sys.path[0] in {"", os.getcwd()}:
        del sys.path[0]


def _name(given: Options) -> str:
    from bgsvc._model.config import validate_name

    return validate_name(given.name) if given.name else _config(given).name


def _folder(given: Options) -> str:
    from bgsvc._model.config import validate_name
    from bgsvc._storage.folders import default_data_dir, state_dir_in

    app = validate_name(given.app or "bgsvc")
    return state_dir_in(given.data_dir or default_data_dir(app))
