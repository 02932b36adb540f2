"""The Android tools from the Maven registry, at the versions of `toolchain/`, kept in a cache."""

import hashlib
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.native.cache import cache

POMS: Final = Path(__file__).with_name("toolchain")
MAVEN_VERSION: Final = "3.9.11"

ClassPath = tuple[Path, ...]


def class_paths(jdk: Path) -> Mapping[str, ClassPath]:
    """Return each tool's jars, by the name of its folder in `toolchain/`.

    Maven runs once for each state of the POMs; after that nothing needs the network.
    """
    poms = sorted(POMS.rglob("pom.xml"))
    digest = hashlib.sha256(b"\0".join(pom.read_bytes() for pom in poms)).hexdigest()
    answers = cache() / "android" / digest[:16]
    tools = [pom.parent.name for pom in poms if pom.parent != POMS]
    if not all(_is_complete(answers / tool) for tool in tools):
        _resolve(jdk, answers)
    return {tool: _read(answers / tool) for tool in tools}


def unpacked(jar: Path, member: str) -> Path:
    """Return the folder that holds `jar`'s members whose names begin with `member`."""
    target = cache() / "android/unpacked" / jar.stem
    if not target.is_dir():
        unfinished = target.with_name(f"{jar.stem}.{os.getpid()}")
        with zipfile.ZipFile(jar) as archive:
            names = [name for name in archive.namelist() if name.startswith(member)]
            archive.extractall(unfinished, names)
        try:
            unfinished.rename(target)
        except OSError:
            # Another process was first.
            if not target.is_dir():
                raise
            shutil.rmtree(unfinished)
    return target


def _read(answer: Path) -> ClassPath:
    return tuple(map(Path, answer.read_text(encoding="utf-8").strip().split(os.pathsep)))


def _is_complete(answer: Path) -> bool:
    return answer.is_file() and all(jar.is_file() for jar in _read(answer))


def _resolve(jdk: Path, answers: Path) -> None:
    command = [
        *(_maven(), "--quiet", "--batch-mode", "--no-transfer-progress"),
        f"--file={POMS}",
        f"-Dmaven.repo.local={cache() / 'm2'}",
        f"-Dbgsvc.classpaths={answers}",
        "dependency:build-classpath",
    ]
    subprocess.run(command, check=True, env={**os.environ, "JAVA_HOME": str(jdk)})


def _maven() -> str:
    """Return the machine's Maven; without one, fetch it with a resolver in pure Python."""
    if installed := shutil.which("mvn"):
        return installed
    home = cache() / f"apache-maven-{MAVEN_VERSION}"
    program = home / "bin/mvn"
    if not program.is_file():
        # Imported here: it is slow to import, and only machines without Maven need it.
        from jgo.maven import MavenContext  # noqa: PLC0415

        context = MavenContext(repo_cache=cache() / "m2")
        project = context.project("org.apache.maven", "apache-maven").at_version(MAVEN_VERSION)
        archive = project.artifact(classifier="bin", packaging="zip").resolve()
        with zipfile.ZipFile(archive) as content:
            content.extractall(cache())
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)
