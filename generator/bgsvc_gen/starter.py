"""Creating an app from the starter template, without overwriting a file."""

import json
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from bgsvc_gen.errors import UsageError
from bgsvc_gen.resources import templates_root
from bgsvc_gen.spec import values

DEFAULT_NAME: Final = "Heartbeat"
LABEL_SUFFIX: Final = " is running"
COMPILED: Final = "__pycache__"


@dataclass(frozen=True, slots=True)
class Answers:
    """The variables of the starter template.

    Attributes:
        name: Name of the app, as users see it.
        id: Its reverse-DNS identifier.
    """

    name: str
    id: str

    @property
    def package(self) -> str:
        """The app's Python package: the name, as an identifier."""
        return package_name(self.name)


_TAKEN: Final = frozenset(
    {
        *sys.stdlib_module_names,  # `python -m` looks in the app's folder first
        *("bgsvc", "bgsvc_gen", "click", "cookiecutter", "jinja2", "native", "pytest", "tests"),
        *("tomli", "tomlkit"),
    }
)


def package_name(name: str) -> str:
    """Return `name` as a Python package name that hides no other package."""
    plain = unicodedata.normalize("NFKD", name.casefold())  # separates accents from letters
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    word = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    usable = values.is_entry(f"{word}:Class") and word not in _TAKEN
    return word if usable else f"app_{word}".strip("_")


def default_id(name: str) -> str:
    """Return an identifier for an app called `name`, below `org.example`."""
    word = package_name(name).replace("_", "")
    app_id = f"org.example.{word}"
    return f"{app_id}app" if values.unfit_segment(app_id) else app_id


def check_answers(answers: Answers) -> None:
    """Refuse answers that a spec cannot contain.

    Raises:
        UsageError: The name or the identifier cannot be used.
    """
    # The label appends " is running".
    if fault := values.text_fault(answers.name, values.MAX_DISPLAY_NAME_LENGTH - len(LABEL_SUFFIX)):
        raise UsageError(f"the name {fault}", "choose one short line of text")
    unfit = not values.is_app_id(answers.id) or values.unfit_segment(answers.id)
    if unfit or "_" in answers.id:
        hint = (
            "write a reverse-DNS name of letters and digits, such as com.example.notes; "
            f"at most {values.MAX_APP_ID_LENGTH} characters"
        )
        raise UsageError(f'"{answers.id}" cannot be an app id on every platform', hint)


def start_app(folder: Path, answers: Answers) -> list[Path]:
    """Create an app in `folder` and return its files, relative to it.

    The app is rendered elsewhere first, so that `folder` gets all of it or nothing.

    Raises:
        UsageError: A file would be overwritten, or `folder` cannot be written.
    """
    check_answers(answers)
    try:
        folder = folder.absolute()
        exists = folder.is_dir()
        # A rename needs one file system, and an existing folder may be a mount point.
        place = folder if exists else folder.parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".bgsvc-init-", dir=place) as workshop:
            rendered = _render(Path(workshop), answers)
            names = sorted(p.relative_to(rendered) for p in rendered.rglob("*") if p.is_file())
            _refuse_overwriting(folder, names)
            if exists:
                _fill(folder, rendered, names)
            else:
                rendered.rename(folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "name a writable folder"
        raise UsageError(f"cannot create an app in {folder}: {reason}", hint) from None
    return names


def _refuse_overwriting(folder: Path, names: list[Path]) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name another folder")
    taken = [name for name in names if os.path.lexists(folder / name)]
    if taken:
        listed = "\n".join(f"  {folder / name}" for name in taken)
        raise UsageError(
            f"these files exist; nothing was written:\n{listed}", "name an empty folder"
        )


def _fill(folder: Path, rendered: Path, names: list[Path]) -> None:
    """Copy the app into an existing folder; remove the copied files if that fails."""
    made: list[Path] = []
    try:
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:  # fails if the file has appeared meanwhile
                made.append(target)
                file.write((rendered / name).read_bytes())
    except BaseException:
        for target in made:
            target.unlink(missing_ok=True)
        raise


def _render(workshop: Path, answers: Answers) -> Path:
    # A JSON string is also a valid TOML and Python string. Cookiecutter renders the values of keys
    # without a leading underscore, and copies the others.
    context = {
        "id": answers.id,
        "package": answers.package,
        "folder": "app",
        "_name": answers.name,
        "_quoted_name": json.dumps(answers.name, ensure_ascii=False),
        "_quoted_label": json.dumps(f"{answers.name}{LABEL_SUFFIX}", ensure_ascii=False),
    }
    # pip also compiles the templates that it installs; skip the result.
    template = workshop / "template"
    shutil.copytree(templates_root() / "init", template, ignore=shutil.ignore_patterns(COMPILED))
    with _private_settings(workshop) as settings:
        # Imported here because it is heavy, and no other command needs it.
        made = import_module("cookiecutter.main").cookiecutter(
            str(template),
            no_input=True,
            extra_context=context,
            output_dir=str(workshop),
            config_file=str(settings),
        )
    return Path(made)


@contextmanager
def _private_settings(workshop: Path) -> Generator[Path, None, None]:
    """Keep cookiecutter's replay and template folders out of the user's home."""
    private = workshop / "cookiecutter"
    settings = workshop / "cookiecutter.yaml"
    folders = {"cookiecutters_dir": str(private), "replay_dir": str(private)}
    settings.write_text(json.dumps(folders), encoding="utf-8")  # JSON is YAML
    try:
        yield settings
    finally:
        shutil.rmtree(private, ignore_errors=True)
