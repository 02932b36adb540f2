"""Android Lint, without Gradle: modules in, findings out, all in one process."""

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.native.android.maven import ClassPath
from tests.native.android.tools import Java

SILENT: Final = {
    "DataExtractionRules": "the app's, not ours: what a backup takes",
    "OldTargetApi": "the app's, not ours: what it targets",
    "TypographyDashes": "the author's: how a label is written",
    "UnusedResources": "a sample app without code uses little",
}
"""What is not asked for, and why."""


@dataclass(frozen=True)
class Module:
    """What Lint is told about one app, or about the library that several need."""

    name: str
    manifest: Path
    sources: Sequence[Path]
    resources: Sequence[Path] = ()
    needs: str | None = None
    is_library: bool = False

    def element(self, class_path: Iterable[Path]) -> ET.Element:
        module = ET.Element("module", name=self.name, android="true")
        module.set("library", str(self.is_library).lower())
        module.set("compile-sdk-version", "36")
        ET.SubElement(module, "manifest", file=str(self.manifest))
        for folder in self.resources:
            for file in sorted(folder.rglob("*.xml")):
                ET.SubElement(module, "resource", file=str(file))
        for source in self.sources:
            for file in sorted(source.rglob("*.*")) if source.is_dir() else [source]:
                ET.SubElement(module, "src", file=str(file))
        for jar in class_path:
            ET.SubElement(module, "classpath", jar=str(jar))
        if self.needs is not None:
            ET.SubElement(module, "dep", module=self.needs)
        return module


def lint(  # noqa: PLR0913, PLR0917 - what Lint has to be told
    java: Java,
    jars: ClassPath,
    sdk: Path,
    modules: Iterable[Module],
    class_path: Iterable[Path],
    folder: Path,
) -> Mapping[str, Sequence[str]]:
    """Return the findings by the folder below `folder` they are in, each `id: message`.

    Raises:
        RuntimeError: Lint itself failed.
    """
    project = ET.Element("project", incomplete="false")
    ET.SubElement(project, "root", dir=str(folder))
    ET.SubElement(project, "cache", dir=str(folder / "lint-cache"))
    folder.joinpath("lint-cache").mkdir()
    jar_list = list(class_path)
    project.extend(module.element(jar_list) for module in modules)
    ET.ElementTree(project).write(folder / "project.xml", encoding="utf-8")
    run = java.run(
        *(jars, "com.android.tools.lint.Main", "--project", folder / "project.xml"),
        *("--sdk-home", sdk, "--java-language-level", "17", "--kotlin-language-level", "2.1"),
        *("--offline", "--quiet", "--exitcode", "--fullpath", "--disable", ",".join(SILENT)),
        *("--xml", folder / "findings.xml"),
        options=["-Xmx3g"],
        env={**os.environ, "ANDROID_USER_HOME": str(folder / "lint-cache")},
    )
    if run.returncode not in {0, 1}:
        raise RuntimeError(run.stdout + run.stderr)
    found: dict[str, list[str]] = {}
    for issue in ET.parse(folder / "findings.xml").getroot().iter("issue"):  # noqa: S314 - Lint's
        location = issue.find("location")
        file = Path("" if location is None else location.get("file", ""))
        name = (file.relative_to(folder) if file.is_absolute() else file).parts[0]
        said = f"{issue.get('id')}: {issue.get('message')} ({file.name})"
        found.setdefault(name, []).append(said)
    # No finding is exit status 0: what is in the file is all there is.
    if bool(found) != bool(run.returncode):
        raise RuntimeError(run.stdout + run.stderr)
    return found
