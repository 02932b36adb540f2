"""`init` creates an app with a valid spec, or refuses with a hint."""

import ast
from pathlib import Path

import pytest
import tomli
from click.testing import CliRunner

from bgsvc_gen.cli import main
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.starter import default_id, package_name


def init(folder: Path, *options: str) -> int:
    return CliRunner().invoke(main, ["init", str(folder), "--no-input", *options]).exit_code


NAMES = ["Heartbeat", "Café 🐍", 'My "best" app\'s \\ $x {{ y }} {% z %}', "class", "2 fast", "été"]


@pytest.mark.parametrize("name", NAMES)
def test_app_of_any_name_has_a_valid_spec(tmp_path: Path, name: str) -> None:
    assert init(tmp_path / "app", "--name", name) == 0

    spec = load_spec(tmp_path / "app/bgsvc.toml")
    package = spec.services[0].entry.partition(".")[0]
    source = (tmp_path / "app" / package / "heartbeat.py").read_text(encoding="utf-8")
    constants = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Assign)]
    assert spec.app.name == name
    assert ast.literal_eval(constants[0].value) == name
    assert tomli.loads((tmp_path / "app/pyproject.toml").read_text(encoding="utf-8"))


def test_package_is_named_after_the_app() -> None:
    assert package_name("Price Watch") == "price_watch"
    assert default_id("Price Watch") == "org.example.pricewatch"


@pytest.mark.parametrize("name", ["json", "new", "default", "fun", "été", "2 fast", "Notes"])
def test_default_id_is_accepted_by_init(tmp_path: Path, name: str) -> None:
    assert init(tmp_path / name.replace(" ", "-")) == 0
    assert init(tmp_path / "app", "--name", name) == 0


@pytest.mark.parametrize("name", ["bgsvc", "tests", "class", "2 fast", "🐍", "json", "email"])
def test_package_does_not_hide_another(name: str) -> None:
    assert package_name(name).startswith("app")


def test_app_is_created_beside_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    assert init(tmp_path, "--name", "Notes") == 0
    assert (tmp_path / "bgsvc.toml").is_file()
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.parent.iterdir() if "bgsvc-init" in path.name] == []


def test_second_init_changes_nothing(tmp_path: Path) -> None:
    init(tmp_path / "app")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "app").rglob("*")}

    assert init(tmp_path / "app") == 2
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "app").rglob("*")} == before


def test_init_writes_nothing_to_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))

    assert init(tmp_path / "app") == 0
    assert list(home.iterdir()) == []
