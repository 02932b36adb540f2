"""The life cycle of a service on Android, compared with `docs/android-states.md` cell by cell.

The transitions are pure Kotlin, so they run on a JVM without Android's framework.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from bgsvc_gen.resources import templates_root
from tests.native.android.maven import ClassPath
from tests.native.android.sentences import sentences_in
from tests.native.android.test_executed import KOTLIN, Outcome
from tests.native.android.tools import Java, KotlinCompiler

pytestmark = pytest.mark.native

TEST: Final = Path(__file__).parent / "lifecycle/RunTransitionTest.kt"
STATES: Final = Path(__file__).parents[3] / "docs/android-states.md"
SUPPORT: Final = templates_root() / "android/support"
SOURCES: Final = ("BgsvcEnums.kt", "RunState.kt", "RunTransition.kt")


@pytest.fixture(scope="module")
def outcome(
    java: Java,
    kotlin: KotlinCompiler,
    jars: Mapping[str, ClassPath],
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """Compile the test together with the sources, whose transitions are internal, and run it."""
    classes, folder = tmp_path_factory.mktemp("classes"), tmp_path_factory.mktemp("lifecycle")
    libraries = [jar for jar in jars["robolectric"] if jar.suffix == ".jar"]
    sources = [*(SUPPORT / name for name in SOURCES), TEST, KOTLIN / "TestReporter.kt"]
    assert kotlin.compile_once(sources, libraries, classes) == ""
    run = java.run(
        (classes, *libraries),
        *("dev.bgsvc.tests.TestReporter", folder, "dev.bgsvc.RunTransitionTest"),
        options=[f"-Dbgsvc.test.states={STATES}"],
    )
    return Outcome(folder, run.stdout + run.stderr)


@pytest.mark.parametrize("sentence", sentences_in(TEST.read_text(encoding="utf-8")))
def test_life_cycle(sentence: str, outcome: Outcome) -> None:
    assert outcome.of(sentence) == ""
