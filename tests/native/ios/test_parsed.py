"""Parse the Swift with tree-sitter and the Info.plist with plistlib; no toolchain is needed."""

import fnmatch
import plistlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import tree_sitter_swift
from tree_sitter import Language, Node, Parser

from bgsvc_gen.render import GeneratedFile, render
from bgsvc_gen.resources import templates_root
from bgsvc_gen.spec.model import App, Continued, Ios, Label, Processing, Refresh, Service, Spec
from bgsvc_gen.targets import ios

pytestmark = pytest.mark.native

HOSTILE = "100% \"$price\" <watch> \\ 'né' 🐍 & co \\(x)"
HERE = Path(__file__).parent
SUPPORT = [*(templates_root() / "ios/support").glob("*.swift"), *HERE.glob("*/*.swift")]
# The type stubs declare a deprecated int; the function returns a capsule.
PARSER = Parser(Language(cast("object", tree_sitter_swift.language())))

SERVICES = {
    "refresh": Service("price-watch", "a.b:C", Label(HOSTILE), ios=Ios(refresh=Refresh())),
    "processing": Service("in-it", "a.b:C", Label("B"), ios=Ios(processing=Processing())),
    "both": Service("default", "a.b:C", Label("C"), ios=Ios(Refresh(0.25), Processing(power=True))),
    "continued": Service("upload", "a.b:C", Label("E"), ios=Ios(continued=Continued(HOSTILE))),
    "foreground": Service("player", "a.b:C", Label("F"), ios=Ios(foreground=True)),
    "neither": Service("android-only", "a.b:C", Label("D")),
}


def files(*services: str) -> dict[str, GeneratedFile]:
    spec = Spec(
        App("com.example.notes", "Notes"), tuple(SERVICES[name] for name in services), allow=()
    )
    return {file.path.name: file for file in render(ios.plan(spec))}


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def mistakes(source: bytes) -> list[str]:
    """Return the places that are not Swift."""
    return [
        f"line {node.start_point.row + 1}: {node.type}"
        for node in nodes(PARSER.parse(source).root_node)
        if node.is_error or node.is_missing
    ]


def strings(source: bytes) -> list[str]:
    return [
        (node.text or b"").decode()
        for node in nodes(PARSER.parse(source).root_node)
        if node.type == "line_string_literal"
    ]


@pytest.mark.parametrize("source", SUPPORT, ids=lambda path: path.name)
def test_support_source_parses_as_swift(source: Path) -> None:
    assert mistakes(source.read_bytes()) == []


@pytest.mark.parametrize(
    "services",
    [["refresh"], ["processing"], ["both"], ["continued"], ["foreground"], [*SERVICES]],
)
def test_generated_constants_parse_as_swift(services: list[str]) -> None:
    assert mistakes(files(*services)["BgsvcServices.swift"].content) == []


def test_hostile_label_in_a_constant_is_not_interpolated() -> None:
    source = files("refresh")["BgsvcServices.swift"].content

    kinds = {node.type for node in nodes(PARSER.parse(source).root_node)}
    assert "interpolated_expression" not in kinds
    assert r'''"100% \"$price\" <watch> \\ 'né' 🐍 & co \\(x)"''' in strings(source)


@pytest.mark.parametrize(
    ("services", "modes", "identifiers"),
    [
        (["refresh"], ["fetch"], ["bg-refresh"]),
        (["processing"], ["processing"], ["in-it.bg-processing"]),
        (["refresh", "both"], ["fetch", "processing"], ["bg-refresh", "default.bg-processing"]),
    ],
)
def test_property_list_has_the_modes_and_identifiers_of_the_tasks(
    services: list[str], modes: list[str], identifiers: list[str]
) -> None:
    info = plistlib.loads(files(*services)["Info.plist"].content, fmt=plistlib.FMT_XML)

    assert info == {
        "BGTaskSchedulerPermittedIdentifiers": [f"com.example.notes.{i}" for i in identifiers],
        "UIBackgroundModes": modes,
    }


def test_every_identifier_in_the_swift_is_permitted_by_the_property_list() -> None:
    generated = files(*SERVICES)
    permitted = plistlib.loads(generated["Info.plist"].content, fmt=plistlib.FMT_XML)

    literals = strings(generated["BgsvcServices.swift"].content)
    used = [text.strip('"') for text in literals if text.startswith('"com.example.notes.')]
    allowed = permitted["BGTaskSchedulerPermittedIdentifiers"]
    assert [
        fnmatch.filter([name], pattern) for name, pattern in zip(used, allowed, strict=True)
    ] == [[name] for name in used]
