"""Services installed, upgraded and removed under a systemd that has booted."""

import os

import pytest

from bgsvc_gen.spec.model import Label
from tests.native.linux.machine import LABEL, UNIT, USER, Machine, on_both_systemds, service

pytestmark = pytest.mark.native


def test_every_verb_may_be_said_twice(machine: Machine) -> None:
    path = machine.generate(service("Obedient"))
    for verb, word in (("install", path), ("start", LABEL), ("stop", LABEL), ("uninstall", LABEL)):
        for _ in range(2):
            if verb == "stop" and machine.status()["state"] == "notInstalled":
                continue
            machine.bgsvc(verb, word, "--scope=system")
    assert machine.status()["state"] == "notInstalled"


@on_both_systemds
def test_p10_uninstalling_stops_the_service_and_leaves_nothing(machine: Machine) -> None:
    machine.install(service("Obedient", start_on_boot=True), "--now")
    pid = machine.status()["pid"]
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
    assert machine.status()["state"] == "notInstalled"


def test_p10_installing_without_a_start_at_boot_reloads_and_does_not_enable(
    machine: Machine,
) -> None:
    machine.install(service("Obedient"))

    found = machine.box.show(UNIT, "LoadState", "NeedDaemonReload", "UnitFileState")
    assert found == {
        "LoadState": "loaded",
        "NeedDaemonReload": "no",
        "UnitFileState": "disabled",
    }


def test_an_upgrade_restarts_what_runs_and_leaves_alone_what_does_not_change(
    machine: Machine,
) -> None:
    machine.install(service("Obedient"), "--now")
    first = machine.status()["pid"]
    machine.install(service("Obedient"))
    assert machine.status()["pid"] == first

    machine.install(service("Obedient", label=Label("Renamed"), start_on_boot=True))
    status = machine.status()

    assert status["pid"] not in {None, first}
    assert status["enabled"]
    assert machine.box.show(UNIT, "Description")["Description"].startswith("Renamed")


def test_an_upgrade_that_does_not_start_puts_the_version_before_back(machine: Machine) -> None:
    machine.install(service("Obedient"), "--now")
    before = machine.box.run("cat", f"/etc/systemd/system/{UNIT}").stdout

    done = machine.bgsvc("install", machine.generate(service("NoSuchClass")), check=False)

    assert done.returncode == 2
    assert "bgsvc: serviceInstall:" in done.stderr
    assert "the version before it runs again" in done.stderr
    assert machine.box.run("cat", f"/etc/systemd/system/{UNIT}").stdout == before
    assert machine.status()["state"] == "running"


def test_a_unit_that_systemd_refuses_leaves_nothing(machine: Machine) -> None:
    path = machine.folder / UNIT
    machine.generate(service("Obedient"))
    path.write_text(path.read_text().replace("Type=notify", "Type=notify\nExecStart=relative x"))

    done = machine.bgsvc("install", f"/run/share/{UNIT}", check=False)

    assert done.returncode == 2, done.stdout
    assert "nothing of it is left" in done.stderr
    assert machine.status()["state"] == "notInstalled"


def test_the_system_scope_needs_root_and_the_error_is_the_command(machine: Machine) -> None:
    path = machine.generate(service("Obedient"))

    done = machine.bgsvc("install", path, user=USER, check=False)

    assert done.returncode == 2
    assert "bgsvc: needsRoot: only root may change the system's services" in done.stderr
    fix = done.stderr.partition("fix: sudo ")[2].split()
    assert fix == ["/opt/notes/bin/python", "-m", "bgsvc", "install", path, "--scope=system"]
    machine.box.run(*fix)
    assert machine.status()["state"] == "installed"


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
    assert machine.findings() == {"unit_differs"}
    machine.box.run("sh", "-c", f"echo '# mine' >> {installed}")
    assert machine.findings() == {"unit_differs", "unit_edited", "reload_needed"}
    machine.bgsvc("install", path)
    assert machine.findings() == set()
    machine.box.run("sed", "-i", "s,/opt/notes/bin,/opt/gone/bin,", installed)
    assert "interpreter_missing" in machine.findings()


def test_a_unit_that_a_package_ships_is_run_and_is_not_ours_to_remove(machine: Machine) -> None:
    path = machine.generate(service("Obedient", start_on_boot=True))
    shipped = f"/usr/lib/systemd/system/{UNIT}"
    line = "s,^ExecStart=/usr/bin/env python3 ,ExecStart=/opt/notes/bin/python ,"
    machine.box.run("sh", "-c", f"sed '{line}' {path} > {shipped}")
    preset = f"echo 'enable {UNIT}' > /usr/lib/systemd/system-preset/80-notes.preset"
    machine.box.run("sh", "-c", f"{preset}; systemctl daemon-reload; systemctl preset {UNIT}")

    machine.bgsvc("start", LABEL)
    status = machine.status()
    done = machine.bgsvc("uninstall", LABEL, check=False)

    assert (status["state"], status["enabled"]) == ("running", True)
    assert status["definition"].endswith(f"/lib/systemd/system/{UNIT}")
    assert status["findings"] == []
    assert done.returncode == 2
    assert f"{LABEL} is in /usr/lib/systemd/system, not ours to remove" in done.stderr
    after = machine.status()
    assert (after["state"], after["enabled"]) == ("installed", False)
    machine.box.run("rm", shipped, "/usr/lib/systemd/system-preset/80-notes.preset")
