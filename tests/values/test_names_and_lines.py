"""S14: one rule for names and lines, whoever takes them."""

from __future__ import annotations

import time

import pytest

from values.lines import LineError, read_line
from values.person_name import read_name


@pytest.mark.parametrize("name", ["علی\u200cرضا", "ශ්\u200dරී", "क्\u200dष", "O’Neill", "Nguyễn", "葛\U000e0100城"])
def test_names_of_all_scripts_are_taken_with_their_joiners(name: str) -> None:
    """H20."""
    assert read_name(f" {name} ") == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A\u200cB", "INVALID_CHARACTERS"), ("\u200cA", "INVALID_CHARACTERS"), ("A\u200d", "INVALID_CHARACTERS"),
        ("A\u200bB", "INVALID_CHARACTERS"), ("A\u202eB", "INVALID_CHARACTERS"), ("A\nB", "INVALID_CHARACTERS"),
        ("A\ufeffB", "INVALID_CHARACTERS"), ("\u202eA", "INVALID_CHARACTERS"), ("\u200d" * 100, "INVALID_CHARACTERS"),
        ("123", "INVALID_NAME"), ("x" * 101, "TOO_LONG"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_refused(text: str, code: str) -> None:
    """H20: a joiner between letters that do not join is invisible."""
    with pytest.raises(LineError) as refused:
        read_name(text)
    assert refused.value.code == code


@pytest.mark.parametrize("ends", ["\u200f.\u200f", "\ufeff.", "\u202b.\u202c", " \u2067.\u2069 ", ".\u061c\u200e"])
def test_marks_of_direction_at_the_ends_are_pasted_along(ends: str) -> None:
    assert read_name(ends.replace(".", "علی")) == "علی"


def test_an_empty_name_is_the_fields_to_judge() -> None:
    assert read_name("  ") == "" == read_line("")


def test_time_grows_with_the_length_only() -> None:
    """G12: joiners among marks are looked at in a window."""
    begun = time.process_time()
    with pytest.raises(LineError):
        read_line("\u0651\u200c" * 100_000, 200_000)
    assert time.process_time() - begun < 2
