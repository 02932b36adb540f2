"""The units, read by systemd's own parser: without a manager, it checks a unit and dumps it."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bgsvc_gen.facts.systemd import RELAXATIONS
from bgsvc_gen.lang import systemd
from bgsvc_gen.render import render
from bgsvc_gen.spec.model import (
    App,
    Desktop,
    Label,
    Restart,
    RestartOn,
    Scope,
    Service,
    Spec,
    Timer,
)
from bgsvc_gen.targets import linux

pytestmark = pytest.mark.native

HOSTILE = "100% \"$price\" <watch> \\ 'né' 🐍 & co"
TEXT = st.text(
    st.sampled_from("a \\\"'%$;#\t\n")
    | st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cn"])
)

Verify = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def verify(tool: Callable[[str], str], tmp_path: Path) -> Verify:
    """Give a unit to `systemd-analyze verify`; with `dump`, have what it read on stdout."""

    def run(path: Path, scope: Scope, *, dump: bool = False) -> subprocess.CompletedProcess[str]:
        level = {"SYSTEMD_LOG_LEVEL": "debug"} if dump else {}
        return subprocess.run(
            [tool("systemd-analyze"), "verify", "--man=no", f"--{scope}", path],
            check=False,
            capture_output=True,
            encoding="utf-8",
            env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), **level},
        )

    return run


def spec_of(service: Service) -> Spec:
    return Spec(App("com.example.notes", "Q & A 100%"), (service,), allow=())


def units(spec: Spec, folder: Path) -> Iterator[Path]:
    for file in render(linux.plan(spec)):
        path = folder / file.path
        path.write_bytes(file.content)
        yield path


def words(line: str) -> list[str]:
    """Undo the shell quoting in which systemd shows a command line."""
    simple = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|([^ ]+)', line, re.DOTALL)
    return [
        re.sub(
            r"\\(?:([0-7]{3})|(.))",
            lambda m: chr(int(m[1], 8)) if m[1] else simple.get(m[2], m[2]),
            quoted or bare,
            flags=re.DOTALL,
        )
        for quoted, bare in found
    ]


def command(dump: str) -> list[str]:
    """Return a dump's command as it is executed: `$$` becomes `$` only then, systemd.service(5)."""
    line, *_ = re.findall(r"^\s*Command Line: (.*)$", dump, re.MULTILINE)  # then that of a reload
    return [word.replace("$$", "$") for word in words(line)]


@pytest.mark.parametrize("scope", ["user", "system"])
@pytest.mark.parametrize("restart", ["failure", "always", "never"])
def test_systemd_has_nothing_to_say_about_a_unit(
    scope: Scope, restart: RestartOn, verify: Verify, tmp_path: Path
) -> None:
    service = Service(
        "price-watch",
        "notes.prices:PriceWatch",
        Label(HOSTILE),
        restart=Restart(restart, delay=0.25),
        stop_timeout=2.5,
        desktop=Desktop(
            scope,
            watchdog=30.0,
            working_directory="/",
            environment={"A": HOSTILE},
            after=("dbus.socket",),
        ),
    )

    (unit,) = units(spec_of(service), tmp_path)
    done = verify(unit, scope)

    # An unknown key or value is a line on stderr and exit status 0.
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", RELAXATIONS)
@pytest.mark.parametrize("scope", ["user", "system"])
def test_systemd_has_nothing_to_say_about_a_relaxed_unit(
    scope: Scope, name: str, verify: Verify, tmp_path: Path
) -> None:
    desktop = Desktop(scope, user="root" if scope == "system" else None, relax=(name,))

    (unit,) = units(spec_of(Service("a", "b:C", Label("A"), desktop=desktop)), tmp_path)
    done = verify(unit, scope)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("timer", [Timer(every=900.0), Timer(calendar="Mon..Fri 08:00")])
def test_systemd_has_nothing_to_say_about_a_timer(
    timer: Timer, verify: Verify, tmp_path: Path
) -> None:
    service = Service("a", "b:C", Label("A"), desktop=Desktop(timer=timer))

    for unit in units(spec_of(service), tmp_path):
        done = verify(unit, "user")
        assert (done.returncode, done.stderr) == (0, ""), unit.name


def test_a_system_unit_exposes_little(tool: Callable[[str], str], tmp_path: Path) -> None:
    service = Service("sync", "notes.sync:Sync", Label("Sync"), desktop=Desktop("system"))

    (unit,) = units(spec_of(service), tmp_path)
    done = subprocess.run(
        [tool("systemd-analyze"), "security", "--offline=true", "--threshold=15", unit],
        check=False,
        capture_output=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        text=True,
    )

    # 0 is safe, 100 is what a unit without a word on it has: 96.
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("scope", ["user", "system"])
@pytest.mark.parametrize("label", [HOSTILE, "-50% off", "ends in \\", "${HOME} %h $$ ;", "it's"])
def test_systemd_reads_the_label_as_it_was_written(
    scope: Scope, label: str, verify: Verify, tmp_path: Path
) -> None:
    service = Service("sync", "notes.sync:Sync", Label(label), desktop=Desktop(scope))

    (unit,) = units(spec_of(service), tmp_path)
    dump = verify(unit, scope, dump=True).stdout

    found = command(dump)
    assert found[:6] == ["/usr/bin/env", "python3", "-m", "bgsvc", "run", "notes.sync:Sync"]
    assert json.loads(found[7].removeprefix("--config="))["label"] == label
    assert f"\tDescription: {label} (Q & A 100%)\n" in dump


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(TEXT, min_size=1))
@example(
    [
        HOSTILE,
        "",
        ";",
        "a\\",
        "$$",
        "${A}",
        "$A",
        "%%",
        "%n",
        "'",
        '"',
        " ",
        "\x01\x7f\x85",
        "\x85",
        "\u3000",
    ]
)
def test_systemd_reads_any_argument_as_it_was_written(
    verify: Verify, tmp_path: Path, arguments: list[str]
) -> None:
    unit = tmp_path / "quoting.service"
    line = " ".join(map(systemd.exec_argument, arguments))
    unit.write_text(f"[Service]\nExecStart=/usr/bin/env {line}\n", encoding="utf-8", newline="\n")

    done = verify(unit, "user", dump=True)

    assert done.returncode == 0
    assert command(done.stdout)[1:] == arguments


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1))
@example("100%% %h ; # \" ' $x")
@example("\u3000")
def test_systemd_reads_any_value_and_assignment_as_it_was_written(
    verify: Verify, tmp_path: Path, text: str
) -> None:
    unit = tmp_path / "quoting.service"
    value = systemd.value(f"({text})")
    assignment = systemd.environment(f"A={text}")
    unit.write_text(
        f"[Unit]\nDescription={value}\n[Service]\nExecStart=/bin/true\nEnvironment={assignment}\n",
        encoding="utf-8",
        newline="\n",
    )

    dump = verify(unit, "user", dump=True).stdout

    assert f"\tDescription: ({text})\n" in dump
    assert f"\tEnvironment: A={text}\n" in dump
