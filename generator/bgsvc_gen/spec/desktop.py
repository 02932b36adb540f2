"""Reading one `[services.<name>.desktop]` table."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from bgsvc_gen.facts.systemd import NEED_USER, RELAXATIONS
from bgsvc_gen.lang.characters import NONCHARACTERS
from bgsvc_gen.spec.calendar import is_calendar_event
from bgsvc_gen.spec.model import Desktop, Timer
from bgsvc_gen.spec.table import Place, Table, suggestion
from bgsvc_gen.spec.windows import of_the_other_scope, read_windows

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNUSABLE: Final = re.compile(f"(?![\\t\\n])[\\x00-\\x1f\\x7f{NONCHARACTERS}]")
_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}")
_UNIT: Final = re.compile(r"[A-Za-z0-9:_.@-]+\.(?:service|socket|target|mount|path|timer)")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read_desktop(table: Table, *, start_on_boot: bool) -> Desktop:
    """Return what the `desktop` table of a service says, with defaults for what is absent."""
    section = table.table("desktop")
    if section is None:
        return Desktop()
    desktop = Desktop(
        scope=section.choice("scope", ("user", "system"), "user"),
        start_delay=section.duration("start_delay", 0.0),
        watchdog=section.duration("watchdog", 0.0, least=1.0) or None,
        user=_matching(section, "user", _USER, "write the name of an account"),
        working_directory=_folder(section),
        environment=_environment(section),
        after=_each(section, "after", _UNIT, 'write its whole name, such as "dbus.socket"'),
        credentials=_each(section, "credentials", _CREDENTIAL, 'use letters, digits, "-", "."'),
        relax=_relaxations(section),
        timer=_timer(section),
        windows=read_windows(section),
    )
    for key, message, hint in _of_the_other_scope(desktop):
        section.wrong(key, "BG602", message, hint)
    for key, message, hint in of_the_other_scope(desktop):
        section.report(Place((*section.path, "windows", key)), "BG602", message, hint)
    if desktop.start_delay and (desktop.timer or not start_on_boot):
        hint = "write start_on_boot = true and no timer, or leave it out"
        message = "a delay is for what starts with the boot or the login"
        section.wrong("start_delay", "BG603", message, hint)
    section.close()
    return desktop


def _of_the_other_scope(desktop: Desktop) -> Iterator[tuple[str, str, str]]:
    """Yield what the scope cannot give: key, message and hint."""
    if desktop.scope == "user":
        hint = 'write scope = "system", or leave it out'
        if desktop.user is not None:
            yield "user", "a user's own service runs as that user", hint
        if desktop.credentials:
            yield "credentials", "a user's own service manager has no credentials", hint
        if "privileges" in desktop.relax:
            yield "relax", "a sandbox without root rests on what takes privileges away", hint
    elif desktop.user is None:
        for name in desktop.relax:
            if name in NEED_USER:
                message = f'an account made for the service cannot have "{name}" relaxed'
                yield "relax", message, "name an account with user, or leave it out"
                return


def _matching(section: Table, key: str, wanted: re.Pattern[str], hint: str) -> str | None:
    value = section.string(key)
    if value is not None and not wanted.fullmatch(value):
        section.wrong(key, "BG603", f'{section.name(key)} cannot be "{value}"', hint)
        return None
    return value


def _folder(section: Table) -> str | None:
    value = section.string("working_directory")
    if value is None:
        return None
    fits = value.startswith("/") or value == "~"
    if not fits or ".." in value.split("/") or not value.isprintable():
        message = f'{section.name("working_directory")} cannot be "{value}"'
        hint = 'write an absolute path, or "~" for the home folder'
        section.wrong("working_directory", "BG603", message, hint)
        return None
    return value


def _environment(section: Table) -> Mapping[str, str]:
    table = section.table("environment")
    if table is None:
        return {}
    found: dict[str, str] = {}
    for name in table.content:
        value = table.string(name)
        if not _VARIABLE.fullmatch(name):
            place = Place((*table.path, name), at_key=True)
            hint = 'use letters, digits and "_", and begin with no digit'
            table.report(place, "BG601", f'"{name}" cannot name a variable', hint)
        elif value is not None and _UNUSABLE.search(value):
            hint = "leave control characters out, but for tabs and ends of lines"
            table.wrong(name, "BG601", f"{table.name(name)} holds a control character", hint)
        elif value is not None:
            found[name] = value
    return found


def _each(section: Table, key: str, wanted: re.Pattern[str], hint: str) -> tuple[str, ...]:
    found = section.strings(key) or []
    for value, place in found:
        if not wanted.fullmatch(value):
            section.report(place, "BG603", f'{section.name(key)} cannot hold "{value}"', hint)
    return tuple(value for value, _ in found)


def _relaxations(section: Table) -> tuple[str, ...]:
    found = section.strings("relax") or []
    for name, place in found:
        if name not in RELAXATIONS:
            hint = suggestion(name, RELAXATIONS) or f"choose from {', '.join(RELAXATIONS)}"
            section.report(place, "BG104", f'the sandbox has no "{name}" to relax', hint)
    return tuple(name for name, _ in found)


def _timer(section: Table) -> Timer | None:
    table = section.table("timer")
    if table is None:
        return None
    hint = 'write it as systemd.time(7) does, such as "Mon..Fri 08:00" or "daily"'
    every = table.duration("every", 0.0, least=1.0) or None
    calendar = table.string("calendar")
    if calendar is not None and not is_calendar_event(calendar):
        message = f'{table.name("calendar")} cannot be "{calendar}"'
        table.wrong("calendar", "BG603", message, hint)
    timer = Timer(every, calendar)
    if ("every" in table.content) == ("calendar" in table.content):
        hint = 'write { every = "15m" } or { calendar = "daily" }'
        place = Place(table.path, at_key=True)
        table.report(place, "BG603", "a timer has every or calendar, one of them", hint)
    table.close()
    return timer
