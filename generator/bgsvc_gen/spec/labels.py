"""Reading a text that users see: one string, or one for each language."""

from typing import Final

from bgsvc_gen.spec import values
from bgsvc_gen.spec.model import Label
from bgsvc_gen.spec.table import Place, Table

SPELLED: Final = "a string, or a table of language = text"
TEXT_HINT: Final = "write one line of text, without control characters"


def read_label(table: Table, key: str, default: str) -> Label:
    """Return the text under `key`, with `default` for what is wrong or absent."""
    if not isinstance(table.content.get(key), dict):
        text: str | None = table.take(key, str, SPELLED)
        if text is not None and not values.is_text(text):
            message = f"{table.name(key)} is blank or holds a control character"
            table.wrong(key, "BG106", message, TEXT_HINT)
        return Label(default if text is None else text)
    languages = table.table(key)
    texts = {} if languages is None else _translations(languages, key)
    if not texts:
        return Label(default)
    return Label(texts.get("en", next(iter(texts.values()))), texts)


def _translations(table: Table, key: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    if not table.content:
        place = Place(table.path)
        table.report(place, "BG106", f"the {key} has no text", 'write { en = "…" }')
    for language in table.content:
        text = table.string(language)
        if not values.is_language(language):
            message = f'"{language}" is no language tag'
            hint = 'write one such as "en", "de" or "pt-BR"'
            table.report(Place((*table.path, language), at_key=True), "BG101", message, hint)
        elif text is not None and not values.is_text(text):
            message = f"the {language} {key} is blank or holds a control character"
            table.wrong(language, "BG106", message, TEXT_HINT)
        elif text is not None:
            texts[language] = text
    return texts
