"""A machine booted by systemd, for as long as a test module needs it.

It is this machine's own file system under an overlay, in namespaces of its own: nothing is
downloaded, nothing outside is touched. Only root can make one.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SCRIPT: Final = Path(__file__).with_name("box.sh")
BOOT: Final = 60.0
"""Seconds that a boot may take; one takes about one second."""

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CAP_SYS_ADMIN: Final = 1 << 21


def missing() -> str | None:
    """Return why no machine can be booted here; None if one can."""
    if os.geteuid() != 0:
        return "only root can boot a systemd in namespaces"
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (caps,) = (line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    if not int(caps, 16) & _CAP_SYS_ADMIN:
        return "root without CAP_SYS_ADMIN cannot boot a systemd"
    for path in ("/lib/systemd/systemd", _cgroups()):
        if path is None or not Path(path).exists():
            return "there is no systemd, or no unified cgroup tree"
    tools = ("unshare", "nsenter", "pivot_root", "dbus-daemon", "setpriv", "useradd")
    absent = [tool for tool in tools if shutil.which(tool, path=_PATH) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait for `condition`, bounded."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} seconds: {what}")
        time.sleep(0.02)


class Box:
    """A booted machine."""

    def __init__(self, folder: Path, share: Path) -> None:
        self._folder = folder
        self._share = share
        self._cgroup = Path(_cgroups() or "") / f"bgsvc-{os.getpid()}-{folder.name}"
        self._holder: subprocess.Popen[bytes] | None = None
        self.share = share

    def boot(self) -> None:
        """Start it and wait until it has booted."""
        self._cgroup.mkdir()
        log = (self._share / "box.log").open("wb")
        self._holder = subprocess.Popen(
            [SCRIPT, "run", self._folder, self._cgroup, self._share],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        self._wait_booted()

    def run(
        self, *command: str | os.PathLike[str], user: str | None = None, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command inside, as root or as `user` with a session's environment."""
        words = [os.fspath(word) for word in command]
        environment = [f"PATH={_PATH}", "LANG=C.UTF-8", "TERM=dumb"]
        if user is None:
            words = ["env", "-i", *environment, "HOME=/root", *words]
        else:
            uid = self.run("id", "-u", user).stdout.strip()
            become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--init-groups"]
            session = [f"HOME=/home/{user}", f"XDG_RUNTIME_DIR=/run/user/{uid}"]
            words = [*become, "env", "-i", *environment, *session, *words]
        done = subprocess.run(
            ["nsenter", "-t", str(self._first()), "-m", "-p", "-u", "-i", "-C", "-n", *words],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            cwd="/",
        )
        if check and done.returncode:
            said = f"{done.stdout}{done.stderr}"
            raise AssertionError(f"{words}: exit status {done.returncode}\n{said}")
        return done

    def show(self, unit: str, *properties: str, user: str | None = None) -> dict[str, str]:
        """Return what systemd says of a unit."""
        scope = "--system" if user is None else "--user"
        found = self.run("systemctl", scope, "show", unit, f"-p{','.join(properties)}", user=user)
        lines = (line.partition("=") for line in found.stdout.splitlines())
        return {name: value for name, _, value in lines}

    def journal(self, label: str) -> str:
        """Return what a service, and systemd about it, wrote."""
        which = f"UNIT={label}.service", f"USER_UNIT={label}.service"
        match = [f"_SYSTEMD_{which[0]}", "+", f"_SYSTEMD_{which[1]}", "+", which[0], "+", which[1]]
        return self.run("journalctl", "--no-pager", "-o", "cat", *match).stdout

    def reboot(self) -> None:
        """Reboot it and wait until it is up again."""
        before = self._first()
        (self._folder / "rebooting").touch()
        self.run("systemctl", "reboot", check=False)
        until(lambda: not Path(f"/proc/{before}").exists(), "the machine goes down", BOOT)
        self._wait_booted()

    def off(self) -> None:
        """Switch it off and leave nothing behind."""
        holder = self._holder
        if holder is None:
            return
        try:
            os.kill(self._first(), signal.SIGRTMIN + 4)  # systemd(1): poweroff.target
            holder.wait(BOOT)
        except (AssertionError, ProcessLookupError, subprocess.TimeoutExpired):
            holder.kill()
            holder.wait()
        folders = sorted(self._cgroup.rglob("*/"), key=lambda path: -len(path.parts))
        for folder in [*(path for path in folders if path.is_dir()), self._cgroup]:
            folder.rmdir()

    def _wait_booted(self) -> None:
        def is_up() -> bool:
            try:
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
            except AssertionError:
                return False
            return state in {"running", "degraded"}

        until(is_up, "the machine boots: see box.log", BOOT)

    def _first(self) -> int:
        """Return the machine's first process, as this machine numbers it."""
        assert self._holder is not None
        pid = self._holder.pid
        for name in ("unshare", "systemd"):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
            found = [child for child in children if _is_named(child, name)]
            if not found:
                raise AssertionError(f"no {name} below process {pid}")
            pid = int(found[0])
        return pid


@contextmanager
def booted(folder: Path) -> Generator[Box]:
    """Boot a machine and switch it off at the end; `folder/share` is its /run/share."""
    state, share = folder / "state", folder / "share"
    for path in (state, share):
        path.mkdir()
    share.chmod(0o777)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "box", state], check=True)
    box = Box(state, share)
    try:
        box.boot()
        yield box
    finally:
        try:
            box.off()
        finally:
            subprocess.run(["umount", "-l", state], check=True)


def _is_named(pid: str, name: str) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == name
    except OSError:
        return False


def _cgroups() -> str | None:
    """Return where the unified cgroup tree is mounted."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return place
    return None
