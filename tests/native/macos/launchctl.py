"""A model of launchd and its `launchctl`, for systems that are not macOS.

Written from launchd.plist(5), launchctl(1) and the exit statuses that users of other tools have
reported. It is our reading of them and no proof of what macOS does: it shows that our verbs fit
together, in the order and with the words that launchd asks for. It really runs the jobs, and
writes down each call.

    python launchctl.py FOLDER VERB …
"""

import json
import os
import plistlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.native.macos.keys import wrong

DOMAIN = re.compile(r"system|(?:gui|user)/\d+")
TARGET = re.compile(r"(system|(?:gui|user)/\d+)/([^/]+)")
USAGE, FAILED, NO_PROCESS, NO_SERVICE, DISABLED = 64, 5, 3, 113, 119
LEGACY = ("load", "unload", "start", "stop", "remove", "submit")


class Answer(SystemExit):
    """Ends the command with a status, and something on stderr."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status)
        self.text = text


class Launchctl:
    """The command; everything launchd knows is in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs = folder / "jobs"
        self._jobs.mkdir(exist_ok=True, parents=True)

    def do(self, verb: str, words: list[str]) -> None:
        """Do what one call says."""
        if verb in LEGACY:
            raise Answer(USAGE, f"{verb} is an old verb: bootstrap, bootout, kickstart")
        verbs: dict[str, Callable[..., None]] = {
            "bootstrap": self._bootstrap,
            "bootout": self._bootout,
            "disable": self._disable,
            "enable": self._enable,
            "kickstart": self._kickstart,
            "print": self._print,
            "print-disabled": self._print_disabled,
        }
        if verb not in verbs:
            raise Answer(USAGE, f"Unrecognized subcommand: {verb}")
        verbs[verb](*words)

    def _bootstrap(self, domain: str, path: str) -> None:
        _checked(DOMAIN, domain)
        keys = _read(Path(path))
        label = keys["Label"]
        if self._disabled().get(f"{domain}/{label}", keys.get("Disabled", False)):
            raise Answer(DISABLED, "Bootstrap failed: 119: Service is disabled")
        if self._job(domain, label).exists():
            raise Answer(FAILED, "Bootstrap failed: 5: Input/output error")
        job = self._job(domain, label)
        write(job, {"path": path, "state": "not running", "runs": 0})
        supervisor = [sys.executable, str(Path(__file__).with_name("supervisor.py")), str(job)]
        subprocess.Popen(  # it outlives this process
            supervisor,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _await(lambda: "supervisor" in read(job))

    def _bootout(self, target: str) -> None:
        job = self._loaded(target, NO_PROCESS, "Boot-out failed: 3: No such process")
        os.kill(read(job)["supervisor"], signal.SIGTERM)
        _await(lambda: not job.exists())

    def _kickstart(self, *words: str) -> None:
        job = self._loaded(words[-1], NO_SERVICE, "Could not find service")
        if "pid" not in read(job):
            os.kill(read(job)["supervisor"], signal.SIGUSR1)

    def _enable(self, target: str) -> None:
        self._mark(target, disabled=False)

    def _disable(self, target: str) -> None:
        self._mark(target, disabled=True)

    def _mark(self, target: str, *, disabled: bool) -> None:
        _checked(TARGET, target)
        write(self._folder / "disabled.json", {**self._disabled(), target: disabled})

    def _print(self, target: str) -> None:
        if DOMAIN.fullmatch(target):
            if target.startswith("gui/") and (self._folder / "no-screen").exists():
                raise Answer(NO_SERVICE, "Could not find domain for")
            return
        job = self._loaded(target, NO_SERVICE, "Could not find service")
        found = read(job)
        pid = f"\tpid = {found['pid']}\n" if "pid" in found else ""
        last = found.get("last exit code", "(never exited)")
        sys.stdout.write(
            f"{target} = {{\n\tactive count = {len(pid) and 1}\n\tpath = {found['path']}\n"
            f"\tstate = {found['state']}\n\n\truns = {found['runs']}\n{pid}"
            f"\tlast exit code = {last}\n\n\tspawn type = background (5)\n}}\n"
        )

    def _print_disabled(self, domain: str) -> None:
        rows = [
            f'\t\t"{target.rpartition("/")[2]}" => {"disabled" if off else "enabled"}\n'
            for target, off in self._disabled().items()
            if target.rpartition("/")[0] == domain
        ]
        sys.stdout.write(f"\n\tdisabled services = {{\n{''.join(rows)}\t}}\n")

    def _loaded(self, target: str, status: int, text: str) -> Path:
        found = _checked(TARGET, target)
        job = self._job(found[1], found[2])
        if not job.exists():
            raise Answer(status, text)
        return job

    def _job(self, domain: str, label: str) -> Path:
        return self._jobs / f"{domain}@{label}".replace("/", "@")

    def _disabled(self) -> dict[str, bool]:
        path = self._folder / "disabled.json"
        return read(path) if path.exists() else {}


def read(path: Path) -> dict[str, Any]:
    """Return what is known."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(path: Path, content: dict[str, Any]) -> None:
    """Write down what is known, whole."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(json.dumps(content), encoding="utf-8")
    new.rename(path)


def _read(path: Path) -> dict[str, Any]:
    """Return the keys of a file that launchd would take."""
    try:
        keys: dict[str, Any] = plistlib.loads(path.read_bytes())
    except Exception as error:
        raise Answer(FAILED, "Bootstrap failed: 5: Input/output error") from error
    if path.stat().st_mode & 0o022:
        raise Answer(FAILED, "Bootstrap failed: 5: Input/output error (others may write it)")
    if found := wrong(keys):
        raise Answer(FAILED, f"Bootstrap failed: 5: Input/output error ({', '.join(found)})")
    return keys


def _checked(wanted: re.Pattern[str], word: str) -> re.Match[str]:
    found = wanted.fullmatch(word)
    if found is None:
        raise Answer(USAGE, f"Unrecognized target specifier: {word}")
    return found


def _await(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Answer(FAILED, "launchd does not answer")
        time.sleep(0.005)


def main() -> NoReturn:
    folder, verb, *words = sys.argv[1:]
    answer = Answer(0)
    try:
        Launchctl(Path(folder)).do(verb, words)
    except Answer as error:
        answer = error
    except FileNotFoundError:
        answer = Answer(NO_SERVICE, "Could not find service")  # it has just gone
    call = {"words": [verb, *words], "uid": os.geteuid(), "status": answer.code}
    with (Path(folder) / "calls").open("a", encoding="utf-8") as file:
        file.write(json.dumps(call) + "\n")
    if answer.text:
        sys.stderr.write(f"{answer.text}\n")
    raise answer


if __name__ == "__main__":
    main()
