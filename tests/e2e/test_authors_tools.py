"""What app authors run over their projects leaves the generated files alone."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main

SETUPTOOLS = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "notes"
version = "0.1.0"
"""
DISCOVER = """\
import setuptools
from setuptools.discovery import ConfigDiscovery

found = setuptools.Distribution({"name": "notes"})
found.parse_config_files()
found.set_defaults(name=False)
print(*found.packages)
"""


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "_cache" not in str(path) and "__pycache__" not in path.parts
    }


def generate(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments) or ["all"])
    assert result.exit_code == 0, result.output
    return result.stderr


def call(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    generate("init", "notes", "--no-input", "--id", "com.example.notes")
    folder = tmp_path / "notes"
    monkeypatch.chdir(folder)
    generate("android", "--type", "dataSync")
    generate()
    return folder


@pytest.fixture
def flat_project(app: Path) -> Path:
    """A project for setuptools that has no settings of its own."""
    shutil.rmtree(app / "tests")
    app.joinpath("pyproject.toml").write_text(SETUPTOOLS, encoding="utf-8")
    return app


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "."),
        ("ruff", "check", "."),
        ("black", "."),
        ("mypy", "."),
        ("mypy", "--strict", "."),
    ],
    ids=" ".join,
)
def test_tool_over_the_whole_project_changes_and_reports_no_generated_file(
    app: Path, command: tuple[str, ...]
) -> None:
    before = digests(app / "native")

    done = call(app, "-m", *command)

    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(app / "native") == before
    generate("check")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [("ruff", "format"), ("ruff", "check"), ("black",), ("mypy",)],
    ids=" ".join,
)
def test_tool_that_is_given_the_names_of_generated_files_leaves_them_alone(
    app: Path, command: tuple[str, ...]
) -> None:
    names = [path.as_posix() for path in app.joinpath("native").rglob("*.py")]
    before = digests(app / "native")

    done = call(app, "-m", *command, *names)

    assert names != []
    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(app / "native") == before


def test_setuptools_without_settings_is_reported_with_those_it_needs(flat_project: Path) -> None:
    assert "Multiple top-level packages" in call(flat_project, "-c", DISCOVER).stderr

    warning = generate()

    assert "BG701" in warning
    assert 'add [tool.setuptools.packages.find] with include = ["notes*"]' in warning
    settings = f'{SETUPTOOLS}\n[tool.setuptools.packages.find]\ninclude = ["notes*"]\n'
    flat_project.joinpath("pyproject.toml").write_text(settings, encoding="utf-8")
    done = call(flat_project, "-c", DISCOVER)
    assert done.stdout.split() == ["notes"], done.stderr
    assert "BG701" not in generate()


def test_setuptools_with_an_output_folder_that_is_no_identifier_needs_no_settings(
    flat_project: Path,
) -> None:
    shutil.move(flat_project / "native/bgsvc", flat_project / "native-services")
    flat_project.joinpath("native").rmdir()

    assert "BG701" not in generate("all", "--out", "native-services")
    assert call(flat_project, "-c", DISCOVER).stdout.split() == ["notes"]
