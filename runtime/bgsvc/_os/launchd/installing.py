"""The property list that an installation writes: with its program, its log and its paths."""

from __future__ import annotations

import os

from bgsvc._ipc.address import CHANNEL_VARIABLE
from bgsvc._os.errors import DefinitionError
from bgsvc._os.installed import read_command
from bgsvc._os.launchd.plist import load
from bgsvc._os.origin_note import note_of
from bgsvc._os.provenance import read_origin
from bgsvc._os.service import OsService

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._os.launchd.files import Places


def build_plist(service: OsService, places: Places) -> bytes:
    """Return the property list to install: with the program, its log and absolute paths.

    Raises:
        DefinitionError: If the service has none.
    """
    import plistlib

    if not service.definition or not service.program:
        raise DefinitionError(f"{service.label} has no property list; read it from a file")
    keys = load(service.definition, service.label)
    words = [*service.program, *service.arguments, f"--log={places.log(service.label)}"]
    data = places.data(read_command(service.arguments).app)
    if data is not None and not any(word.startswith("--data-dir") for word in words):
        words.append(f"--data-dir={data}")
    keys["ProgramArguments"] = words
    channel = places.channel(service.label)
    if channel is not None:
        ours = {"BGSVC_MODE": "launchDaemon", CHANNEL_VARIABLE: channel}
        keys["EnvironmentVariables"] = {**keys.get("EnvironmentVariables", {}), **ours}
    rest = os.path.join(places.logs(service.label), "launchd.log")
    keys.setdefault("StandardOutPath", rest)
    keys.setdefault("StandardErrorPath", rest)
    folder = keys.get("WorkingDirectory")
    if folder:
        keys["WorkingDirectory"] = os.path.expanduser(folder)
    content = plistlib.dumps(keys, sort_keys=False)
    if service.source is None:
        return content
    return content + note_of(read_origin(service.source, service.definition)).encode()
