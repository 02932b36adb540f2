"""Markdown table of the platforms' guarantees, one row per mode."""

from typing import Final

from bgsvc_gen.facts.markdown import markdown_table
from bgsvc_gen.facts.promises import MODES, SCENARIOS, promises

_WORDS: Final = {"guaranteed": "yes", "bestEffort": "best effort", "unsupported": "no"}


def promise_table() -> str:
    """Return a Markdown table of what each mode guarantees on any device."""
    head = ("runs as", *SCENARIOS.values())
    return markdown_table(head, (_row(mode) for mode in MODES))


def _row(mode: str) -> tuple[str, ...]:
    by_scenario = promises(mode)
    levels = (_WORDS[by_scenario[name].level] if name in by_scenario else "" for name in SCENARIOS)
    return (f"`{mode}`", *levels)
