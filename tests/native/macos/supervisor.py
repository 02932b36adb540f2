"""What launchd does for one loaded job, in the model of `launchctl.py`.

python supervisor.py JOB
"""

import contextlib
import os
import plistlib
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.native.macos.launchctl import read, write

LOOK = 0.01
BARE_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
CRASHES = (signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV)


class Supervisor:
    """Runs a job's process, and again if its `KeepAlive` says so, until the job is unloaded."""

    def __init__(self, job: Path) -> None:
        self._job = job
        self._known = read(job)
        self._keys: dict[str, Any] = plistlib.loads(Path(self._known["path"]).read_bytes())
        alive = self._keys.get("KeepAlive", False)
        self._wanted = bool(self._keys.get("RunAtLoad") or alive)
        self._ending = False
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGUSR1, self._kick)

    def run(self) -> None:
        """Be the job's launchd."""
        self._say(supervisor=os.getpid())
        last = -1e9
        while not self._ending:
            if not self._wanted:
                time.sleep(LOOK)
                continue
            if time.monotonic() < last + self._keys.get("ThrottleInterval", 10):
                self._say(state="spawn scheduled")
                time.sleep(LOOK)
                continue
            self._wanted, last = False, time.monotonic()
            self._once()
        self._job.unlink()

    def _once(self) -> None:
        try:
            process = self._spawned()
        except OSError:
            self._say(state="not running", **{"last exit code": "78: EX_CONFIG"})
            return
        self._say(state="running", pid=process.pid, runs=self._known["runs"] + 1)
        deadline = float("inf")
        while process.poll() is None:
            if self._ending and deadline == float("inf"):
                process.terminate()
                deadline = time.monotonic() + self._keys.get("ExitTimeOut", 5)
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(LOOK)
        if not self._keys.get("AbandonProcessGroup"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        del self._known["pid"]
        code = process.returncode
        # Whoever asked for a start in between has been given one.
        self._wanted = self._is_kept_alive(code)
        last = f"signal {-code}" if code < 0 else str(code)
        state = "spawn scheduled" if self._wanted else "not running"
        self._say(state=state, **{"last exit code": last})

    def _spawned(self) -> subprocess.Popen[bytes]:
        keys = self._keys
        environment = {"PATH": BARE_PATH, "XPC_SERVICE_NAME": keys["Label"]}
        if "@" in self._job.name.partition("@")[0] or not self._job.name.startswith("system@"):
            environment |= {name: os.environ[name] for name in ("HOME",) if name in os.environ}
        environment |= keys.get("EnvironmentVariables", {})
        with (
            Path(keys.get("StandardOutPath", os.devnull)).open("ab") as out,
            Path(keys.get("StandardErrorPath", os.devnull)).open("ab") as err,
        ):
            return subprocess.Popen(
                keys["ProgramArguments"],
                cwd=keys.get("WorkingDirectory", "/"),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                user=keys.get("UserName"),
                group=_group(keys.get("UserName")),
                extra_groups=[] if "UserName" in keys else None,
            )

    def _is_kept_alive(self, code: int) -> bool:
        alive = self._keys.get("KeepAlive", False)
        if isinstance(alive, bool):
            return alive
        conditions = [
            alive["SuccessfulExit"] == (code == 0) if "SuccessfulExit" in alive else False,
            alive["Crashed"] == (-code in CRASHES) if "Crashed" in alive else False,
        ]
        return any(conditions)

    def _say(self, **changes: object) -> None:
        if any(self._known.get(name) != value for name, value in changes.items()):
            self._known |= changes
            write(self._job, self._known)

    def _end(self, number: int, frame: object) -> None:
        self._ending = True

    def _kick(self, number: int, frame: object) -> None:
        self._wanted = True


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


if __name__ == "__main__":
    Supervisor(Path(sys.argv[1])).run()
