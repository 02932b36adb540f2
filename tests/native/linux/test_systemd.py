"""Services installed, watched, restarted, rebooted and removed by a systemd that has booted."""

import json
import os
import time
from collections.abc import Iterator

import pytest

from bgsvc_gen.spec.model import Desktop, Label, Restart, Service, Timer
from tests.native.linux.box import until
from tests.native.linux.machine import USER, Machine, Status, service

pytestmark = pytest.mark.native

LABEL = "com.example.notes.sync"
UNIT = f"{LABEL}.service"


@pytest.fixture(autouse=True)
def nothing_left(machine: Machine) -> Iterator[None]:
    """Uninstall what a test installed, in whatever state it left it."""
    yield
    machine.bgsvc("uninstall", LABEL, "--scope=system")
    machine.box.run(
        "rm", "-rf", f"/var/lib/{LABEL}", f"/var/lib/private/{LABEL}", f"/home/{USER}/.local/state"
    )


@pytest.fixture
def lingering(machine: Machine) -> Iterator[str]:
    """Let the machine's user linger, as a server's would."""
    machine.box.run("loginctl", "enable-linger", USER)
    uid = machine.box.run("id", "-u", USER).stdout.strip()
    until(
        lambda: machine.box.show(f"user@{uid}.service", "ActiveState")["ActiveState"] == "active",
        "the user's manager",
    )
    yield USER
    machine.bgsvc("uninstall", LABEL, "--scope=user", user=USER)
    machine.box.run("loginctl", "disable-linger", USER)


def install(machine: Machine, wanted: Service, *words: str, user: str | None = None) -> None:
    machine.bgsvc("install", machine.generate(wanted), *words, user=user)


def test_a_start_returns_once_init_is_done_and_status_tells_all(machine: Machine) -> None:
    slow = Desktop("system", watchdog=30.0, environment={"TRIAL_INIT": "0.5"})
    install(machine, service("Obedient", desktop=slow))
    assert machine.status(LABEL)["state"] == "installed"

    begun = time.monotonic()
    machine.bgsvc("start", LABEL)
    took = time.monotonic() - begun
    status = machine.status(LABEL)

    assert took > 0.5
    assert (status["label"], status["scope"], status["state"]) == (LABEL, "system", "running")
    assert status["text"] == "running"
    assert status["pid"] == int(machine.box.show(UNIT, "MainPID")["MainPID"])
    assert abs(status["since"] - time.time()) < 30
    assert (status["watchdog"], status["restarts"], status["enabled"]) == (30.0, 0, False)
    assert status["lingering"] is None
    assert status["definition"] == f"/etc/systemd/system/{UNIT}"
    assert status["findings"] == []


def test_every_verb_may_be_said_twice(machine: Machine) -> None:
    path = machine.generate(service("Obedient"))
    for verb, word in (("install", path), ("start", LABEL), ("stop", LABEL), ("uninstall", LABEL)):
        for _ in range(2):
            if verb == "stop" and machine.status(LABEL)["state"] == "notInstalled":
                continue
            machine.bgsvc(verb, word, "--scope=system")
    assert machine.status(LABEL)["state"] == "notInstalled"


def test_p10_uninstalling_stops_the_service_and_leaves_nothing(machine: Machine) -> None:
    install(machine, service("Obedient", start_on_boot=True), "--now")
    pid = machine.status(LABEL)["pid"]
    machine.box.run("mkdir", "-p", f"/etc/systemd/system/{UNIT}.d")
    machine.box.run("sh", "-c", f"echo '[Service]\nNice=1' > /etc/systemd/system/{UNIT}.d/a.conf")

    machine.bgsvc("uninstall", LABEL)

    assert machine.box.run("test", "-e", f"/proc/{pid}", check=False).returncode == 1
    assert machine.box.show(UNIT, "LoadState", "ActiveState") == {
        "LoadState": "not-found",
        "ActiveState": "inactive",
    }
    found = machine.box.run("find", "/etc/systemd", "/run/systemd/system", "-name", f"*{LABEL}*")
    assert found.stdout == ""
    assert machine.status(LABEL)["state"] == "notInstalled"


def test_p10_installing_without_a_start_at_boot_reloads_and_does_not_enable(
    machine: Machine,
) -> None:
    install(machine, service("Obedient"))

    found = machine.box.show(UNIT, "LoadState", "NeedDaemonReload", "UnitFileState")
    assert found == {
        "LoadState": "loaded",
        "NeedDaemonReload": "no",
        "UnitFileState": "disabled",
    }


def test_a_starved_watchdog_restarts_the_service_and_says_where_it_stood(
    machine: Machine,
) -> None:
    watched = Restart(delay=0.1), Desktop("system", watchdog=1.0, user="root", relax=("home",))
    install(machine, service("Obedient", restart=watched[0], desktop=watched[1]), "--now")
    first = machine.status(LABEL)["pid"]
    time_fed = machine.box.show(UNIT, "WatchdogTimestampMonotonic")
    until(
        lambda: machine.box.show(UNIT, "WatchdogTimestampMonotonic") != time_fed,
        "the service feeds its watchdog",
    )

    (machine.folder / "hang").touch()
    until(lambda: machine.status(LABEL)["restarts"] == 1, "systemd restarts the service")
    until(lambda: machine.status(LABEL)["state"] == "running", "it runs again")
    said = machine.box.journal(LABEL)

    assert machine.status(LABEL)["pid"] != first
    assert "Watchdog timeout" in said
    assert "trials/services.py" in said  # faulthandler tells the line that hung


def test_a_crash_loop_ends_at_the_specs_limit_and_a_start_gives_another_chance(
    machine: Machine,
) -> None:
    policy = Restart("failure", delay=0.05, limit=2, window=30.0)
    install(machine, service("Failing", restart=policy))
    machine.bgsvc("start", LABEL, check=False)

    def gave_up() -> bool:
        return machine.box.show(UNIT, "ActiveState")["ActiveState"] == "failed"

    until(gave_up, "systemd gives up")
    status = machine.status(LABEL)

    assert machine.box.journal(LABEL).count("status=1/FAILURE") == 3  # a start, two restarts
    assert status["state"] == "installed"
    assert [finding["code"] for finding in status["findings"]] == ["failed"]
    assert "repeated too quickly" in machine.box.journal(LABEL)
    machine.bgsvc("start", LABEL, check=False)
    until(gave_up, "it was tried again")
    assert machine.box.journal(LABEL).count("repeated too quickly") == 2


def test_a_wrong_entry_is_not_restarted_and_the_error_says_why(machine: Machine) -> None:
    install(machine, service("NoSuchClass"))

    done = machine.bgsvc("start", LABEL, check=False)

    assert done.returncode == 2
    assert f"bgsvc: osService: {LABEL} did not start: exit-code, exit status 2" in done.stderr
    assert f"fix: look at what it says: journalctl --unit={UNIT}" in done.stderr
    assert machine.status(LABEL)["restarts"] == 0
    assert "entryNotFound" in machine.box.journal(LABEL)


def test_p01_a_stop_by_systemd_is_the_processs_end_and_no_wish_of_the_user(
    machine: Machine,
) -> None:
    install(machine, service("Obedient", start_on_boot=True), "--now")

    machine.bgsvc("stop", LABEL)
    status = machine.status(LABEL)
    saved = json.loads(machine.box.run("cat", f"/var/lib/{LABEL}/bgsvc/sync.json").stdout)

    assert saved["desiredRunning"] is True
    assert (status["state"], status["lastExit"]["result"]) == ("installed", "success")
    assert status["lastExit"]["status"] == 0
    assert "shut down: processExit" in machine.box.journal(LABEL)


def test_a_run_that_will_not_stop_is_ended_hard_and_told_apart(machine: Machine) -> None:
    install(
        machine,
        service("Deaf", stop_timeout=0.3, restart=Restart("never"), start_on_boot=True),
        "--now",
    )

    begun = time.monotonic()
    machine.bgsvc("stop", LABEL)

    assert time.monotonic() - begun < 5  # the runtime ends it, not systemd's own time limit
    last = machine.status(LABEL)["lastExit"]
    assert (last["result"], last["status"]) == ("exit-code", 70)
    assert "stop_overdue" in machine.box.journal(LABEL)


def test_p09_p01_a_reboot_brings_back_what_is_wanted_and_leaves_off_what_is_not(
    machine: Machine, lingering: str
) -> None:
    install(machine, service("Obedient", start_on_boot=True), "--now")
    mine = service("Obedient", scope="user", start_on_boot=True)
    install(machine, mine, "--now", user=lingering)
    first = machine.box.show(UNIT, "InvocationID")

    machine.box.reboot()

    until(lambda: machine.status(LABEL)["state"] == "running", "the system service is back")
    until(
        lambda: machine.status(LABEL, "user", lingering)["state"] == "running",
        "the user's service is back, without a login",
    )
    assert machine.box.show(UNIT, "InvocationID") != first
    machine.bgsvc("stop", "trials.services:Obedient", "--name=sync", f"--data-dir=/var/lib/{LABEL}")
    until(lambda: machine.status(LABEL)["state"] == "installed", "its user stopped it")

    machine.box.reboot()

    until(lambda: machine.status(LABEL)["detail"] == "inactive (dead)", "it stays off")
    assert "off: its user stopped it" in machine.box.show(UNIT, "StatusText")["StatusText"]
    machine.bgsvc("start", LABEL)
    assert machine.status(LABEL)["state"] == "running"  # a start that somebody asked for counts


def test_a_user_who_does_not_linger_is_told_so(machine: Machine, lingering: str) -> None:
    install(machine, service("Obedient", scope="user", start_on_boot=True), user=lingering)
    codes = [one["code"] for one in machine.status(LABEL, "user", lingering)["findings"]]
    assert codes == []

    machine.box.run("rm", f"/var/lib/systemd/linger/{lingering}")
    status = machine.status(LABEL, "user", lingering)

    assert status["lingering"] is False
    (finding,) = status["findings"]
    assert (finding["code"], finding["fix"]) == ("not_lingering", "loginctl enable-linger")
    machine.box.run("touch", f"/var/lib/systemd/linger/{lingering}")


def test_an_upgrade_restarts_what_runs_and_leaves_alone_what_does_not_change(
    machine: Machine,
) -> None:
    install(machine, service("Obedient"), "--now")
    first = machine.status(LABEL)["pid"]
    install(machine, service("Obedient"))
    assert machine.status(LABEL)["pid"] == first

    install(machine, service("Obedient", label=Label("Renamed"), start_on_boot=True))
    status = machine.status(LABEL)

    assert status["pid"] not in {None, first}
    assert status["enabled"]
    assert machine.box.show(UNIT, "Description")["Description"].startswith("Renamed")


def test_an_upgrade_that_does_not_start_puts_the_version_before_back(machine: Machine) -> None:
    install(machine, service("Obedient"), "--now")
    before = machine.box.run("cat", f"/etc/systemd/system/{UNIT}").stdout

    done = machine.bgsvc("install", machine.generate(service("NoSuchClass")), check=False)

    assert done.returncode == 2
    assert "bgsvc: serviceInstall:" in done.stderr
    assert "the version before it runs again" in done.stderr
    assert machine.box.run("cat", f"/etc/systemd/system/{UNIT}").stdout == before
    assert machine.status(LABEL)["state"] == "running"


def test_a_unit_that_systemd_refuses_leaves_nothing(machine: Machine) -> None:
    path = machine.folder / UNIT
    machine.generate(service("Obedient"))
    path.write_text(path.read_text().replace("Type=notify", "Type=notify\nExecStart=relative x"))

    done = machine.bgsvc("install", f"/run/share/{UNIT}", check=False)

    assert done.returncode == 2, done.stdout
    assert "nothing of it is left" in done.stderr
    assert machine.status(LABEL)["state"] == "notInstalled"


def test_the_system_scope_needs_root_and_the_error_is_the_command(machine: Machine) -> None:
    path = machine.generate(service("Obedient"))

    done = machine.bgsvc("install", path, user=USER, check=False)

    assert done.returncode == 2
    assert "bgsvc: needsRoot: only root may change the system's services" in done.stderr
    fix = done.stderr.partition("fix: sudo ")[2].split()
    assert fix == ["/opt/notes/bin/python", "-m", "bgsvc", "install", path, "--scope=system"]
    machine.box.run(*fix)
    assert machine.status(LABEL)["state"] == "installed"


def test_a_system_service_is_in_its_sandbox(machine: Machine) -> None:
    install(machine, service("Prober"), "--now")

    found = probed(machine, f"/var/lib/private/{LABEL}/services/sync/probe.json")

    writable = {place for place, came in found.items() if came == "written"}
    assert writable == {"/tmp", f"/var/lib/{LABEL}/services/sync"}  # noqa: S108 - its own
    status = found["status"]
    assert (status["NoNewPrivs"], status["Seccomp"], int(status["CapBnd"], 16)) == ("1", "2", 0)
    assert "0" not in status["Uid"].split()
    assert found["processes"] == 1


def test_a_relaxed_sandbox_lets_through_what_was_asked_for(machine: Machine) -> None:
    relaxed = Desktop("system", user=USER, relax=("home", "proc", "filesystem"))
    install(machine, service("Prober", desktop=relaxed), "--now")

    found = probed(machine, f"/var/lib/{LABEL}/services/sync/probe.json")

    assert found["processes"] > 1
    assert found["/usr"] in {"OSError", "PermissionError"}
    assert found["status"]["Uid"].split()[0] == machine.box.run("id", "-u", USER).stdout.strip()


def test_p12_a_service_at_boot_needs_no_display_no_terminal_and_no_session(
    machine: Machine, lingering: str
) -> None:
    install(machine, service("Prober", scope="user"), "--now", user=lingering)

    found = probed(machine, f"/home/{USER}/.local/state/com.example.notes/services/sync/probe.json")

    assert found["display"] == []
    assert found["terminal"] is False


def test_p06_the_unit_the_status_and_the_file_have_one_name_each_app_its_own(
    machine: Machine,
) -> None:
    paths = [
        machine.generate(service("Obedient"), app)
        for app in ("com.example.notes", "com.example.notes-too")
    ]
    for path in paths:
        machine.bgsvc("install", path, "--now")
    labels = [os.path.basename(path).removesuffix(".service") for path in paths]  # noqa: PTH119

    found = [machine.status(label) for label in labels]

    assert len({status["pid"] for status in found}) == 2
    for label, status in zip(labels, found, strict=True):
        assert status["label"] == label
        assert status["definition"] == f"/etc/systemd/system/{label}.service"
        assert machine.box.show(f"{label}.service", "Id")["Id"] == f"{label}.service"
    machine.bgsvc("uninstall", labels[1])


def test_what_was_changed_since_the_installation_is_told(machine: Machine) -> None:
    path = machine.generate(service("Obedient"))
    machine.bgsvc("install", path, "--now")
    installed = f"/etc/systemd/system/{UNIT}"

    machine.generate(service("Obedient", label=Label("Another")))
    assert findings(machine) == {"unit_differs"}
    machine.box.run("sh", "-c", f"echo '# mine' >> {installed}")
    assert findings(machine) == {"unit_differs", "unit_edited", "reload_needed"}
    machine.bgsvc("install", path)
    assert findings(machine) == set()
    machine.box.run("sed", "-i", "s,/opt/notes/bin,/opt/gone/bin,", installed)
    assert "interpreter_missing" in findings(machine)


def test_the_log_is_the_journals_and_named_by_the_label(machine: Machine) -> None:
    install(machine, service("Obedient"), "--now")
    machine.bgsvc("stop", LABEL)

    said = machine.bgsvc("logs", LABEL, "--lines=50").stdout

    assert f" {LABEL}[" in said
    assert "shut down: processExit" in said


def test_a_timer_starts_its_service_again_and_again(machine: Machine) -> None:
    timed = Desktop("system", timer=Timer(every=3600.0))
    install(machine, service("Obedient", desktop=timed))

    assert machine.box.show(f"{LABEL}.timer", "ActiveState")["ActiveState"] == "active"
    assert machine.status(LABEL)["enabled"]
    machine.bgsvc("uninstall", LABEL)
    assert machine.box.show(f"{LABEL}.timer", "LoadState")["LoadState"] == "not-found"


def test_status_is_told_within_its_budget(machine: Machine) -> None:
    install(machine, service("Obedient"), "--now")
    code = (
        "import os, bgsvc; t = sum(os.times()[:4]); "
        f"s = bgsvc.get_os_service_status('{LABEL}', scope='system'); "
        "print(s.state, sum(os.times()[:4]) - t)"  # work, for other tests share the processors
    )

    found = [machine.box.run("/opt/notes/bin/python", "-c", code).stdout.split() for _ in range(5)]

    assert {state for state, _ in found} == {"running"}
    assert min(float(seconds) for _, seconds in found) < 0.1


def probed(machine: Machine, path: str) -> Status:
    until(
        lambda: machine.box.run("test", "-s", path, check=False).returncode == 0,
        f"the service writes {path}",
    )
    found: Status = json.loads(machine.box.run("cat", path).stdout)
    return found


def findings(machine: Machine) -> set[str]:
    return {one["code"] for one in machine.status(LABEL)["findings"]}
