"""Services started, watched, restarted and stopped by a systemd that has booted."""

import json
import time

import pytest

from bgsvc_gen.spec.model import Desktop, Restart, Timer
from tests.native.linux.box import until
from tests.native.linux.machine import LABEL, UNIT, Machine, on_both_systemds, service

pytestmark = pytest.mark.native

BRIEF = "com.example.notes.brief"


@on_both_systemds
def test_a_start_returns_once_init_is_done_and_status_tells_all(machine: Machine) -> None:
    slow = Desktop("system", watchdog=30.0, environment={"TRIAL_INIT": "0.5"})
    machine.install(service("Obedient", desktop=slow))
    assert machine.status()["state"] == "installed"

    begun = time.monotonic()
    machine.bgsvc("start", LABEL)
    took = time.monotonic() - begun
    status = machine.status()

    assert took > 0.5
    assert (status["label"], status["scope"], status["state"]) == (LABEL, "system", "running")
    assert status["text"] == "running"
    assert status["pid"] == int(machine.box.show(UNIT, "MainPID")["MainPID"])
    assert abs(status["since"] - time.time()) < 30
    assert (status["watchdog"], status["restarts"], status["enabled"]) == (30.0, 0, False)
    assert status["lingering"] is None
    assert status["definition"] == f"/etc/systemd/system/{UNIT}"
    assert status["findings"] == []


@on_both_systemds
def test_a_starved_watchdog_restarts_the_service_and_says_where_it_stood(
    machine: Machine,
) -> None:
    watched = Restart(delay=0.1), Desktop("system", watchdog=1.0, user="root", relax=("home",))
    machine.install(service("Obedient", restart=watched[0], desktop=watched[1]), "--now")
    first = machine.status()["pid"]
    time_fed = machine.box.show(UNIT, "WatchdogTimestampMonotonic")
    until(
        lambda: machine.box.show(UNIT, "WatchdogTimestampMonotonic") != time_fed,
        "the service feeds its watchdog",
    )

    (machine.folder / "hang").touch()
    until(lambda: machine.status()["restarts"] == 1, "systemd restarts the service")
    until(lambda: machine.status()["state"] == "running", "it runs again")
    said = machine.box.journal(LABEL)

    assert machine.status()["pid"] != first
    assert "Watchdog timeout" in said
    assert "trials/services.py" in said  # faulthandler tells the line that hung


@on_both_systemds
def test_what_is_to_run_always_is_started_again_but_for_its_users_stop(machine: Machine) -> None:
    always = Restart("always", delay=0.1)
    before = len(machine.box.journal(LABEL))  # of earlier tests
    machine.install(service("Brief", "brief", restart=always))
    machine.install(service("Obedient", restart=always), "--now")
    machine.bgsvc("start", BRIEF, check=False)
    until(lambda: (machine.status(BRIEF)["restarts"] or 0) > 1, "an end is another start")

    machine.bgsvc("stop", "trials.services:Obedient", "--name=sync", f"--data-dir=/var/lib/{LABEL}")
    machine.until_active("inactive")  # and not `activating`, which waits for the next start
    said = machine.box.journal(LABEL)[before:]

    assert "shut down: userStop" in said
    assert "#2  started " not in said
    assert "75/TEMPFAIL" not in said
    machine.bgsvc("stop", BRIEF)


@on_both_systemds
def test_a_crash_loop_ends_at_the_specs_limit_and_a_start_gives_another_chance(
    machine: Machine,
) -> None:
    policy = Restart("failure", delay=0.05, limit=2, window=30.0)
    machine.install(service("Failing", restart=policy))
    machine.bgsvc("start", LABEL, check=False)

    def gave_up() -> bool:
        return machine.box.show(UNIT, "ActiveState")["ActiveState"] == "failed"

    until(gave_up, "systemd gives up")
    status = machine.status()

    assert machine.box.journal(LABEL).count("status=1/FAILURE") == 3  # a start, two restarts
    assert status["state"] == "installed"
    assert [finding["code"] for finding in status["findings"]] == ["failed"]
    assert "repeated too quickly" in machine.box.journal(LABEL)
    machine.bgsvc("start", LABEL, check=False)
    until(gave_up, "it was tried again")
    assert machine.box.journal(LABEL).count("repeated too quickly") == 2


def test_a_wrong_entry_is_not_restarted_and_the_error_says_why(machine: Machine) -> None:
    machine.install(service("NoSuchClass"))

    done = machine.bgsvc("start", LABEL, check=False)

    assert done.returncode == 2
    assert f"bgsvc: osService: {LABEL} did not start: exit-code, exit status 2" in done.stderr
    assert f"fix: look at what it says: journalctl --unit={UNIT}" in done.stderr
    assert machine.status()["restarts"] == 0
    assert "entryNotFound" in machine.box.journal(LABEL)


def test_p01_a_stop_by_systemd_is_the_processs_end_and_no_wish_of_the_user(
    machine: Machine,
) -> None:
    machine.install(service("Obedient", start_on_boot=True), "--now")

    machine.bgsvc("stop", LABEL)
    status = machine.status()
    saved = json.loads(machine.box.run("cat", f"/var/lib/{LABEL}/bgsvc/sync.json").stdout)

    assert saved["desiredRunning"] is True
    assert (status["state"], status["lastExit"]["result"]) == ("installed", "success")
    assert status["lastExit"]["status"] == 0
    assert "shut down: processExit" in machine.box.journal(LABEL)


@on_both_systemds
def test_a_run_that_will_not_stop_is_ended_hard_and_told_apart(machine: Machine) -> None:
    machine.install(
        service("Deaf", stop_timeout=0.3, restart=Restart("never"), start_on_boot=True),
        "--now",
    )

    machine.bgsvc("stop", LABEL)

    last = machine.status()["lastExit"]
    # The runtime ended it: systemd's own time limit would say `timeout`, and signal 9.
    assert (last["result"], last["status"]) == ("exit-code", 70)
    assert "stop_overdue" in machine.box.journal(LABEL)


def test_the_log_is_the_journals_and_named_by_the_label(machine: Machine) -> None:
    machine.install(service("Obedient"), "--now")
    machine.bgsvc("stop", LABEL)

    said = machine.bgsvc("logs", LABEL, "--lines=50").stdout

    assert f" {LABEL}[" in said
    assert "shut down: processExit" in said


def test_a_timer_starts_its_service_again_and_again(machine: Machine) -> None:
    timed = Desktop("system", timer=Timer(every=3600.0))
    machine.install(service("Obedient", desktop=timed))

    assert machine.box.show(f"{LABEL}.timer", "ActiveState")["ActiveState"] == "active"
    assert machine.status()["enabled"]
    (machine.folder / f"{LABEL}.timer").unlink()
    machine.install(service("Obedient"))
    assert machine.box.show(f"{LABEL}.timer", "LoadState")["LoadState"] == "not-found"
    assert not machine.status()["enabled"]
    machine.install(service("Obedient", desktop=timed))
    machine.bgsvc("uninstall", LABEL)
    assert machine.box.show(f"{LABEL}.timer", "LoadState")["LoadState"] == "not-found"


def test_a_process_that_is_stuck_is_ended_by_systemd_after_five_seconds_more(
    machine: Machine,
) -> None:
    machine.install(service("Stuck", stop_timeout=0.1, restart=Restart("never")), "--now")

    begun = time.monotonic()
    machine.bgsvc("stop", LABEL)
    took = time.monotonic() - begun
    status = machine.status()

    assert took > 5
    assert (status["state"], status["pid"]) == ("installed", None)
    assert status["lastExit"] == {"result": "timeout", "status": None, "signal": 9}
    assert [one["code"] for one in status["findings"]] == ["failed"]


@on_both_systemds
def test_a_reload_begins_a_new_run_in_the_same_process(machine: Machine) -> None:
    machine.install(service("Obedient"), "--now")
    until(lambda: machine.status()["ipcConnected"], "its channel")
    first, before = machine.status(), len(machine.box.journal(LABEL))

    machine.box.run("systemctl", "reload", UNIT)
    until(lambda: "#2  started " in machine.box.journal(LABEL)[before:], "the second run")
    machine.until_active("active")
    status = machine.status()

    assert (status["pid"], status["text"]) == (first["pid"], "running")
    assert "shut down: osRestart" in machine.box.journal(LABEL)
    assert status["ipcConnected"] is True


def test_events_are_in_the_journal_with_fields_to_search_by(machine: Machine) -> None:
    machine.install(service("Failing", restart=Restart("never")))
    machine.bgsvc("start", LABEL, check=False)
    machine.until_active("failed")

    words = ["--output=json", "--no-pager", f"_SYSTEMD_UNIT={UNIT}", "BGSVC_EVENT=error"]
    (line,) = machine.box.run("journalctl", *words).stdout.splitlines()[-1:]
    found = json.loads(line)

    assert (found["BGSVC_SERVICE"], found["BGSVC_RUN"], found["PRIORITY"]) == ("sync", "1", "3")
    assert "as it was told" in found["MESSAGE"]
    assert json.loads(found["BGSVC_DATA"])["code"] == found["BGSVC_CODE"]
