"""Reading a user-visible text: one string, or one per language."""

from typing import Final

from bgsvc_gen.spec import values
from bgsvc_gen.spec.model import Label
from bgsvc_gen.spec.table import Place, Table

SPELLED: Final = 'a string, or a table such as { en = "Sync" }'
TEXT_HINT: Final = "write one short line of text, without control characters"


def read_label(table: Table, key: str, default: str) -> Label:
    """Return the text under `key`, or `default` if it is wrong or absent."""
    if not isinstance(table.content.get(key), dict):
        text: str | None = table.take(key, str, SPELLED)
        fault = None if text is None else values.text_fault(text, values.MAX_DISPLAY_NAME_LENGTH)
        if fault is not None:
            table.report_value(key, "BG106", f"{table.name(key)} {fault}", TEXT_HINT)
        return Label(default if text is None else text)
    languages = table.table(key)
    texts = {} if languages is None else _read_translations(languages)
    if not texts:
        return Label(default)
    return Label(texts.get("en", next(iter(texts.values()))), texts)


def _read_translations(table: Table) -> dict[str, str]:
    texts: dict[str, str] = {}
    if not table.content:
        place = Place(table.path)
        header = ".".join(map(str, table.path))
        table.report(
            place, "BG106", f"[{header}] has no text", 'write a text, such as { en = "Sync" }'
        )
    for language in table.content:
        text = table.string(language)
        if not values.is_language(language):
            message = f'"{language}" is not a language tag, such as "en" or "pt-BR"'
            hint = "write the language code, and a region where it matters"
            table.report(Place((*table.path, language), at_key=True), "BG101", message, hint)
        elif text is not None:
            if fault := values.text_fault(text, values.MAX_DISPLAY_NAME_LENGTH):
                table.report_value(language, "BG106", f"{table.name(language)} {fault}", TEXT_HINT)
            texts[language] = text
    return texts
