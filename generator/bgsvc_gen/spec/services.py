"""Reading one `[services.<name>]` table."""

from bgsvc_gen.spec import values
from bgsvc_gen.spec.android import read_android
from bgsvc_gen.spec.desktop import read_desktop
from bgsvc_gen.spec.labels import TEXT_HINT, read_label
from bgsvc_gen.spec.model import (
    Continued,
    Ios,
    Processing,
    Refresh,
    Restart,
    Service,
)
from bgsvc_gen.spec.table import Place, Table


def read_service(table: Table) -> Service:
    """Return the service of `table`, with defaults for wrong or absent values."""
    name = str(table.path[-1])
    if not values.is_service_name(name):
        message = f'"{name}" is not a service name, such as "sync-notes"'
        hint = 'use lower-case letters, digits and single "-" or "_", and start with a letter'
        if values.is_device_name(name):
            message, hint = f'"{name}" cannot name a file on Windows', "choose another name"
        if len(name) > values.MAX_SERVICE_NAME_LENGTH:
            hint = f"use at most {values.MAX_SERVICE_NAME_LENGTH} characters; it has {len(name)}"
        table.report(Place(table.path, at_key=True), "BG202", message, hint)
    entry, label = _read_entry(table), read_label(table, "label", default=name)
    start_on_boot = table.boolean("start_on_boot", default=False)
    service = Service(
        name=name,
        entry=entry,
        label=label,
        start_on_boot=start_on_boot,
        restart=_read_restart(table),
        stop_timeout=table.duration("stop_timeout", 10.0, least=0.1),
        android=read_android(table),
        ios=_read_ios(table),
        desktop=read_desktop(table, start_on_boot=start_on_boot),
    )
    table.close()
    return service


def _read_entry(table: Table) -> str:
    table.require("entry", 'write entry = "package.module:Class"')
    entry = table.string("entry")
    if entry is not None and not values.is_entry(entry):
        message = f'"{entry}" is not an entry, such as "notes.sync:SyncService"'
        hint = "write package.module:Class, as Python imports it"
        hint = hint if entry.isascii() else f"{hint}, in ASCII letters"
        table.report_value("entry", "BG203", message, hint)
    return entry or ""


def _read_restart(table: Table) -> Restart:
    section = table.table("restart")
    default = Restart()
    if section is None:
        return default
    restart = Restart(
        on=section.choice("on", ("failure", "always", "never"), default.on),
        delay=section.duration("delay", default.delay),
        max_delay=section.duration("max_delay", default.max_delay),
        limit=section.whole("limit", default.limit, least=1, most=1000),
        window=section.duration("window", default.window, least=1.0),
    )
    if restart.max_delay < restart.delay:
        message = f"{section.name('max_delay')} is shorter than delay"
        section.report_value(
            "max_delay", "BG105", message, "write a max_delay that is at least delay"
        )
    section.close()
    return restart


def _read_ios(table: Table) -> Ios:
    section = table.table("ios")
    if section is None:
        return Ios()
    refresh = section.table("refresh")
    processing = section.table("processing")
    continued = section.table("continued")
    ios = Ios(
        refresh=Refresh(earliest=refresh.duration("earliest", 900.0)) if refresh else None,
        processing=_read_processing(processing) if processing else None,
        continued=_read_continued(continued) if continued else None,
        foreground=section.boolean("foreground", default=False),
    )
    for part in (refresh, processing, continued, section):
        if part is not None:
            part.close()
    return ios


def _read_processing(section: Table) -> Processing:
    return Processing(
        earliest=section.duration("earliest", 900.0),
        network=section.boolean("network", default=False),
        power=section.boolean("power", default=False),
        health_research=section.boolean("health_research", default=False),
        identifier=section.string("identifier"),
    )


def _read_continued(section: Table) -> Continued:
    return Continued(
        title=_read_text(section, "title"),
        subtitle=_read_text(section, "subtitle") or "",
        strategy=section.choice("strategy", ("queue", "fail"), "queue"),
        gpu=section.boolean("gpu", default=False),
    )


def _read_text(section: Table, key: str) -> str | None:
    text = section.string(key)
    fault = None if text is None else values.text_fault(text)
    if fault is not None:
        section.report_value(key, "BG106", f"{section.name(key)} {fault}", TEXT_HINT)
    return text
