"""Every message that the product shows stands in every catalogue, fits, and none is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from messages.catalogue import LOCALES, file_of, languages, read
from messages.extraction import SourceMessage, UnextractableError, extract, of_python, of_template, of_words
from messages.lint import check
from tests.test_rooms import FLOORS, ROOT

WANTED = extract(ROOT / floor for floor in FLOORS)


def test_the_messages_are_found() -> None:
    assert len(WANTED) > 100
    assert SourceMessage("This cannot be empty.") in WANTED


def test_there_is_french() -> None:
    assert languages() == ("en", "fr")


@pytest.mark.parametrize("language", languages()[1:])
def test_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    assert [str(each) for each in check(language, read(file_of(language)), WANTED)] == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "One."\nmsgstr ""', "missing"),
        ("", "missing"),
        ('msgid "One."\nmsgstr "Un."\n\nmsgid "Two."\nmsgstr "Deux."', "unknown"),
        ('#, fuzzy\nmsgid "One."\nmsgstr "Un."', "fuzzy"),
        ('msgid "One."\nmsgstr "Un {name}."', "placeholders"),
    ],
)
def test_faults_of_a_catalogue_are_named(tmp_path: Path, entry: str, fault: str) -> None:
    path = tmp_path / "fr" / "LC_MESSAGES" / "gateway.po"
    path.parent.mkdir(parents=True)
    header = (LOCALES / "fr" / "LC_MESSAGES" / "gateway.po").read_text(encoding="utf-8").split("\n\n")[0]
    path.write_text(f"{header}\n\n{entry}\n", encoding="utf-8")
    assert [each.fault for each in check("fr", read(path), {SourceMessage("One.")})] == [fault]


def test_what_is_put_in_must_be_put_in_everywhere() -> None:
    found = {SourceMessage("{name} pays {count} bill.", "{name} pays {count} bills.")}
    catalogue = read(file_of("fr"))
    catalogue.add(("{name} pays {count} bill.", "{name} pays {count} bills."), ("{name} paie.", "{count} factures."))
    faults = [each for each in check("fr", catalogue, found) if each.fault != "unknown"]
    assert [(each.fault, each.id) for each in faults] == [("placeholders", "{name} pays {count} bill.")]


def test_a_finished_sentence_is_no_message() -> None:
    with pytest.raises(UnextractableError, match="parameters"):
        set(of_python('UserProblem("CODE", f"At most {most} characters.")'))
    with pytest.raises(UnextractableError, match="parameters"):
        set(of_python('UserProblem("CODE", "At most " + most)'))


def test_messages_are_found_wherever_they_stand() -> None:
    assert set(of_python('Message("{count} thing", plural="{count} things", count=n, context="shop")')) == {
        SourceMessage("{count} thing", "{count} things", "shop")
    }
    both = {SourceMessage("One"), SourceMessage("Two", "Many")}
    assert set(of_python('Words({"a": "One", "b": ("Two", "Many")})')) == both
    assert set(of_python('class L(EmailTemplate):\n    A = ("Subject", "Text")')) == {
        SourceMessage("Subject"), SourceMessage("Text")
    }  # fmt: skip
    assert set(of_template("<p>{{ translate('Hello') }}{{ other(1) }}</p>")) == {SourceMessage("Hello")}
    table = {"a": "One", "b": {"c": {"one": "Two", "other": "Many"}, "d": {"text": "Three", "context": "of a shop"}}}
    assert set(of_words(table)) == both | {SourceMessage("Three", "", "of a shop")}
