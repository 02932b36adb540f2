"""Android resources: the texts users see, in each language they were written in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bgsvc_gen.spec.model import Service

ICON: Final = "bgsvc_notification"
"""The drawable of every notification."""

_REGION: Final = re.compile(r"([a-z]{2,3})-([A-Z]{2})")


@dataclass(frozen=True, slots=True)
class StringResource:
    """One `<string>`."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class StringsFile:
    """The strings of one language.

    Attributes:
        folder: Its folder under `res/`, named after the language.
    """

    folder: str
    strings: tuple[StringResource, ...]


def label_resource(service: Service) -> str:
    """Return the name of the string that says what `service` does."""
    return f"bgsvc_{service.name.replace('-', '_')}_label"


def folder_of(language: str) -> str:
    """Return the folder of the strings in `language`, a tag such as `de`, `pt-BR` or `zh-Hant`."""
    if "-" not in language:
        return f"values-{language}"
    if region := _REGION.fullmatch(language):
        return f"values-{region[1]}-r{region[2]}"
    return f"values-b+{language.replace('-', '+')}"


def strings_files(services: Sequence[Service]) -> tuple[StringsFile, ...]:
    """Return the default strings and those of each language, as far as `services` speak it.

    The default's own language has its file as well: Android would otherwise prefer a language
    further down the user's list that has one.
    """
    files = {"values": [StringResource(label_resource(s), s.label.default) for s in services]}
    for service in services:
        for language, text in service.label.translations.items():
            strings = files.setdefault(folder_of(language), [])
            strings.append(StringResource(label_resource(service), text))
    return tuple(
        StringsFile(folder, tuple(strings)) for folder, strings in files.items() if strings
    )
