"""What is handed to Windows, to the letter; `tests/native/windows` hands it to Wine.

Wine has no privileges and keeps no failure actions, so those rest on winsvc.h's layouts and on
the arguments that reach advapi32's functions, which a stand-in writes down here.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgsvc import BackgroundServiceError, OsService, RestartPolicy, Scope
from bgsvc._ipc.windows_identity import service_sid
from bgsvc._lite.dataclasses import replace
from bgsvc._model.enums import RestartOn
from bgsvc._os.errors import DefinitionError, NeedsRootError, ProgramError
from bgsvc._os.log_file import RotatedFile, last_lines
from bgsvc._os.windows import control_link as host
from bgsvc._os.windows import scm, structs
from bgsvc._os.windows import session as sessions
from bgsvc._os.windows.command import joined, split
from bgsvc._os.windows.control_link import DEMAND_WORD, ControlLink, NotAServiceError
from bgsvc._os.windows.definition import TASK, build_task, read_service, read_task
from bgsvc._os.windows.log import EventLog
from bgsvc._os.windows.program import refuse_alias, service_words
from bgsvc._os.windows.service_config import configure, created, delays, replaced_definition

LABEL = "com.example.trial.tick"
SERVICE = OsService(
    LABEL,
    ("-m", "bgsvc", "run", "trial:Tick"),
    scope=Scope.SYSTEM,
    restart=RestartPolicy(RestartOn.FAILURE, delay=0.25, max_delay=1.0, limit=4, window=600.0),
    stop_timeout=7.5,
)
TEXT = st.text(st.characters(exclude_characters="%", exclude_categories=("Cc", "Cs")))


class Windows:
    """Stands for advapi32: takes every call, keeps what structures hold, fails as it is told."""

    def __init__(self, *failing: str) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.settings: dict[int, Any] = {}
        self.failing = failing
        self.states: list[tuple[int, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., int]:
        if name.startswith("_") or name == "QueryServiceDynamicInformation":
            raise AttributeError(name)
        return partial(self.called, name)

    def called(self, name: str, *arguments: Any) -> int:  # noqa: ANN401 - whatever ctypes takes
        self.calls.append((name, arguments))
        if name == "ChangeServiceConfig2W":
            self.settings[arguments[1]] = pointed(arguments[2])
        if name == "SetServiceStatus":
            now = pointed(arguments[1])
            ends = (now.exit_code, now.specific_code)
            self.states.append((now.state, now.accepted, *ends, now.checkpoint, now.wait_hint))
        return 0 if name in self.failing else 4711


def pointed(reference: Any) -> Any:  # noqa: ANN401 - ctypes has no name for it
    return reference._obj  # noqa: SLF001 - the only way back from `byref`


Fail = Callable[[int], None]


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let the last call have failed with a given code."""

    def fail(code: int) -> None:
        monkeypatch.setattr(scm, "last_error", lambda: code)

    return fail


def test_the_layouts_are_those_of_winsvc_h() -> None:
    pointer = ctypes.sizeof(ctypes.c_void_p)
    sizes = {
        structs.ServiceStatus: 28,
        structs.ServiceStatusProcess: 36,
        structs.Action: 8,
        structs.FailureActions: 8 + 3 * pointer + 8,
        structs.Flag: 4,
        structs.Preshutdown: 4,
        structs.QueryServiceConfig: 64,
    }
    assert {kind: ctypes.sizeof(kind) for kind in sizes} == sizes
    assert structs.FailureActions.actions.offset == 32
    assert structs.QueryServiceConfig.command_line.offset == 16


def test_a_failure_is_followed_by_longer_and_longer_waits_and_then_by_nothing() -> None:
    found = structs.failure_actions(delays(SERVICE), 600.0)

    steps = [(found.actions[i].type, found.actions[i].delay) for i in range(found.count)]
    assert steps == [(1, 250), (1, 500), (1, 1000), (1, 1000), (0, 0)]
    assert found.reset_period == 600


def test_windows_is_told_to_restart_what_fails_without_a_crash() -> None:
    windows = Windows()

    configure(scm.Handle(windows, 1), SERVICE)

    assert windows.settings[structs.FAILURE_ACTIONS_FLAG].value == 1
    assert windows.settings[structs.FAILURE_ACTIONS].count == 5
    assert windows.settings[structs.PRESHUTDOWN].timeout == 7500
    assert windows.settings[structs.DESCRIPTION].text == LABEL


@pytest.mark.parametrize("delayed", [True, False])
def test_windows_is_told_whether_the_start_is_delayed(*, delayed: bool) -> None:
    windows = Windows()

    configure(scm.Handle(windows, 1), replace(SERVICE, start_delayed=delayed))

    assert windows.settings[structs.DELAYED_AUTO_START].value == delayed


def test_windows_is_told_the_account_and_what_is_started_before() -> None:
    windows = Windows()
    service = replace(SERVICE, user="NT SERVICE\\x", after=("Tcpip", "Dnscache"))

    with created(scm.Handle(windows, 1), service, "line"):
        replaced_definition(scm.Handle(windows, 2), service, "line")
        replaced_definition(scm.Handle(windows, 2), SERVICE, "line")

    (_, made), (_, changed), (_, plain), _ = windows.calls
    assert (made[10][:], made[11]) == ("Tcpip\0Dnscache\0\0", "NT SERVICE\\x")
    assert (changed[7][:], changed[8]) == ("Tcpip\0Dnscache\0\0", "NT SERVICE\\x")
    assert (plain[7][:], plain[8]) == ("\0", "LocalSystem")


@pytest.mark.parametrize("texts", [(), ("Tcpip",), ("Tcpip", "a b", "ü")])
def test_a_list_of_texts_is_read_back(texts: tuple[str, ...]) -> None:
    buffer = structs.multi_text(texts)

    assert structs.texts_at(ctypes.addressof(buffer)) == texts
    assert structs.texts_at(None) == ()


@pytest.mark.parametrize(
    ("session", "notifier", "codes"),
    [(0, True, ["session_zero"]), (1, True, []), (None, True, []), (0, False, [])],
)
def test_only_what_needs_a_desktop_is_told_of_session_0(
    monkeypatch: pytest.MonkeyPatch, session: int | None, codes: list[str], *, notifier: bool
) -> None:
    def session_of(process: int) -> int | None:
        return session if process == 4711 else None

    monkeypatch.setattr(sessions, "session_of", session_of)
    monkeypatch.setattr(sessions, "has_notifier", lambda: notifier)

    found = list(sessions.session_findings("tick", 4711))

    assert [issue.code for issue in found] == codes
    assert all("scope = " in issue.fix for issue in found)


def test_a_setting_that_this_windows_lacks_is_left_out(errors: Fail) -> None:
    errors(structs.INVALID_LEVEL)
    handle = scm.Handle(Windows("ChangeServiceConfig2W"), 1)

    assert handle.set(structs.FAILURE_ACTIONS_FLAG, structs.Flag(1)) is False


def test_a_setting_that_is_refused_is_an_error(errors: Fail) -> None:
    errors(structs.ACCESS_DENIED)
    handle = scm.Handle(Windows("ChangeServiceConfig2W"), 1)

    with pytest.raises(scm.Refusal):
        handle.set(structs.FAILURE_ACTIONS_FLAG, structs.Flag(1))


def test_whoever_is_no_administrator_is_told_the_command(errors: Fail) -> None:
    errors(structs.ACCESS_DENIED)

    with pytest.raises(scm.Refusal) as caught:
        scm.manager(Windows("OpenSCManagerW"), scm.MANAGER_CREATE)
    error = scm.typed(caught.value, LABEL, "python -m bgsvc install x --scope system")

    assert isinstance(error, NeedsRootError)
    assert error.fix.endswith("administrator: python -m bgsvc install x --scope system")


def test_a_services_own_account_has_the_sid_that_windows_gives_it() -> None:
    # The one that is on every Windows, as `sc.exe showsid TrustedInstaller` has it.
    trusted = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert service_sid("TrustedInstaller") == service_sid("trustedinstaller") == trusted


def test_a_name_that_another_service_has_is_told_with_its_way_out() -> None:
    error = scm.typed(scm.Refusal("CreateServiceW", 1078), LABEL, "")

    assert str(error).startswith("another service is called")
    assert "label" in getattr(error, "fix", "")


def test_a_code_is_the_error_it_stands_for() -> None:
    codes = {
        code: getattr(scm.typed(scm.Refusal("x", code), LABEL, ""), "code", "")
        for code in (5, 1060, 1072, 87)
    }
    assert codes == {5: "needsRoot", 1060: "notInstalled", 1072: "osService", 87: "osService"}


@given(st.lists(TEXT))
def test_words_are_read_back_from_their_line(words: list[str]) -> None:
    assert split(joined(tuple(words))) == tuple(words)


@pytest.mark.parametrize("word", ["%PATH%", "a%b%c", "%x%%"])
def test_a_variable_of_windows_is_refused(word: str) -> None:
    with pytest.raises(DefinitionError, match="Windows would replace"):
        joined(("python", word))


@pytest.mark.parametrize("word", ["a\nb", "a\tb", "a\0b", "\ud800"])
def test_what_no_command_line_can_hold_is_refused(word: str) -> None:
    with pytest.raises(DefinitionError, match="no command line"):
        joined((word,))


def test_a_command_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(DefinitionError, match="too long"):
        joined(("x" * 32_767,))


def test_states_are_told_in_order_with_checkpoints_and_hints() -> None:
    windows = Windows()
    link = ControlLink(lambda: None, windows)

    link.starting()
    link.starting()
    link.running()
    link.stopping(7.5)
    link.stopping(7.5)
    link.running()
    with pytest.raises(RuntimeError, match="before it is started"):
        link.stopped(3)

    assert [(state, point, hint) for state, *_, point, hint in windows.states] == [
        (2, 1, 30_000),
        (2, 2, 30_000),
        (4, 0, 0),
        (3, 1, 7500),
        (3, 2, 7500),
        (1, 0, 0),
    ]
    assert [accepted for _, accepted, *_ in windows.states] == [0, 0, 0x105, 0, 0, 0]
    assert windows.states[-1][2:4] == (1066, 3)


def test_a_process_that_windows_did_not_start_as_a_service_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    monkeypatch.setattr(host, "last_error", lambda: 1063)
    link = ControlLink(lambda: None, Windows("StartServiceCtrlDispatcherW"))

    with pytest.raises(NotAServiceError, match="did not start this process"):
        link.open()


@pytest.mark.parametrize(("words", "boot"), [((), True), ((DEMAND_WORD,), False)])
def test_a_start_that_nobody_asked_for_is_the_boots(words: tuple[str, ...], *, boot: bool) -> None:
    link = ControlLink(lambda: None, Windows())
    link.arguments = words

    assert link.started_by_boot() is boot


def test_the_event_log_gets_the_whole_text_as_one_error() -> None:
    windows = Windows()

    assert EventLog(LABEL, windows).error("it failed")

    (name, arguments) = windows.calls[1]
    assert (name, arguments[1:4], arguments[5]) == ("ReportEventW", (1, 0, 1), 1)
    assert list(arguments[7]) == ["it failed"]
    assert [name for name, _ in windows.calls][2:] == ["DeregisterEventSource"]


@pytest.mark.parametrize(
    "path", ["C:\\Users\\x\\AppData\\Local\\Microsoft\\WindowsApps\\python.exe", "c:/windowsapps/p"]
)
def test_the_stores_alias_of_python_is_no_program_for_a_service(path: str) -> None:
    with pytest.raises(ProgramError, match="alias of the Microsoft Store"):
        refuse_alias(path)


def test_a_virtual_environment_is_entered_without_its_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, launcher = tmp_path / "python.exe", tmp_path / "venv" / "python.exe"
    launcher.parent.mkdir()
    base.touch()
    launcher.touch()
    monkeypatch.setattr(sys, "executable", str(launcher))
    monkeypatch.setattr(sys, "_base_executable", str(base), raising=False)
    monkeypatch.setattr(sys, "prefix", str(launcher.parent))

    program, *_, start, prefix = service_words()

    assert (program, prefix) == (str(base), str(launcher.parent))
    assert Path(start).is_file()


@pytest.mark.parametrize(("inside", "fits"), [("dist/_internal", True), ("Temp/_MEI42", False)])
def test_an_app_that_unpacks_itself_cannot_be_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str, *, fits: bool
) -> None:
    app = tmp_path / "dist" / "notes.exe"
    app.parent.mkdir()
    app.touch()
    monkeypatch.setattr(sys, "executable", str(app))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / inside), raising=False)

    if fits:
        assert service_words() == (str(app),)
    else:
        with pytest.raises(ProgramError, match="second process"):
            service_words()


def generated(name: str) -> Path:
    cases = Path(__file__).parents[2] / "golden/cases"
    return next(path for path in sorted(cases.rglob(f"*{name}")))


def test_a_generated_service_is_read_back() -> None:
    path = generated(".winsw.xml")

    found = read_service(str(path))

    assert (found.label, found.scope) == (path.name.removesuffix(".winsw.xml"), Scope.SYSTEM)
    assert found.arguments[:3] == ("-m", "bgsvc", "run")
    assert found.environment["PYTHONSAFEPATH"] == "1"


def test_a_task_gets_its_user_its_program_and_its_log() -> None:
    path = generated(".task.xml")
    service = read_task(str(path))
    aim = replace(service, program=("C:\\a b\\pythonw.exe", "-I"))

    root = ET.fromstring(build_task(aim, "--log=C:\\l", user="PC\\Zoë").partition("?>")[2])  # noqa: S314 - our own
    action = root.find(f"{TASK}Actions/{TASK}Exec")

    assert service.label == path.name.removesuffix(".task.xml")
    assert {each.text for each in root.iter(f"{TASK}UserId")} == {"PC\\Zoë"}
    assert action is not None
    assert action.findtext(f"{TASK}Command") == "C:\\a b\\pythonw.exe"
    words = split(action.findtext(f"{TASK}Arguments") or "")
    assert words == ("-I", *service.arguments, "--log=C:\\l", "--windows-task")


@pytest.mark.parametrize(
    "content", ["", "<service/>", "<Task/>", "<service><id>a b</id></service>"]
)
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content)

    for read in (read_service, read_task):
        with pytest.raises(BackgroundServiceError):
            read(str(path))


def test_a_log_stays_small_and_keeps_its_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "service.log"
    with RotatedFile(str(path), largest=1000, kept=2) as log:
        for number in range(1000):
            log.write(f"line {number} é\n")

    sizes = [each.stat().st_size for each in path.parent.iterdir()]
    assert len(sizes) == 3
    assert max(sizes) <= 1000
    assert list(last_lines(str(path), 2)) == ["line 998 é", "line 999 é"]


def test_threads_do_not_write_into_each_others_lines(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    with RotatedFile(str(path)) as log:
        log.write("be")
        thread = threading.Thread(target=lambda: log.write("other\nhalf"))
        thread.start()
        thread.join()
        log.write("gun\n")
        log.write("flushed")
        log.flush()
        assert path.read_text(encoding="utf-8") == "other\nbegun\nflushed"

    assert path.read_text(encoding="utf-8") == "other\nbegun\nflushedhalf"


def test_a_log_is_followed_over_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    log = RotatedFile(str(path), largest=20)
    log.write("before\n")
    writes = iter(["and after\n", "in a new file\n", "once more\n"])

    found = last_lines(str(path), 1, follow=True, wait=lambda _: log.write(next(writes)))

    assert [next(found) for _ in range(4)] == ["before", "and after", "in a new file", "once more"]
    log.close()
