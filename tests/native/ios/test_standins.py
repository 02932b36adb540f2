"""The stand-ins declare what Apple's SDK declares: the same names, classes and availability.

The symbol graph of the stand-ins is compared with two sets of declarations that programs of two
other authors made from the SDK's headers.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.native.ios.apple import (
    FRAMEWORKS,
    Class,
    Declarations,
)
from tests.native.ios.crates import Crate, join_selector, to_declarations
from tests.native.ios.ios_sdk import IosSdk
from tests.native.ios.scenarios import HERE

pytestmark = pytest.mark.native

EXTRACT: Final = "/usr/libexec/swift/bin/swift-symbolgraph-extract"

RENAMED: Final = {
    # Swift's names are in the SDK's API notes, which no registry has; these are from Apple's pages.
    "BGTaskScheduler.shared": "sharedScheduler",
    "BGTaskScheduler.submit(_:)": "submitTaskRequestError",
    "BGTaskScheduler.register(forTaskWithIdentifier:using:launchHandler:)": (
        "registerForTaskWithIdentifierUsingQueueLaunchHandler"
    ),
    "BGTaskRequest.copy(with:)": "copyWithZone",
    "UIApplication.shared": "sharedApplication",
    "UNNotificationSound.default": "defaultSound",
    "UNUserNotificationCenter.current()": "currentNotificationCenter",
    "UNUserNotificationCenter.add(_:withCompletionHandler:)": (
        "addNotificationRequestWithCompletionHandler"
    ),
}
UNKNOWN: Final = {
    # New in iOS 27, after the package was made; the declaration is from Apple's page.
    "BGTaskScheduler.submitTaskRequest(_:completionHandler:)",
}
WRAPPERS: Final = {"UIBackgroundTaskIdentifier", "BGTaskScheduler.Error"}
"""Types that exist only in Swift, around a number or an NSError."""

OPTIONS: Final = {
    "BGContinuedProcessingTaskRequest.Resources": "BGContinuedProcessingTaskRequestResources",
    "UNAuthorizationOptions": "UNAuthorizationOptions",
    "UNNotificationActionOptions": "UNNotificationActionOptions",
    "UNNotificationCategoryOptions": "UNNotificationCategoryOptions",
}


@dataclass(frozen=True)
class Symbol:
    """A declaration of a stand-in; `since` is empty where only its class has a version.

    Attributes:
        parent: The superclass of a class.
        is_settable: Whether it is a property that can be set.
    """

    path: str
    kind: str
    since: str
    parent: str
    is_settable: bool

    @property
    def owner(self) -> str:
        return self.path.rpartition(".")[0] if "(" not in self.path else self._split[0]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2] if "(" not in self.path else self._split[1]

    @property
    def _split(self) -> tuple[str, str]:
        head, _, labels = self.path.partition("(")
        owner, _, base = head.rpartition(".")
        return owner, f"{base}({labels}"


SOURCES: Final = ("types-ios", "objc2")


@pytest.fixture(scope="module", params=SOURCES)
def apple(request: pytest.FixtureRequest) -> Declarations:
    """The declarations of one of the two sources."""
    if request.param == "objc2":
        return to_declarations(request.getfixturevalue("crate_of"))
    types: Declarations = request.getfixturevalue("types")
    return types


@pytest.fixture(scope="module")
def standins(
    ios_sdks: Mapping[str, IosSdk], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[Symbol]]:
    """The public declarations of each stand-in, without those that the compiler adds."""
    sdk, folder = ios_sdks["26.0"], tmp_path_factory.mktemp("symbols")
    symbols: dict[str, list[Symbol]] = {}
    for framework in FRAMEWORKS:
        run = sdk.swift.run(
            *(EXTRACT, "-module-name", framework, "-target", sdk.target, "-sdk", sdk.folder),
            *("-I", sdk.modules, "-module-cache-path", sdk.folder / "cache"),
            *("-output-dir", folder, "-minimum-access-level", "public"),
        )
        assert run.returncode == 0, run.stderr
        graph = json.loads((folder / f"{framework}.symbols.json").read_text(encoding="utf-8"))
        parents = {
            row["source"]: row.get("targetFallback", row["target"])
            for row in graph["relationships"]
            if row["kind"] == "inheritsFrom"
        }
        symbols[framework] = list(_symbols(graph["symbols"], parents))
    return symbols


def _symbols(rows: list[dict[str, Any]], parents: Mapping[str, str]) -> Iterator[Symbol]:
    paths = {row["identifier"]["precise"]: ".".join(row["pathComponents"]) for row in rows}
    for row in rows:
        kind = row["kind"]["identifier"].removeprefix("swift.")
        path = ".".join(row["pathComponents"])
        added = "::SYNTHESIZED::" in row["identifier"]["precise"] or kind == "func.op"
        raw = re.search(r"\.(?:rawValue|init\(rawValue:\)|init\(\)|RawValue)$", path)
        if added or raw:
            continue
        since = next(
            (
                f"{each['introduced']['major']}.{each['introduced'].get('minor', 0)}"
                for each in row.get("availability", [])
                if each.get("domain") == "iOS" and "introduced" in each
            ),
            "",
        )
        parent = parents.get(row["identifier"]["precise"], "")
        text = "".join(piece["spelling"] for piece in row["declarationFragments"])
        is_settable = "property" in kind and "{ get }" not in text and not text.startswith("let ")
        parent = paths.get(parent, parent.rpartition(".")[2])
        yield Symbol(path, kind, since, parent, is_settable)


def list_possible_names(symbol: Symbol) -> set[str]:
    """Return the possible Objective-C names of a member: Swift drops `With`, and keeps labels."""
    base, _, rest = symbol.name.partition("(")
    labels = [label for label in rest.rstrip(")").split(":") if label and label != "_"]
    tail = "".join(label[0].upper() + label[1:] for label in labels)
    known = RENAMED.get(symbol.path)
    return {known} if known else {base + tail, f"{base}With{tail}"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_class_of_a_standin_has_apple_s_superclass_and_availability(
    standins: Mapping[str, list[Symbol]], apple: Declarations, framework: str
) -> None:
    classes = [symbol for symbol in standins[framework] if symbol.kind == "class"]

    assert classes
    for symbol in classes:
        known = apple.classes[symbol.path]
        assert symbol.parent == known.parent, symbol
        if known.since:
            assert symbol.since == known.since, symbol


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_member_of_a_standin_is_declared_by_apple(
    standins: Mapping[str, list[Symbol]], apple: Declarations, framework: str
) -> None:
    checked = 0
    for symbol in standins[framework]:
        known = apple.classes.get(symbol.owner)
        if known is None or symbol.path in UNKNOWN or symbol.kind in {"enum", "struct", "class"}:
            continue
        if symbol.kind == "init":
            labels = labels_of(symbol)
            assert labels in constructors(symbol.owner, apple) or is_made(symbol, apple), symbol
        elif symbol.name.endswith("Notification"):
            constant = symbol.owner + symbol.name[0].upper() + symbol.name[1:]
            assert constant in apple.constants, symbol
        else:
            check_member(symbol, apple)
        checked += 1
    assert checked > 5


def labels_of(symbol: Symbol) -> tuple[str, ...]:
    return tuple(symbol.name.partition("(")[2].rstrip(")").split(":")[:-1])


def is_made(symbol: Symbol, apple: Declarations) -> bool:
    """Check that a class method makes it: `actionWithIdentifierTitleOptions` is an `init`."""
    tail = "With" + "".join(label[0].upper() + label[1:] for label in labels_of(symbol))
    return any(name.endswith(tail) for name in apple.classes[symbol.owner].members)


def constructors(name: str, apple: Declarations) -> list[tuple[str, ...]]:
    known = apple.classes.get(name)
    return [] if known is None else [*known.constructors, *constructors(known.parent, apple)]


def check_member(symbol: Symbol, apple: Declarations) -> None:
    known: Class | None = apple.classes[symbol.owner]
    names = list_possible_names(symbol)
    while known is not None:
        matches = names & known.members.keys()
        if matches:
            since = known.members[matches.pop()]
            assert symbol.since in {"", since} or not apple.has_dates, symbol
            return
        known = apple.classes.get(known.parent)
    pytest.fail(f"Apple's SDK has no {symbol.path}: looked for {sorted(names)}")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_member_of_a_standin_is_static_and_settable_as_apple_s(
    standins: Mapping[str, list[Symbol]], crate_of: Mapping[str, Crate], framework: str
) -> None:
    classes = crate_of[framework].classes
    checked = 0
    for symbol in standins[framework]:
        known = classes.get(symbol.owner)
        if known is None or symbol.kind == "init":
            continue
        methods = {join_selector(selector): method for selector, method in known.methods.items()}
        for name in list_possible_names(symbol) & methods.keys():
            assert methods[name].is_static == symbol.kind.startswith("type."), symbol
            if symbol.kind.endswith("property"):
                setter = f"set{name[0].upper()}{name[1:]}"
                assert symbol.is_settable == (setter in methods), symbol
            checked += 1
    assert checked >= 5


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_both_sources_agree_on_used_declarations(
    standins: Mapping[str, list[Symbol]],
    types: Declarations,
    crate_of: Mapping[str, Crate],
    framework: str,
) -> None:
    others = to_declarations(crate_of)
    for symbol in standins[framework]:
        if symbol.kind == "class":
            assert others.classes[symbol.path].parent == types.classes[symbol.path].parent
        elif symbol.kind == "enum":
            name = symbol.path.replace(".", "")
            assert (name not in types.enums and name in WRAPPERS) or others.enums[
                name
            ] == types.enums[name]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_enumeration_of_a_standin_has_apple_s_cases(
    standins: Mapping[str, list[Symbol]], apple: Declarations, framework: str
) -> None:
    for symbol in standins[framework]:
        if symbol.kind != "enum.case" and symbol.owner not in OPTIONS:
            continue
        enum = OPTIONS.get(symbol.owner, symbol.owner.replace(".", ""))
        names = {case.casefold(): value for case, value in apple.enums[enum].items()}
        assert symbol.name.casefold() in names, symbol
        assert raw_value(framework, symbol) in {None, names[symbol.name.casefold()]}, symbol


def raw_value(framework: str, symbol: Symbol) -> int | None:
    """Return the raw value of a case in the stand-in's source; `None` where it has none."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in (HERE / "standins" / framework).glob("*.swift")
    )
    body = text.partition(f" {symbol.owner.rpartition('.')[2]}: ")[2]
    case = re.search(rf"\bcase {symbol.name} = (\d+)", body)
    option = re.search(rf"\bvar {symbol.name}: \w+ {{\s*\w+\(rawValue: (\d+)\)", body)
    value = case or option
    return int(value[1]) if value else None


def test_standins_declare_nothing_else(
    standins: Mapping[str, list[Symbol]], apple: Declarations
) -> None:
    undeclared = {
        symbol.path
        for symbols in standins.values()
        for symbol in symbols
        if symbol.path not in apple.classes
        and symbol.path not in apple.constants
        and symbol.owner not in apple.classes
        and symbol.kind not in {"enum", "enum.case"}
        and symbol.owner not in OPTIONS
        and symbol.path not in OPTIONS
    }

    assert undeclared <= {
        *WRAPPERS,
        "BGTaskScheduler.Error.code",
        "UNUserNotificationCenterDelegate",
        "UIBackgroundTaskIdentifier.invalid",
    }
