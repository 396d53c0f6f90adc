"""The catalogues: one gettext file a language, read when the language is first asked for."""

from __future__ import annotations

from functools import lru_cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from messages.message import Message, Text, fill

SOURCE: Final = "en"
"""The language of the ids; it needs no catalogue."""
LOCALES: Final = Path(__file__).parent / "locales"
FILE: Final = Path("LC_MESSAGES", "gateway.po")
_folders: list[Path] = [LOCALES]


def use(*folders: Path) -> None:
    """Further folders of catalogues, each `LANGUAGE/LC_MESSAGES/gateway.po`; of two for one language the last counts.

    For the process, once at its start: what is translated where must not depend on who asks.
    """
    _folders[1:] = folders
    languages.cache_clear()
    catalogue.cache_clear()
    _translations.cache_clear()


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The tags of all languages, English first."""
    found = {path.parent.parent.name for folder in _folders for path in folder.glob(f"*/{FILE}")}
    return (SOURCE, *sorted(found - {SOURCE}))


@lru_cache(maxsize=1)
def shipped() -> tuple[str, ...]:
    """The tags of the languages that the product comes with: the API's enums name these."""
    return (SOURCE, *sorted(path.parent.parent.name for path in LOCALES.glob(f"*/{FILE}")))


@lru_cache(maxsize=64)
def catalogue(language: str) -> GNUTranslations:
    """The translations of a language, without those marked as fuzzy; LookupError for one that there is no file for."""
    made = BytesIO()
    write_mo(made, read(file_of(language)))
    made.seek(0)
    return GNUTranslations(made)


def file_of(language: str) -> Path:
    """The file of a language; LookupError for one that there is none for."""
    for folder in reversed(_folders):
        if language in languages() and (path := folder / language / FILE).is_file():
            return path
    raise LookupError(f"there is no catalogue for {language}")


def read(path: Path) -> Catalog:
    """A catalogue as it is written; PoFileError where the file is none."""
    tag = path.parent.parent.name
    with path.open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_") if known(tag) else None, abort_invalid=True)


def known(language: str) -> bool:
    """Whether CLDR knows a language by this tag: its plural forms, dates and names."""
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def translate(text: Text, language: str, *, context: str | None = None) -> str:
    """The message in a language, with everything put in; English where its catalogue has no translation."""
    message = text if isinstance(text, Message) else Message(text, None, context)
    return fill(unfilled(message, language), message.shown(lambda inner: translate(inner, language)))


def unfilled(message: Message, language: str) -> str:
    """The same with its `{name}`s as they stand."""
    if language == SOURCE or language not in languages() or not message.id:
        return message.id if message.plural is None or message.count == 1 else message.plural
    return _form(catalogue(language), message)


def translated(text: str, language: str) -> str | None:
    """The text in a language; None where its catalogue has no translation."""
    if language == SOURCE or language not in languages():
        return None
    return catalogue(language).gettext(text) if text in _translations(language) else None


@lru_cache(maxsize=64)
def _translations(language: str) -> frozenset[str]:
    return frozenset(str(each.id) for each in read(file_of(language)) if each.string and not each.fuzzy)


def _form(found: GNUTranslations, message: Message) -> str:
    if message.plural is None:
        return found.pgettext(message.context, message.id) if message.context else found.gettext(message.id)
    if message.context:
        return found.npgettext(message.context, message.id, message.plural, message.count)
    return found.ngettext(message.id, message.plural, message.count)
