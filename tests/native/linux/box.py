"""A machine booted by systemd, for as long as the tests need it.

It begins as this machine's own file system, or as another one, under an overlay, in namespaces of
its own: nothing outside is touched. Only root can make one.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

SCRIPT: Final = Path(__file__).with_name("box.sh")
BOOT: Final = 60.0
"""Seconds that a boot may take; one takes about one second."""

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CAP_SYS_ADMIN: Final = 1 << 21


class NoBoxError(Exception):
    """Says why no machine can be booted here."""


def require_box() -> None:
    """Check that a machine can be booted here.

    Raises:
        NoBoxError: If not.
    """
    if os.geteuid() != 0:
        raise NoBoxError("only root can boot a systemd in namespaces")
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (caps,) = (line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    if not int(caps, 16) & _CAP_SYS_ADMIN:
        raise NoBoxError("root without CAP_SYS_ADMIN cannot boot a systemd: --privileged gives it")
    filesystems = Path("/proc/filesystems").read_text(encoding="utf-8").split()
    absent = [name for name in ("overlay", "cgroup2", "tmpfs") if name not in filesystems]
    if absent:
        raise NoBoxError(f"the kernel does not have: {', '.join(absent)}")
    tools = ("unshare", "nsenter", "pivot_root", "mount", "umount", "hostname")
    absent = [tool for tool in tools if shutil.which(tool, path=_PATH) is None]
    if absent:
        raise NoBoxError(f"not installed: {', '.join(absent)}")


def own_systemd() -> bool:
    """Return whether this machine's own files suffice to boot from."""
    tools = ("dbus-daemon", "setpriv", "useradd", "loginctl", "journalctl")
    return Path("/lib/systemd/systemd").exists() and all(
        shutil.which(tool, path=_PATH) for tool in tools
    )


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait for `condition`, bounded."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} seconds: {what}")
        time.sleep(0.03)


class Box:
    """A booted machine.

    Attributes:
        share: The folder that it sees as `/run/share`.
    """

    def __init__(self, lower: Path, folder: Path, cgroup: Path, share: Path) -> None:
        self._lower = lower
        self._folder = folder
        self._cgroup = cgroup
        self._holder: subprocess.Popen[bytes] | None = None
        self._leader: int | None = None
        self._uids: dict[str, str] = {}
        self.share = share

    def boot(self) -> None:
        """Start it and wait until it has booted."""
        try:
            self._cgroup.mkdir()
        except OSError as error:
            fix = "it takes a cgroup tree that root may write to, as --privileged gives"
            raise NoBoxError(f"{self._cgroup} cannot be made: {error}; {fix}") from error
        with (self.share / "box.log").open("wb") as log:
            self._holder = subprocess.Popen(
                [SCRIPT, "run", self._lower, self._folder, self._cgroup, self.share],
                env={**os.environ, "PYTHON": sys.executable},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
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
            if user not in self._uids:
                self._uids[user] = self.run("id", "-u", user).stdout.strip()
            uid = self._uids[user]
            become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--init-groups"]
            session = [f"HOME=/home/{user}", f"XDG_RUNTIME_DIR=/run/user/{uid}"]
            words = [*become, "env", "-i", *environment, *session, *words]
        if self._leader is None:
            self._leader = self._first()
        done = subprocess.run(
            ["nsenter", "-t", str(self._leader), "-m", "-p", "-u", "-i", "-C", "-n", *words],
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
            self._leader = None
            try:
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
            except AssertionError as error:
                holder = self._holder
                if holder is not None and holder.poll() is not None:
                    log = (self.share / "box.log").read_text(encoding="utf-8", errors="replace")
                    raise NoBoxError(f"the machine did not boot: {log}") from error
                return False
            return state in {"running", "degraded"}

        until(is_up, "the machine boots", BOOT)

    def _first(self) -> int:
        """Return the machine's first process, as this machine numbers it."""
        assert self._holder is not None
        pid = self._holder.pid
        for name in ("unshare", "systemd"):
            found = [child for child in _children(pid) if _is_named(child, name)]
            if not found:
                raise AssertionError(f"no {name} below process {pid}")
            pid = int(found[0])
        return pid


@contextmanager
def booted(lower: Path, folder: Path) -> Generator[Box]:
    """Boot a machine from the file system `lower` and switch it off at the end.

    `folder/share` is its /run/share.
    """
    state, share = folder / "state", folder / "share"
    for path in (state, share):
        path.mkdir()
    share.chmod(0o777)
    with ExitStack() as undo:
        _mount(undo, state, "tmpfs", "mode=755")
        cgroups = _cgroups()
        if cgroups is None:
            cgroups = folder / "cgroup"
            cgroups.mkdir()
            _mount(undo, cgroups, "cgroup2", "rw")
        box = Box(lower, state, cgroups / f"bgsvc-{os.getpid()}-{folder.name}", share)
        undo.callback(box.off)
        box.boot()
        yield box


def _mount(undo: ExitStack, place: Path, kind: str, options: str) -> None:
    try:
        subprocess.run(
            ["mount", "-t", kind, "-o", options, "box", place], check=True, capture_output=True
        )
    except subprocess.CalledProcessError as error:
        raise NoBoxError(f"{kind} cannot be mounted: {error.stderr.decode()}") from error
    undo.callback(lambda: subprocess.run(["umount", "-l", place], check=True))


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return []


def _is_named(pid: str, name: str) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == name
    except OSError:
        return False


def _cgroups() -> Path | None:
    """Return where the unified cgroup tree is mounted."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    return None
