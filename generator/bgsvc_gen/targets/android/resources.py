"""Android resources: the texts users see, in each language they were written in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bgsvc_gen.spec.model import Label, Service

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
    return f"{_stem(service)}_label"


def resume_resource(service: Service) -> str:
    """Return the name of the string that offers to let `service` go on."""
    return f"{_stem(service)}_resume"


def stop_resource(service: Service) -> str:
    """Return the name of the string of the button that stops `service`."""
    return f"{_stem(service)}_stop"


def action_resource(service: Service, action: str) -> str:
    """Return the name of the string of a further button of `service`."""
    return f"{_stem(service)}_action_{action}"


def _stem(service: Service) -> str:
    return f"bgsvc_{service.name.replace('-', '_')}"


def _labels(service: Service) -> Iterator[tuple[str, Label]]:
    notification = service.android.notification
    yield label_resource(service), service.label
    yield resume_resource(service), notification.resume
    if notification.stop is not None:
        yield stop_resource(service), notification.stop
    for name, label in notification.actions.items():
        yield action_resource(service, name), label


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
    labels = [each for service in services for each in _labels(service)]
    files = {"values": [StringResource(name, label.default) for name, label in labels]}
    for name, label in labels:
        for language, text in label.translations.items():
            files.setdefault(folder_of(language), []).append(StringResource(name, text))
    return tuple(
        StringsFile(folder, tuple(strings)) for folder, strings in files.items() if strings
    )
