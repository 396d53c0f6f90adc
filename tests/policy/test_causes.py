"""A cause of a disclosure is read back from the text that was written."""

from __future__ import annotations

import pytest

from policy.causes import CAUSE_KINDS, MARKS, Cause, trigger_named


def test_each_kind_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(CAUSE_KINDS) and len(set(MARKS.values())) == len(MARKS)


@pytest.mark.parametrize("kind", CAUSE_KINDS)
def test_what_is_written_is_read_back(kind: str) -> None:
    value = "Domain_1ab" if kind == "REGISTRATION" else "card:Domain_1ab"
    cause = Cause(kind, value)  # type: ignore[arg-type]
    assert Cause.of_trigger(cause.trigger) == cause


@pytest.mark.parametrize("text", ["", "registration", "payment:77", "invoice:", "order:", ":x"])
def test_other_texts_are_no_cause(text: str) -> None:
    assert Cause.of_trigger(text) is None


def test_an_id_names_the_record_of_what_it_caused() -> None:
    assert trigger_named("Invoice_1ab") == Cause("PAYMENT", "Invoice_1ab").trigger
    assert trigger_named("Domain_1ab") == Cause("REGISTRATION", "Domain_1ab").trigger
