"""The scheduler, given to the compiler with BackgroundTasks as the SDK's own headers declare it.

None of the stand-ins is in it: the header is rebuilt from two registries' declarations, and
Swift's importer derives the names, labels, optionals and availability that it holds the calls to.
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
from tests.native.ios.swift import Swift
from tests.native.ios.trials import Mutation, write_app

pytestmark = pytest.mark.native

TARGET: Final = "arm64-apple-ios13.0"
SOURCES: Final = (
    *("Scheduler", "Requests", "Window", "Error", "Runs", "Bridge", "Ledger", "Clock"),
    *("Service", "State", "Value", "Message"),
)
"""What talks to BGTaskScheduler, and what that needs."""


@dataclass(frozen=True)
class Headers:
    """Modules made of headers, and what Swift adds to them.

    Attributes:
        sdk: Where the standard library is.
        folder: Where BackgroundTasks is, and the modules go.
    """

    swift: Swift
    sdk: Path
    folder: Path

    def compile(self, *arguments: Argument, made: Sequence[Path] = ()) -> str:
        """Compile against the headers; return what the compiler says."""
        return self.swift.compile(
            *("-target", TARGET, "-sdk", str(self.sdk), "-parse-as-library", "-D", "HEADERS"),
            *("-module-cache-path", str(self.sdk / "cache-headers"), "-I", self.folder),
            *("-I", STUBS / "headers", "-Xcc", "-nostdlibinc", "-whole-module-optimization"),
            *arguments,
            made=made,
        )

    def overlay(self, name: str, *flags: str) -> str:
        """Build what Swift adds to a module; return what the compiler says."""
        module = self.folder / f"{name}.swiftmodule"
        sources = (STUBS / f"{name}.swift", STUBS / f"{name}Headers.swift")
        return self.compile(
            *("-emit-module", "-module-name", name, *flags),
            *("-emit-module-path", module, *sources),
            made=[module],
        )

    def check(self, app: Path) -> str:
        """Type-check an app's scheduler; return what the compiler says."""
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
    found = Headers(swift, sdk_folder(swift, cache()), folder)
    said = found.overlay("Dispatch")
    text = background_tasks(types, crate_of["BackgroundTasks"])
    (folder / "BackgroundTasks.h").write_text(text, encoding="utf-8")
    modules = 'module BackgroundTasks [system] {\n  header "BackgroundTasks.h"\n  export *\n}\n'
    (folder / "module.modulemap").write_text(modules, encoding="utf-8")
    said += found.overlay("Foundation", "-import-underlying-module")
    assert said == ""
    return found


def test_the_scheduler_is_accepted_as_apple_declares_it(headers: Headers, app: Path) -> None:
    assert headers.check(app) == ""


def replacing(right: str, wrong: str) -> Mutation:
    return lambda text: text.replace(right, wrong)


WRONG: Final[list[tuple[str, Mutation, str]]] = [
    (
        "BgsvcScheduler.swift",
        replacing("forTaskWithIdentifier:", "forTaskWithIdentifer:"),
        "incorrect argument label",
    ),
    (
        "BgsvcWindow.swift",
        replacing("setTaskCompleted(success:", "setTaskComplete(success:"),
        "has no member 'setTaskComplete'",
    ),
    (
        "BgsvcRequests.swift",
        replacing("earliestBeginDate", "earliestStartDate"),
        "has no member 'earliestStartDate'",
    ),
    (
        "BgsvcRequests.swift",
        replacing("guard #available(iOS 26.0, *) else { return nil }", ""),
        "only available in iOS 26.0 or newer",
    ),
    (
        "BgsvcError.swift",
        replacing("(error as? BGTaskScheduler.Error)?.code", "(error as? BGTaskScheduler.Error)"),
        "has no member 'rawValue'",
    ),
]


@pytest.mark.parametrize(
    ("source", "mutation", "said"),
    WRONG,
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_call_that_apple_does_not_have_is_noticed(
    headers: Headers, tmp_path: Path, source: str, mutation: Mutation, said: str
) -> None:
    app = write_app(tmp_path, {source: mutation})

    assert said in headers.check(app)
