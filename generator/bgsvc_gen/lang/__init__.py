"""One module per output language: its literals and its identifiers."""

from collections.abc import Callable, Mapping
from typing import Final

from bgsvc_gen.lang import (
    android_resource,
    c,
    java,
    kotlin,
    powershell,
    python,
    swift,
    systemd,
    windows,
    xml,
)

FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "android_attribute": android_resource.attribute,
    "android_string": android_resource.string,
    "c_string": c.string,
    "java_string": java.string,
    "kotlin_string": kotlin.string,
    "powershell_string": powershell.string,
    "python_string": python.string,
    "swift_string": swift.string,
    "systemd_environment": systemd.environment,
    "systemd_exec": systemd.exec_argument,
    "systemd_value": systemd.value,
    "windows_argument": windows.argument,
    "xml_ascii": xml.ascii_text,
    "xml_text": xml.text,
}
"""The filters of the templates: each quotes a value for one language."""
