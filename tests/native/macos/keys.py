"""The keys of launchd.plist(5) that matter here, each with the kinds of its value."""

from typing import Final, cast

KEYS: Final[dict[str, tuple[type, ...]]] = {
    "AbandonProcessGroup": (bool,),
    "AssociatedBundleIdentifiers": (str, list),
    "Disabled": (bool,),
    "EnableTransactions": (bool,),
    "EnvironmentVariables": (dict,),
    "ExitTimeOut": (int,),
    "GroupName": (str,),
    "InitGroups": (bool,),
    "KeepAlive": (bool, dict),
    "Label": (str,),
    "LaunchOnlyOnce": (bool,),
    "LimitLoadToSessionType": (str, list),
    "LowPriorityIO": (bool,),
    "MachServices": (dict,),
    "Nice": (int,),
    "ProcessType": (str,),
    "Program": (str,),
    "ProgramArguments": (list,),
    "QueueDirectories": (list,),
    "RunAtLoad": (bool,),
    "SessionCreate": (bool,),
    "Sockets": (dict,),
    "StandardErrorPath": (str,),
    "StandardInPath": (str,),
    "StandardOutPath": (str,),
    "StartCalendarInterval": (dict, list),
    "StartInterval": (int,),
    "ThrottleInterval": (int,),
    "Umask": (int,),
    "UserName": (str,),
    "WatchPaths": (list,),
    "WorkingDirectory": (str,),
}

KEPT_ALIVE: Final[dict[str, type]] = {
    "AfterInitialDemand": bool,
    "Crashed": bool,
    "OtherJobEnabled": dict,
    "PathState": dict,
    "SuccessfulExit": bool,
}
"""What a `KeepAlive` that is a dictionary may hold."""

PROCESS_TYPES: Final = ("Adaptive", "Background", "Interactive", "Standard")


def wrong(keys: dict[str, object]) -> list[str]:
    """Return what is wrong with the keys of a property list; launchd ignores most of it."""
    found = [f"unknown key {key}" for key in keys if key not in KEYS]
    found += [
        f"{key} is a {type(value).__name__}"
        for key, value in keys.items()
        if key in KEYS and type(value) not in KEYS[key]
    ]
    if not keys.get("Label"):
        found.append("no Label")
    if not keys.get("Program") and not keys.get("ProgramArguments"):
        found.append("nothing to start")
    if keys.get("ProcessType", "Standard") not in PROCESS_TYPES:
        found.append("no such ProcessType")
    for key, value in _table(keys.get("KeepAlive")).items():
        if type(value) is not KEPT_ALIVE.get(key):
            found.append(f"KeepAlive.{key}")
    variables = _table(keys.get("EnvironmentVariables"))
    found += [f"variable {key}" for key, value in variables.items() if type(value) is not str]
    arguments = keys.get("ProgramArguments", [])
    if isinstance(arguments, list):
        words = cast("list[object]", arguments)
        found += [f"argument {word!r}" for word in words if type(word) is not str]
    return found


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
