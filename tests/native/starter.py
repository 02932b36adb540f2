"""The app that `bgsvc-gen init` starts, as the tests of the desktop systems install it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main

LABEL = "com.example.notes.heartbeat"


def start_app(folder: Path, system: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start an app in `folder`, let its service start with the machine; return the app's folder."""
    app = folder / "notes"
    monkeypatch.chdir(folder)
    run("init", "notes", "--no-input", "--id", "com.example.notes")
    spec = app / "bgsvc.toml"
    text = spec.read_text(encoding="utf-8")
    for before, after in (
        ('\nscope = "user"', '\nscope = "system"'),
        ("\nstop_timeout =", "\nstart_on_boot = true\nstop_timeout ="),
        ('["dataSync"]', '["remoteMessaging"]'),  # Android starts no dataSync at boot
    ):
        assert before in text
        text = text.replace(before, after)
    spec.write_text(text, encoding="utf-8")
    monkeypatch.chdir(app)
    run("desktop", "--os", system)
    return app


def run(*words: str) -> None:
    """Run `bgsvc-gen`."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
