"""The files that `bgsvc-gen` writes for Windows, read: WinSW's and the Task Scheduler's XML."""

from __future__ import annotations

import os

from bgsvc._lite.dataclasses import replace
from bgsvc._model.config import RestartPolicy
from bgsvc._model.enums import RestartOn
from bgsvc._os.errors import DefinitionError
from bgsvc._os.generated_file import check_scope, read_content
from bgsvc._os.service import OsService, Scope
from bgsvc._os.windows.command import joined, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
LONGEST_NAME = 256
_UNITS = {"ms": 0.001, "sec": 1.0}


def read_generated(path: str, requested: Scope | None) -> OsService:
    """Return the service that a generated file defines, to be started by this interpreter.

    Raises:
        DefinitionError: If it is not a generated file, or for another scope than `requested`.
        ProgramError: If this interpreter cannot be what Windows starts.
    """
    from bgsvc._os.windows.program import service_words, task_words

    root, content = _root(path, "service", f"{TASK}Task")
    if root.tag == "service":
        check_scope(path, Scope.SYSTEM, requested)
        return replace(_service_in(root, content, path), program=service_words())
    check_scope(path, Scope.USER, requested)
    return replace(_task_in(root, content, path), program=task_words())


def read_service(path: str) -> OsService:
    """Return the service that a WinSW file describes; our own host needs no WinSW.

    Raises:
        DefinitionError: If it is not one of ours.
    """
    return _service_in(*_root(path, "service"), path)


def _service_in(root: Element, content: bytes, path: str) -> OsService:
    label = _text(root, "id")
    delays = [_span(each.get("delay", ""), path) for each in _restarts(root)]
    window = _span(_text(root, "resetfailure") or "600 sec", path)
    restart = RestartPolicy(
        on=RestartOn.FAILURE if delays else RestartOn.NEVER,
        delay=delays[0] if delays else 1.0,
        max_delay=delays[-1] if delays else 300.0,
        limit=max(1, len(delays)),
        window=window,
    )
    return OsService(
        label=_label(label, path),
        arguments=_arguments(_text(root, "arguments"), path),
        scope=Scope.SYSTEM,
        display_name=_text(root, "name") or label,
        environment={each.get("name", ""): each.get("value", "") for each in root.findall("env")},
        working_directory=_text(root, "workingdirectory") or None,
        user=_text(root, "serviceaccount/username") or None,
        start_on_boot=_text(root, "startmode") == "Automatic",
        start_delayed=_text(root, "delayedAutoStart") == "true",
        after=tuple((each.text or "").strip() for each in root.findall("depend")),
        restart=restart,
        stop_timeout=_span(_text(root, "stoptimeout") or "15 sec", path),
        definition=content,
        source=os.path.abspath(path),
    )


def read_task(path: str) -> OsService:
    """Return the service that a task's file describes.

    Raises:
        DefinitionError: If it is not one of ours.
    """
    return _task_in(*_root(path, f"{TASK}Task"), path)


def _task_in(root: Element, content: bytes, path: str) -> OsService:
    uri = _text(root, f"{TASK}RegistrationInfo/{TASK}URI")
    action = f"{TASK}Actions/{TASK}Exec/{TASK}"
    return OsService(
        label=_label(uri.strip("\\").replace("\\", "."), path),
        arguments=_arguments(_text(root, f"{action}Arguments"), path),
        scope=Scope.USER,
        display_name=_text(root, f"{TASK}RegistrationInfo/{TASK}Description"),
        program=_program(_text(root, f"{action}Command")),
        working_directory=_text(root, f"{action}WorkingDirectory") or None,
        start_on_boot=root.find(f"{TASK}Triggers/{TASK}LogonTrigger") is not None,
        definition=content,
        source=os.path.abspath(path),
    )


def build_task(service: OsService, *more: str, user: str) -> str:
    """Return a task's file with its program, its arguments and `more`, and its user filled in.

    A trigger without a user is for everybody's logon, which only an administrator may ask for.

    Raises:
        DefinitionError: If an argument cannot be said on a command line of Windows.
    """
    from xml.etree import ElementTree as ET

    root = ET.fromstring(service.definition)  # noqa: S314 - read before, by `read_task`
    ET.register_namespace("", TASK[1:-1])
    for path in ("Triggers/LogonTrigger", "Principals/Principal"):
        found = root.find(f"{TASK}{path.replace('/', f'/{TASK}')}")
        if found is not None:
            _put_user(found, user)
    action = root.find(f"{TASK}Actions/{TASK}Exec")
    if action is None or not service.program:
        raise DefinitionError(f"{service.label}: the task has nothing to start")
    program, *first = service.program
    joined((program,))
    _put(action, "Command", program)
    _put(action, "Arguments", joined((*first, *service.arguments, *more, "--windows-task")))
    declaration = '<?xml version="1.0" encoding="UTF-16"?>\r\n'
    return declaration + ET.tostring(root, encoding="unicode") + "\r\n"


def _program(command: str) -> tuple[str, ...]:
    """Return the program of an installed task; a generated one leaves it open."""
    return (command,) if "\\" in command else ()


def _put_user(parent: Element, user: str) -> None:
    """Name the user, at the place where the schema has it: after `Enabled`, or first."""
    from xml.etree import ElementTree as ET

    element = ET.Element(f"{TASK}UserId")
    element.text = user
    parent.insert(len(parent.findall(f"{TASK}Enabled")), element)


def _put(parent: Element, name: str, text: str) -> None:
    found = parent.find(f"{TASK}{name}")
    if found is not None:
        found.text = text


def _root(path: str, *tags: str) -> tuple[Element, bytes]:
    from xml.etree import ElementTree as ET

    content = read_content(path)
    try:
        root = ET.fromstring(content)  # noqa: S314 - the caller's own file, which it installs
    except ET.ParseError as error:
        raise DefinitionError(f"{path} is not XML: {error}") from error
    if root.tag not in tags:
        expected = " or ".join(f"<{tag.rpartition('}')[2]}>" for tag in tags)
        raise DefinitionError(f"{path} holds <{root.tag}>, not {expected}")
    return root, content


def _restarts(root: Element) -> list[Element]:
    return [each for each in root.findall("onfailure") if each.get("action") == "restart"]


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _label(label: str, path: str) -> str:
    plain = label.replace(".", "").replace("-", "").replace("_", "")
    if not plain.isalnum() or len(label) > LONGEST_NAME:
        raise DefinitionError(f"{path}: {label!r} is no name of a service")
    return label


def _arguments(line: str, path: str) -> tuple[str, ...]:
    words = split(line)
    while words and words[0] != "-m":  # an installed one has the interpreter's own options first
        words = words[1:]
    if words[:3] != ("-m", "bgsvc", "run"):
        raise DefinitionError(f"{os.path.basename(path)} does not start `-m bgsvc run`")
    return words


def _span(text: str, path: str) -> float:
    """Return seconds of what WinSW writes: `30 sec`, `250 ms`."""
    number, _, unit = text.partition(" ")
    if not (number.isascii() and number.isdigit()) or unit not in _UNITS:
        raise DefinitionError(f"{path}: {text!r} is no span of time")
    return int(number) * _UNITS[unit]
