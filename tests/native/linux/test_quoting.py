"""What a service is started with under a systemd that has booted: exactly what was written."""

import json

import pytest

from bgsvc_gen.lang import systemd
from bgsvc_gen.spec.model import Desktop, Label
from tests.native.linux.hostile import STRINGS
from tests.native.linux.machine import FOLDER, LABEL, UNIT, Machine, on_both_systemds, service

pytestmark = pytest.mark.native

ECHO = f"/var/lib/{LABEL}/services/sync/echo.json"
PRINT = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open('/run/x', 'w'))"
NAMED = {f"BGSVC_{number}": text for number, text in enumerate(STRINGS)}


@on_both_systemds
def test_every_argument_and_variable_arrives_as_it_was_written(machine: Machine) -> None:
    arguments = " ".join(map(systemd.exec_argument, STRINGS))
    lines = (systemd.environment(f"{name}={text}") for name, text in NAMED.items())
    unit = "[Service]\nType=oneshot\n" + "".join(f"Environment={line}\n" for line in lines)
    unit += f"ExecStart=/usr/bin/python3 -c {systemd.exec_argument(PRINT)} {arguments}\n"
    path = machine.folder / "com.example.hostile.service"
    path.write_text(unit, encoding="utf-8", newline="\n")
    machine.box.run("cp", f"/run/share/{path.name}", "/etc/systemd/system")
    machine.box.run("systemctl", "daemon-reload")

    machine.box.run("systemctl", "start", path.name)
    found, environment = json.loads(machine.box.run("cat", "/run/x").stdout)

    assert len(STRINGS) >= 40
    assert found == list(STRINGS)
    assert {name: environment.get(name) for name in NAMED} == NAMED


@on_both_systemds
def test_a_services_label_and_environment_arrive_as_the_spec_has_them(machine: Machine) -> None:
    label = "".join(text for text in STRINGS if text.isprintable())
    desktop = Desktop("system", environment=NAMED)
    machine.install(service("Echo", label=Label(label), desktop=desktop), "--now")

    found = machine.read_json(ECHO)

    assert found["label"] == label
    assert {name: found["environ"].get(name) for name in NAMED} == NAMED
    description = machine.box.show(UNIT, "Description")["Description"]
    assert description == f"{label.strip()} (Notes & Co 100%)"


@pytest.mark.parametrize("folder", ["50% of $HOME; #1 & (ü)", """it's "the best" \\ one"""])
def test_p06_a_python_is_started_whatever_the_name_of_its_folder(
    machine: Machine, folder: str
) -> None:
    python = f"/opt/{folder}/bin/python"
    machine.box.run("cp", "-r", FOLDER, f"/opt/{folder}")

    machine.box.run(python, "-m", "bgsvc", "install", machine.generate(service("Echo")), "--now")

    assert machine.read_json(ECHO)["python"] == python
    assert machine.findings() == set()
    machine.box.run("rm", "-rf", f"/opt/{folder}")
    assert machine.findings() == {"interpreter_missing"}


def test_a_folder_that_systemd_cannot_start_from_is_refused_before_anything_is_written(
    machine: Machine,
) -> None:
    python = "/opt/it's=bad/bin/python"
    machine.box.run("cp", "-r", FOLDER, "/opt/it's=bad")

    path = machine.generate(service("Echo"))
    words = ("sh", "-c", '"$0" -m bgsvc install "$1"', python, path)  # env(1) would not start it
    done = machine.box.run(*words, check=False)

    assert done.returncode == 2
    assert "bgsvc: definitionInvalid: systemd starts nothing from" in done.stderr
    assert "fix: put the app into a folder" in done.stderr
    assert machine.status()["state"] == "notInstalled"
