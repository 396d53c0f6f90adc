"""Messages are translated where they are shown, with what is put in, plural forms and dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messages import catalogue, dates
from messages.catalogue import languages, translate, use
from messages.message import Message
from messages.negotiation import chosen, first_of, preferred, spoken, written

POLISH = """
msgid ""
msgstr ""
"Language: pl\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "{count} file of {name}"
msgid_plural "{count} files of {name}"
msgstr[0] "{name}: {count} plik"
msgstr[1] "{name}: {count} pliki"
msgstr[2] "{name}: {count} plików"

msgctxt "an invoice"
msgid "open"
msgstr "otwarta"

msgid "open"
msgstr "otwarty"

#, fuzzy
msgid "Guess"
msgstr "Zgadnij"

msgid "Empty"
msgstr ""
"""


@pytest.fixture
def polish(tmp_path: Path) -> Iterator[None]:
    path = tmp_path / "pl" / "LC_MESSAGES" / "gateway.po"
    path.parent.mkdir(parents=True)
    path.write_text(POLISH, encoding="utf-8")
    use(tmp_path)
    yield
    use()


def files(count: int) -> Message:
    return Message("{count} file of {name}", plural="{count} files of {name}", count=count, name="Zoë")


@pytest.mark.usefixtures("polish")
def test_a_further_language_is_one_file() -> None:
    assert languages() == ("en", "fr", "pl")
    assert preferred("pl-PL, en;q=0.5") == "pl"
    forms = [translate(files(count), "pl") for count in (1, 3, 5, 22)]
    assert forms == ["Zoë: 1 plik", "Zoë: 3 pliki", "Zoë: 5 plików", "Zoë: 22 pliki"]


@pytest.mark.usefixtures("polish")
def test_a_context_tells_apart_what_english_writes_alike() -> None:
    assert translate(Message("open", context="an invoice"), "pl") == "otwarta"
    assert translate("open", "pl") == "otwarty"


@pytest.mark.usefixtures("polish")
@pytest.mark.parametrize("text", ["Guess", "Empty", "Nobody wrote this.", ""])
def test_what_is_not_translated_is_shown_in_english(text: str) -> None:
    assert translate(text, "pl") == translate(text, "en") == translate(text, "xx") == text


def test_english_has_plural_forms_without_a_catalogue() -> None:
    assert [str(files(count)) for count in (0, 1, 2)] == ["0 files of Zoë", "1 file of Zoë", "2 files of Zoë"]


def test_a_message_prints_nothing_that_is_put_in() -> None:
    assert repr(Message("Hello {name}", name="Zoë")) == "Message(id='Hello {name}', plural=None, context=None)"
    assert Message("Hello {name}", name="Zoë") == Message("Hello {name}", name="Zoë")
    assert Message("Hello {name}", name="Zoë") != Message("Hello {name}", name="")


def test_what_is_put_in_is_no_pattern() -> None:
    """Nothing of a value is looked at: braces in it stay."""
    assert str(Message("Hello {name}", name="{x.__class__}")) == "Hello {x.__class__}"


@pytest.mark.parametrize("language", ["../en", "fr/LC_MESSAGES", "zz", ""])
def test_a_language_is_no_path(language: str) -> None:
    assert translate("This cannot be empty.", language) == "This cannot be empty."
    with pytest.raises(LookupError):
        catalogue.catalogue(language)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"), ("", "en"), ("fr", "fr"), ("fr-CH, fr;q=0.9, en;q=0.8", "fr"), ("de, fr;q=0.5, en;q=0.7", "en"),
        ("de", "en"), ("fr;q=x, en", "en"), (";;;,,,", "en"), ("fr;q=0", "en"), ("x" * 10_000, "en"), ("*", "en"),
        ("fr;q=nan", "en"), ("fr;q=2, en;q=0.1", "en"), ("FR-ca", "fr"), ("de;q=1.0, fr; q=0.3", "fr"),
    ],
)  # fmt: skip
def test_the_readers_preference_counts(header: str | None, language: str) -> None:
    assert preferred(header) == language


def test_what_was_asked_for_by_name_comes_before_the_browsers() -> None:
    assert (chosen("fr", "en"), chosen("xx", "fr"), chosen(None, None)) == ("fr", "fr", "en")
    assert (spoken("fr_CH"), spoken("rm"), written("fr-BE"), written(None)) == ("fr", None, "fr", "en")
    assert (first_of("rm fr-CH en"), first_of(""), first_of(None)) == ("fr", None, None)


@pytest.mark.parametrize(
    ("write", "english", "french"),
    [
        (lambda at, language: dates.day(at, language), "1 December 2026", "1 décembre 2026"),
        (lambda at, language: dates.moment(at, language), "1 December 2026, 07:05 UTC", "1 décembre 2026, 07:05 UTC"),
        (lambda _, language: dates.country("CH", language), "Switzerland", "Suisse"),
        (lambda _, language: dates.country("XQ", language), "XQ", "XQ"),
        (lambda _, language: dates.name_of(language), "English", "Français"),
        (lambda _, language: dates.listed(["a", "b", "c"], language), "a, b and c", "a, b et c"),
    ],
)
def test_dates_and_names_are_written_as_the_language_does(
    write: Callable[[datetime, str], str], english: str, french: str
) -> None:
    at = datetime(2026, 12, 1, 7, 5, tzinfo=UTC)
    assert (write(at, "en"), write(at, "fr")) == (english, french)
