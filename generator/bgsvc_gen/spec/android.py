"""Reading `[services.<name>.android]`."""

import re
from typing import Final

from bgsvc_gen.facts.android import CHECKED, NEWEST, OLDEST
from bgsvc_gen.spec import values
from bgsvc_gen.spec.labels import TEXT_HINT, read_label
from bgsvc_gen.spec.model import Android, AndroidLevels, Job, Label, Notification
from bgsvc_gen.spec.table import Place, Table

MIN_JOB_PERIOD_S: Final = 900.0
"""Seconds; `JobInfo.getMinPeriodMillis` in android-all 26-37."""

_PERMISSION: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+")
_ACTION: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")


def read_levels(root: Table) -> AndroidLevels:
    """Return the API levels in the table `[android]` of the spec."""
    table = root.table("android")
    default = AndroidLevels()
    if table is None:
        return default
    levels = AndroidLevels(
        min_sdk=table.whole("min_sdk", default.min_sdk, least=OLDEST, most=NEWEST),
        target_sdk=table.whole("target_sdk", default.target_sdk, least=CHECKED, most=NEWEST),
    )
    if levels.min_sdk > levels.target_sdk:
        message = f"min_sdk = {levels.min_sdk} is above target_sdk = {levels.target_sdk}"
        table.report_value(
            "min_sdk", "BG316", message, f"write min_sdk = {levels.target_sdk} or less"
        )
    table.close()
    return levels


def read_android(table: Table) -> Android:
    """Return the `android` table of a service, with defaults for absent keys."""
    section = table.table("android")
    if section is None:
        return Android()
    special_use = section.string("special_use")
    fault = None if special_use is None else values.text_fault(special_use)
    if fault is not None:
        section.report_value(
            "special_use", "BG106", f"{section.name('special_use')} {fault}", TEXT_HINT
        )
    sticky: bool | None = section.take("sticky", bool, "true or false")
    android = Android(
        kind=section.choice("kind", ("service", "job"), "service"),
        types=tuple(word for word, _ in section.strings("types") or []),
        host=section.choice("host", ("chaquopy", "cpython"), "chaquopy"),
        on_timeout=section.choice("on_timeout", ("stop", "notify", "reschedule"), "stop"),
        special_use=special_use,
        sticky=sticky,
        stop_with_task=section.boolean("stop_with_task", default=False),
        wake_lock=section.boolean("wake_lock", default=False),
        direct_boot=section.boolean("direct_boot", default=False),
        permissions=_read_permissions(section),
        notification=_read_notification(section),
        job=_read_job(section),
    )
    section.close()
    return android


def _read_job(section: Table) -> Job:
    table = section.table("job")
    if table is None:
        return Job()
    period = table.string("period")
    seconds = None if period is None else values.seconds(period)
    if period is not None and (seconds is None or seconds < MIN_JOB_PERIOD_S):
        message = f'"{period}" is not a period for a job'
        table.report_value(
            "period", "BG105", message, 'write "15m" or more; Android runs a job no more often'
        )
    job = Job(
        network=table.boolean("network", default=False),
        charging=table.boolean("charging", default=False),
        period=seconds,
        user_initiated=table.boolean("user_initiated", default=False),
    )
    table.close()
    return job


def _read_permissions(section: Table) -> tuple[str, ...]:
    """Return the full permission names; Android's own may be written without their prefix."""
    names: list[str] = []
    for word, place in section.strings("permissions") or []:
        name = word if "." in word else f"android.permission.{word}"
        if _PERMISSION.fullmatch(name) is None:
            message = f'"{word}" is not a permission name'
            section.report(place, "BG312", message, 'write one such as "BLUETOOTH_CONNECT"')
        else:
            names.append(name)
    return tuple(dict.fromkeys(names))


def _read_notification(section: Table) -> Notification:
    table = section.table("notification")
    if table is None:
        return Notification()
    default = Notification()
    stop = read_label(table, "stop", "") if "stop" in table.content else None
    notification = Notification(
        importance=table.choice("importance", ("min", "low", "default"), default.importance),
        stop=stop,
        resume=read_label(table, "resume", default.resume.default),
        actions=_read_actions(table),
    )
    table.close()
    return notification


def _read_actions(table: Table) -> dict[str, Label]:
    actions = table.table("actions")
    labels: dict[str, Label] = {}
    for name in actions.content if actions is not None else ():
        if actions is not None and _ACTION.fullmatch(name) is None:
            place = Place((*actions.path, name), at_key=True)
            message = f'"{name}" is not an action name, such as "pause"'
            actions.report(
                place,
                "BG202",
                message,
                'use lower-case letters, digits and "_", and start with a letter',
            )
        if actions is not None:
            labels[name] = read_label(actions, name, name)
    return labels
