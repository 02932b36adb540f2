"""Compile the scheduler against BackgroundTasks as the headers of the SDK declare it.

No stand-in takes part: the header is rebuilt from two registries' declarations, and Swift's
importer derives the names, labels, optionals and availability that the calls have to match.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.native.cache import cache
from tests.native.ios.apple import Declarations
from tests.native.ios.compilation import Argument
from tests.native.ios.crates import Crate
from tests.native.ios.headers import background_tasks
from tests.native.ios.ios_sdk import STUBS, sdk_folder
from tests.native.ios.scenarios import Mutation, write_app
from tests.native.ios.swift import Swift

pytestmark = pytest.mark.native

TARGET: Final = "arm64-apple-ios13.0"
SOURCES: Final = (
    *("Scheduler", "Requests", "Window", "Error", "Runs", "Bridge", "WindowHistory"),
    *("Clock", "Locked"),
    *("Service", "State", "Value", "Message"),
)
"""The sources that call BGTaskScheduler, and what these need."""


@dataclass(frozen=True)
class Headers:
    """Modules made of headers, and their Swift overlays.

    Attributes:
        sdk: The folder of the standard library.
        folder: The folder of BackgroundTasks and of the built modules.
    """

    swift: Swift
    sdk: Path
    folder: Path

    def compile(self, *arguments: Argument, made: Sequence[Path] = ()) -> str:
        """Compile against the headers, and return the diagnostics."""
        return self.swift.compile(
            *("-target", TARGET, "-sdk", str(self.sdk), "-parse-as-library", "-D", "HEADERS"),
            *("-module-cache-path", str(self.sdk / "cache-headers"), "-I", self.folder),
            *("-I", STUBS / "headers", "-Xcc", "-nostdlibinc", "-whole-module-optimization"),
            *arguments,
            made=made,
        )

    def build_overlay(self, name: str, *flags: str) -> str:
        """Build the Swift overlay of a module, and return the diagnostics."""
        module = self.folder / f"{name}.swiftmodule"
        sources = (STUBS / f"{name}.swift", STUBS / f"{name}Headers.swift")
        return self.compile(
            *("-emit-module", "-module-name", name, *flags),
            *("-emit-module-path", module, *sources),
            made=[module],
        )

    def check(self, app: Path) -> str:
        """Type-check an app's scheduler, and return the diagnostics."""
        sources = (app / "Bgsvc" / f"Bgsvc{name}.swift" for name in SOURCES)
        return self.compile("-typecheck", "-module-name", "BgsvcServices", *sources)


@pytest.fixture(scope="module")
def headers(
    swift: Swift,
    types: Declarations,
    crate_of: dict[str, Crate],
    tmp_path_factory: pytest.TempPathFactory,
) -> Headers:
    folder = tmp_path_factory.mktemp("headers")
    built = Headers(swift, sdk_folder(swift, cache()), folder)
    diagnostics = built.build_overlay("Dispatch")
    text = background_tasks(types, crate_of["BackgroundTasks"])
    (folder / "BackgroundTasks.h").write_text(text, encoding="utf-8")
    modules = 'module BackgroundTasks [system] {\n  header "BackgroundTasks.h"\n  export *\n}\n'
    (folder / "module.modulemap").write_text(modules, encoding="utf-8")
    diagnostics += built.build_overlay("Foundation", "-import-underlying-module")
    assert diagnostics == ""
    return built


def test_scheduler_compiles_against_apple_s_declarations(headers: Headers, app: Path) -> None:
    assert headers.check(app) == ""


def make_replacement(right: str, wrong: str) -> Mutation:
    return lambda text: text.replace(right, wrong)


WRONG: Final[list[tuple[str, Mutation, str]]] = [
    (
        "BgsvcScheduler.swift",
        make_replacement("forTaskWithIdentifier:", "forTaskWithIdentifer:"),
        "incorrect argument label",
    ),
    (
        "BgsvcWindow.swift",
        make_replacement("setTaskCompleted(success:", "setTaskComplete(success:"),
        "has no member 'setTaskComplete'",
    ),
    (
        "BgsvcRequests.swift",
        make_replacement("earliestBeginDate", "earliestStartDate"),
        "has no member 'earliestStartDate'",
    ),
    (
        "BgsvcRequests.swift",
        make_replacement("guard #available(iOS 26.0, *) else { return nil }", ""),
        "only available in iOS 26.0 or newer",
    ),
    (
        "BgsvcError.swift",
        make_replacement(
            "(error as? BGTaskScheduler.Error)?.code", "(error as? BGTaskScheduler.Error)"
        ),
        "has no member 'rawValue'",
    ),
]


@pytest.mark.parametrize(
    ("source", "mutation", "diagnostic"),
    WRONG,
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_call_that_apple_does_not_declare_does_not_compile(
    headers: Headers, tmp_path: Path, source: str, mutation: Mutation, diagnostic: str
) -> None:
    app = write_app(tmp_path, {source: mutation})

    assert diagnostic in headers.check(app)
