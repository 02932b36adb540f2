"""Commands import only the modules that they need."""

import subprocess
import sys
from pathlib import Path

import click

from bgsvc_gen.cli import main

HEAVY = ("jinja2", "cookiecutter", "tomlkit", "requests", "rich")


def modules_after(code: str, cwd: Path) -> set[str]:
    ending = "\nimport sys; print('MODULES', *sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stdout.partition("MODULES")[2].split())


def test_help_imports_no_heavy_module(tmp_path: Path) -> None:
    helps = [[name, "--help"] for name in main.list_commands(click.Context(main))]
    calls = [["--help"], ["--version"], *helps]
    code = (
        "from bgsvc_gen.cli import main\n"
        f"for words in {calls!r}: main(words, standalone_mode=False)"
    )

    assert len(helps) > 10
    assert modules_after(code, tmp_path).isdisjoint(HEAVY)


def test_only_init_imports_cookiecutter(tmp_path: Path) -> None:
    spec = '[app]\nid = "a.b"\n[services.s]\nentry = "a:B"\n'
    (tmp_path / "bgsvc.toml").write_text(spec, encoding="utf-8")
    code = "from bgsvc_gen.cli import main; main(['all'], standalone_mode=False)"

    assert "cookiecutter" not in modules_after(code, tmp_path)


def test_generator_and_runtime_never_import_each_other(tmp_path: Path) -> None:
    assert "bgsvc" not in modules_after(
        "import bgsvc_gen.cli.generate, bgsvc_gen.cli.init", tmp_path
    )
    assert "bgsvc_gen" not in modules_after("import bgsvc, bgsvc.__main__", tmp_path)
