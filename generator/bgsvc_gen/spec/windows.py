"""Reading one `[services.<name>.desktop.windows]` table."""

import re
from collections.abc import Iterator
from typing import Final

from bgsvc_gen.lang import windows
from bgsvc_gen.spec.model import Account, Desktop, Windows
from bgsvc_gen.spec.table import Table

ACCOUNTS: Final[tuple[Account, ...]] = ("LocalSystem", "LocalService", "NetworkService", "own")
_FOLDER: Final = re.compile(r'[A-Za-z]:[\\/][^<>:"|?*]*')
_SERVICE: Final = re.compile(r"[^\\/\x00-\x20\x7f]{1,256}")


def read_windows(section: Table) -> Windows:
    """Return what the `windows` table of a desktop service says, with defaults."""
    table = section.table("windows")
    if table is None:
        return Windows()
    settings = Windows(
        account=_read_account(table),
        working_directory=_read_working_directory(table),
        after=tuple(_read_services(table)),
    )
    table.close()
    return settings


def check_windows_scope(desktop: Desktop) -> Iterator[tuple[str, str, str]]:
    """Yield each key that a scheduled task does not support, with message and hint."""
    if desktop.scope == "user":
        hint = 'write scope = "system" above, or remove the key'
        if desktop.windows.account is not None:
            yield "account", f'account = "{desktop.windows.account}" needs scope = "system"', hint
        if desktop.windows.after:
            yield (
                "after",
                'after needs scope = "system"; a scheduled task has no dependencies',
                hint,
            )


def _read_account(table: Table) -> Account | None:
    value = table.string("account")
    for account in ACCOUNTS:
        if value == account:
            return account
    if value is not None:
        message = f'{table.name("account")} cannot be "{value}", which may need a password'
        hint = f"choose one of {', '.join(ACCOUNTS)}, or set the user after the installation: "
        hint += "sc.exe config LABEL obj= NAME password= …"
        table.report_value("account", "BG603", message, hint)
    return None


def _read_working_directory(table: Table) -> str | None:
    value = table.string("working_directory")
    if value is None:
        return None
    fits = _FOLDER.fullmatch(value) and value.isprintable() and not windows.find_expansion(value)
    if not fits or ".." in re.split(r"[\\/]", value):
        message = f'{table.name("working_directory")} cannot be "{value}"'
        hint = "write an absolute path without %NAME%, such as 'C:\\ProgramData\\Notes'"
        table.report_value("working_directory", "BG603", message, hint)
        return None
    return value


def _read_services(table: Table) -> Iterator[str]:
    for value, place in table.strings("after") or []:
        if _SERVICE.fullmatch(value):
            yield value
        else:
            message = f'{table.name("after")} cannot contain "{value}"'
            hint = 'write the service name that `sc.exe query` prints, such as "Dnscache"'
            table.report(place, "BG603", message, hint)
