"""The XML files, read by libxml2 and held to what Task Scheduler and WinSW know.

Neither program runs here. The schema of a task is written from MS-TSCH 2.5, the table of a
service from WinSW's own documentation of its configuration file.
"""

import re
from pathlib import Path

import pytest
from lxml import etree

from bgsvc import OsService
from bgsvc._lite.dataclasses import replace
from bgsvc._os.windows.definition import build_task
from bgsvc_gen.render import GeneratedFile, render
from bgsvc_gen.spec.model import (
    App,
    Desktop,
    Label,
    Restart,
    RestartOn,
    Scope,
    Service,
    Spec,
    Windows,
)
from bgsvc_gen.targets import windows

pytestmark = pytest.mark.native

HOSTILE = "100% \"$price\" <watch> \\ 'né' 🐍 & co"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("task.xsd")))
SPAN = r"\d+ (ms|sec)"
WINSW_ELEMENTS = {
    "service": "",
    "service/id": r"[\w.-]{1,256}",
    "service/name": ".{1,256}",
    "service/description": ".+",
    "service/executable": "python",
    "service/arguments": ".+",
    "service/env": "",
    "service/startmode": "Automatic|Manual",
    "service/delayedAutoStart": "true",
    "service/depend": r"\S+",
    "service/serviceaccount": "",
    "service/serviceaccount/username": r"NT (AUTHORITY|SERVICE)\\[\w.-]+",
    "service/workingdirectory": r"[A-Z]:\\.*|%USERPROFILE%",
    "service/stoptimeout": SPAN,
    "service/onfailure": "",
    "service/resetfailure": SPAN,
    "service/log": "",
}
"""Path of each element → what its text matches."""


def spec_of(
    scope: Scope,
    restart: RestartOn = "failure",
    label: str = HOSTILE,
    *,
    boot: bool = True,
    desktop: Desktop | None = None,
) -> Spec:
    service = Service(
        "price-watch",
        "notes.prices:PriceWatch",
        Label(label),
        start_on_boot=boot,
        restart=Restart(restart, delay=0.25),
        stop_timeout=2.5,
        desktop=desktop or Desktop(scope),
    )
    return Spec(App("com.example.notes", "Notes"), (service,), allow=())


def generated(spec: Spec) -> GeneratedFile:
    (file,) = render(windows.plan(spec))
    return file


def strangers(content: bytes, elements: dict[str, str]) -> list[str]:
    """Return what `elements` does not know, or not with such a text."""
    found: list[str] = []
    for element in etree.fromstring(content).iter("{*}*"):
        lineage = [element, *element.iterancestors()]
        path = "/".join(str(each.tag) for each in reversed(lineage))
        text = (element.text or "").strip()
        if not re.fullmatch(elements.get(path, "(?!)"), text):
            found.append(f"{path}: {text}")
    return found


@pytest.mark.parametrize("restart", ["failure", "always", "never"])
@pytest.mark.parametrize("boot", [True, False])
def test_a_task_has_only_what_the_task_scheduler_knows(restart: RestartOn, *, boot: bool) -> None:
    content = generated(spec_of("user", restart, boot=boot)).content

    SCHEMA.assertValid(etree.fromstring(content))


def test_what_windows_spells_otherwise_is_what_its_programs_know() -> None:
    task = Desktop("user", start_delay=29.5, working_directory="~")
    asked = Windows("own", "C:\\Notes & Co", ("Tcpip", "Dnscache"))
    service = Desktop("system", start_delay=30.0, windows=asked)
    file = generated(spec_of("user", desktop=task)).content
    winsw = generated(spec_of("system", desktop=service)).content

    SCHEMA.assertValid(etree.fromstring(file))
    assert etree.fromstring(file).findtext(f".//{TASK}Delay") == "PT30S"
    assert strangers(winsw, WINSW_ELEMENTS) == []
    assert [each.text for each in etree.fromstring(winsw).iter("depend")] == ["Tcpip", "Dnscache"]


MUTANTS = {
    "an element nobody knows": ("<Settings>", "<Settings><Nonsense/>"),
    "a policy nobody knows": ("IgnoreNew", "IgnoreAll"),
    "a word for a truth": ("<Enabled>true<", "<Enabled>yes<"),
    "a duration that is none": ("PT60S", "60"),
    "a restart within a minute": ("PT60S", "PT59S"),
    "more restarts than a byte counts": ("<Count>5<", "<Count>256<"),
    "actions of nobody": ('Context="Author"', 'Context="Nobody"'),
    "a way to log on that is none": ("InteractiveToken", "Interactive"),
    "no action": ("<Command>pythonw.exe</Command>", ""),
    "another namespace": ("2004/02/mit/task", "2004/02/mit/tusk"),
    "a version that never was": ('version="1.2"', 'version="2.0"'),
    "a delay in seconds": ("</LogonTrigger>", "<Delay>30</Delay></LogonTrigger>"),
    "a trigger in the wrong order": ("<LogonTrigger>", "<LogonTrigger><UserId>x</UserId>"),
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_the_schema_refuses(fault: str) -> None:
    content = generated(spec_of("user")).content.decode()
    right, wrong = MUTANTS[fault]
    assert right in content

    assert not SCHEMA.validate(etree.fromstring(content.replace(right, wrong)))


def test_an_installed_task_is_still_a_task() -> None:
    content = generated(spec_of("user"))
    service = OsService(
        "com.example.notes.price-watch", ("-m", "bgsvc", "run"), program=("C:\\p.exe", "-P")
    )
    text = build_task(replace(service, definition=content.content), "--log=C:\\x", user="PC\\Zoë")

    root = etree.fromstring(text.encode("utf-16"))

    SCHEMA.assertValid(root)
    assert [each.text for each in root.iter(f"{TASK}UserId")] == ["PC\\Zoë"] * 2


def test_a_tasks_actions_run_as_its_principal() -> None:
    root = etree.fromstring(generated(spec_of("user")).content)

    assert [e.get("id") for e in root.iter(f"{TASK}Principal")] == ["Author"]
    assert [e.get("Context") for e in root.iter(f"{TASK}Actions")] == ["Author"]


def test_a_task_is_ascii_and_names_no_encoding_for_schtasks_guesses_one() -> None:
    content = generated(spec_of("user")).content

    assert content.isascii()
    assert content.startswith(b'<?xml version="1.0"?>\n')


@pytest.mark.parametrize("restart", ["failure", "always", "never"])
@pytest.mark.parametrize("boot", [True, False])
def test_a_service_has_only_what_winsw_knows(restart: RestartOn, *, boot: bool) -> None:
    content = generated(spec_of("system", restart, boot=boot)).content
    root = etree.fromstring(content)

    assert strangers(content, WINSW_ELEMENTS) == []
    actions = [element.get("action") for element in root.iter("onfailure")]
    assert actions == [*["restart"] * (0 if restart == "never" else 5), "none"]
    assert all(re.fullmatch(SPAN, e.get("delay", "0 ms")) for e in root.iter("onfailure"))


@pytest.mark.parametrize(
    ("scope", "path"),
    [("user", f"{TASK}Actions/{TASK}Exec/{TASK}Arguments"), ("system", "arguments")],
)
def test_a_command_line_reads_back_with_its_quotes(scope: Scope, path: str) -> None:
    label = 'é "x" <&> \\'

    found = etree.fromstring(generated(spec_of(scope, label=label)).content).findtext(path)

    assert found is not None
    head = "-m bgsvc run notes.prices:PriceWatch --app=com.example.notes "
    assert found.startswith(head + r'"--config={\"name\":\"price-watch\",')
    assert r"\"label\":\"\u00e9 \\\"x\\\" <&> \\\\\"" in found
