"""Runs Android Lint without Gradle, on several modules at once.

The findings of a module are kept until a byte of its input changes.
"""

import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.native.android.maven import ClassPath
from tests.native.android.tools import Java
from tests.native.products import Products, key_of, version_of

SILENT: Final = {
    "DataExtractionRules": "the app decides what a backup includes",
    "OldTargetApi": "the app decides what it targets",
    "TypographyDashes": "the author decides how a label is written",
    "UnusedResources": "a sample app without code does not use all resources",
}
"""The issues that are disabled, and why."""

FLAGS: Final = (
    *("--java-language-level", "17", "--kotlin-language-level", "2.1", "--offline", "--quiet"),
    *("--exitcode", "--fullpath", "--disable", ",".join(SILENT)),
)
SHARDS: Final = 2
"""Processes for one run: a process takes ten seconds to start, and then one for each module."""

Findings = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Module:
    """One app as Lint's project file describes it.

    Attributes:
        folder: The folder of all its files; its name identifies the findings.
        class_path: What its sources depend on.
    """

    folder: Path
    manifest: Path
    sources: tuple[Path, ...]
    class_path: ClassPath
    resources: tuple[Path, ...] = ()
    is_library: bool = False

    def element(self) -> ET.Element:
        module = ET.Element("module", name=self.folder.name, android="true")
        module.set("library", str(self.is_library).lower())
        module.set("compile-sdk-version", "36")
        ET.SubElement(module, "manifest", file=str(self.manifest))
        for folder in self.resources:
            for file in sorted(folder.rglob("*.xml")):
                ET.SubElement(module, "resource", file=str(file))
        for source in self.sources:
            for file in sorted(source.rglob("*.*")):
                ET.SubElement(module, "src", file=str(file))
        for jar in self.class_path:
            ET.SubElement(module, "classpath", jar=str(jar))
        return module


@dataclass(frozen=True)
class Lint:
    """Android Lint, and the SDK for its modules."""

    java: Java
    jars: ClassPath
    sdk: Path
    products: Products

    def findings(self, modules: Iterable[Module], folder: Path) -> Findings:
        """Return the findings by the name of the module's folder, each `id: message`.

        A finding outside all modules is about the call of Lint, and is under the name of its file
        or folder.

        Raises:
            RuntimeError: Lint itself failed.
        """
        keys = {module: self._key(module) for module in modules}
        kept = {module: self.products.find(key) for module, key in keys.items()}
        pending = [module for module, product in kept.items() if product is None]
        findings = {
            module.folder.name: _read(product)
            for module, product in kept.items()
            if product is not None
        }
        parts = [pending[start::SHARDS] for start in range(min(SHARDS, len(pending)))]
        folders = [folder / f"lint-{index}" for index, _ in enumerate(parts)]
        with ThreadPoolExecutor(max(1, len(parts))) as pool:
            for part, reported in zip(parts, pool.map(self._run, parts, folders), strict=True):
                findings.update(reported)
                if reported.keys() <= {module.folder.name for module in part}:
                    for module in part:
                        self._keep(keys[module], reported.get(module.folder.name, ()))
        return findings

    def _key(self, module: Module) -> str:
        flags = [*FLAGS, module.folder.name, str(module.is_library), self.sdk.name]
        files = [module.manifest, *module.sources, *module.resources, *module.class_path]
        return key_of(version_of("lint", self.jars), flags, files)

    def _keep(self, key: str, findings: Sequence[str]) -> None:
        def write(folder: Path) -> None:
            folder.joinpath("findings.json").write_text(json.dumps(findings), encoding="utf-8")

        self.products.take(key, write)

    def _run(self, modules: Sequence[Module], folder: Path) -> Findings:
        cache = folder / "cache"
        cache.mkdir(parents=True)
        root = modules[0].folder.parent
        project = ET.Element("project", incomplete="false")
        ET.SubElement(project, "root", dir=str(root))
        ET.SubElement(project, "cache", dir=str(cache))
        project.extend(module.element() for module in modules)
        ET.ElementTree(project).write(folder / "project.xml", encoding="utf-8")
        run = self.java.run(
            *(self.jars, "com.android.tools.lint.Main", "--project", folder / "project.xml"),
            *("--sdk-home", self.sdk, *FLAGS, "--xml", folder / "findings.xml"),
            options=["-Xmx2g"],
            env={**os.environ, "ANDROID_USER_HOME": str(cache)},
        )
        if run.returncode not in {0, 1}:
            raise RuntimeError(run.stdout + run.stderr)
        findings = _parse_report(folder / "findings.xml", root)
        # Exit status 0 is no finding: a report that disagrees is incomplete.
        if bool(findings) != bool(run.returncode):
            raise RuntimeError(run.stdout + run.stderr)
        return findings


def _parse_report(report: Path, root: Path) -> Findings:
    findings: dict[str, list[str]] = {}
    for issue in ET.parse(report).getroot().iter("issue"):  # noqa: S314 - Lint's
        location = issue.find("location")
        file = Path("" if location is None else location.get("file", ""))
        name = (file.relative_to(root) if file.is_absolute() else file).parts[0]
        finding = f"{issue.get('id')}: {issue.get('message')} ({file.name})"
        findings.setdefault(name, []).append(finding)
    return findings


def _read(product: Path) -> Sequence[str]:
    text = product.joinpath("findings.json").read_text(encoding="utf-8")
    findings: Sequence[str] = json.loads(text)
    return findings
