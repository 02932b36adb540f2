"""Reading one `[services.<name>.desktop]` table."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from bgsvc_gen.facts.systemd import NEED_USER, RELAXATIONS
from bgsvc_gen.lang.characters import NONCHARACTERS
from bgsvc_gen.spec.calendar import is_calendar_event
from bgsvc_gen.spec.model import Desktop, Timer
from bgsvc_gen.spec.table import Place, Table, suggestion
from bgsvc_gen.spec.windows import check_windows_scope, read_windows

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNUSABLE: Final = re.compile(f"(?![\\t\\n])[\\x00-\\x1f\\x7f{NONCHARACTERS}]")
_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}")
_UNIT: Final = re.compile(r"[A-Za-z0-9:_.@-]+\.(?:service|socket|target|mount|path|timer)")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read_desktop(table: Table, *, start_on_boot: bool) -> Desktop:
    """Return the `desktop` table of a service, with defaults for absent keys."""
    section = table.table("desktop")
    if section is None:
        return Desktop()
    desktop = Desktop(
        scope=section.choice("scope", ("user", "system"), "user"),
        start_delay=section.duration("start_delay", 0.0),
        watchdog=section.duration("watchdog", 0.0, least=1.0) or None,
        user=_read_matching(
            section, "user", _USER, 'write the name of an account, such as "notes"'
        ),
        working_directory=_read_working_directory(section),
        environment=_read_environment(section),
        after=_read_all_matching(
            section, "after", _UNIT, 'write the full unit name, such as "dbus.socket"'
        ),
        credentials=_read_all_matching(
            section, "credentials", _CREDENTIAL, 'use letters, digits, "-", "_" and "."'
        ),
        relax=_read_relaxations(section),
        timer=_read_timer(section),
        windows=read_windows(section),
    )
    for key, message, hint in _check_scope(desktop):
        section.report_value(key, "BG602", message, hint)
    for key, message, hint in check_windows_scope(desktop):
        section.report(Place((*section.path, "windows", key)), "BG602", message, hint)
    if desktop.start_delay and (desktop.timer or not start_on_boot):
        hint = "write start_on_boot = true and no timer, or remove start_delay"
        message = "start_delay needs a service that starts at boot or login"
        section.report_value("start_delay", "BG603", message, hint)
    section.close()
    return desktop


def _check_scope(desktop: Desktop) -> Iterator[tuple[str, str, str]]:
    """Yield each key that needs the other scope, with message and hint."""
    if desktop.scope == "user":
        hint = 'write scope = "system", or remove the key'
        if desktop.user is not None:
            yield "user", f'user = "{desktop.user}" needs scope = "system"', hint
        if desktop.credentials:
            yield "credentials", 'credentials need scope = "system"', hint
        if "privileges" in desktop.relax:
            yield "relax", 'relax = ["privileges"] needs scope = "system"', hint
    elif desktop.user is None:
        for name in desktop.relax:
            if name in NEED_USER:
                message = f'relax = ["{name}"] needs an account; systemd creates one otherwise'
                yield "relax", message, f'write user = "<account>", or remove "{name}" from relax'
                return


def _read_matching(section: Table, key: str, pattern: re.Pattern[str], hint: str) -> str | None:
    value = section.string(key)
    if value is not None and not pattern.fullmatch(value):
        section.report_value(key, "BG603", f'{section.name(key)} cannot be "{value}"', hint)
        return None
    return value


def _read_working_directory(section: Table) -> str | None:
    value = section.string("working_directory")
    if value is None:
        return None
    fits = value.startswith("/") or value == "~"
    if not fits or ".." in value.split("/") or not value.isprintable():
        message = f'{section.name("working_directory")} cannot be "{value}"'
        hint = 'write an absolute path, or "~" for the home folder'
        section.report_value("working_directory", "BG603", message, hint)
        return None
    return value


def _read_environment(section: Table) -> Mapping[str, str]:
    table = section.table("environment")
    if table is None:
        return {}
    variables: dict[str, str] = {}
    for name in table.content:
        value = table.string(name)
        if not _VARIABLE.fullmatch(name):
            place = Place((*table.path, name), at_key=True)
            hint = 'use letters, digits and "_", and do not start with a digit'
            table.report(place, "BG601", f'"{name}" is not a variable name', hint)
        elif value is not None and _UNUSABLE.search(value):
            hint = "remove control characters other than tabs and line feeds"
            table.report_value(
                name, "BG601", f"{table.name(name)} contains a control character", hint
            )
        elif value is not None:
            variables[name] = value
    return variables


def _read_all_matching(
    section: Table, key: str, pattern: re.Pattern[str], hint: str
) -> tuple[str, ...]:
    strings = section.strings(key) or []
    for value, place in strings:
        if not pattern.fullmatch(value):
            section.report(place, "BG603", f'{section.name(key)} cannot contain "{value}"', hint)
    return tuple(value for value, _ in strings)


def _read_relaxations(section: Table) -> tuple[str, ...]:
    names_and_places = section.strings("relax") or []
    for name, place in names_and_places:
        if name not in RELAXATIONS:
            hint = suggestion(name, RELAXATIONS) or f"choose one of: {', '.join(RELAXATIONS)}"
            section.report(place, "BG104", f'"{name}" is not a part of the sandbox', hint)
    return tuple(name for name, _ in names_and_places)


def _read_timer(section: Table) -> Timer | None:
    table = section.table("timer")
    if table is None:
        return None
    hint = 'write a calendar event of systemd.time(7), such as "Mon..Fri 08:00" or "daily"'
    every = table.duration("every", 0.0, least=1.0) or None
    calendar = table.string("calendar")
    if calendar is not None and not is_calendar_event(calendar):
        message = f'{table.name("calendar")} cannot be "{calendar}"'
        table.report_value("calendar", "BG603", message, hint)
    timer = Timer(every, calendar)
    if ("every" in table.content) == ("calendar" in table.content):
        hint = 'write { every = "15m" } or { calendar = "daily" }'
        place = Place(table.path, at_key=True)
        table.report(place, "BG603", "a timer needs either every or calendar", hint)
    table.close()
    return timer
