"""What is said of data to the person whom it is about: the sentence, where it came from, what it is kept for."""

from hashlib import sha256
from itertools import product

import pytest

from messages.catalogue import translate
from policy.categories import Category
from policy.meanings import Origin, is_portable, kept_for, origin_of
from policy.orders import Order
from policy.purposes import Purpose
from policy.recipients import CONTRACTED, Recipient
from policy.retention import RetentionRule
from policy.wordings import VERSION, WORDINGS, wording
from tests.tables import hold_for_all


@pytest.mark.parametrize("kind", WORDINGS)
@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("en", "en"),
        ("fr", "fr"),
        ("de", "de"),
        ("it", "it"),
        ("fr-CH", "fr"),
        ("DE-at", "de"),
        ("rm", "en"),
        ("", "en"),
    ],
)
def test_a_consent_is_asked_for_in_the_language_or_one_close_to_it(kind: str, asked: str, spoken: str) -> None:
    """(R49) What is kept of a consent is the hash of the sentence that was shown."""
    shown = wording(kind, asked)
    assert (shown.kind, shown.version, shown.language, shown.text) == (kind, VERSION, spoken, WORDINGS[kind][spoken])
    assert shown.hash == sha256(WORDINGS[kind][spoken].encode()).digest()


def test_there_is_no_consent_without_a_sentence() -> None:
    with pytest.raises(KeyError):
        wording("ANYTHING", "en")


def test_a_row_is_told_in_french_and_else_as_it_stands() -> None:
    assert translate(Category.EMAIL.text, "fr") == "Une adresse e-mail."
    assert translate(Category.EMAIL.text, "en") == translate(Category.EMAIL.text, "de") == Category.EMAIL.text


def test_where_data_came_from() -> None:
    """(GDPR Art. 15(1)(g)) What is not in the list was typed in by the person; what has no category, we made."""
    assert origin_of(Category.EMAIL) is Origin.GIVEN
    assert origin_of(Category.IP_ADDRESS) is Origin.OBSERVED
    assert origin_of(Category.COARSE_LOCATION) is Origin.DERIVED
    assert origin_of(Category.TRANSACTION) is Origin.MADE
    assert origin_of(None) is Origin.MADE


def test_what_a_column_without_a_field_is_kept_for() -> None:
    assert kept_for(RetentionRule.SIGN_IN_RECORDS) is Purpose.ACCOUNT_SECURITY
    assert kept_for(RetentionRule.CUSTOMER_LIFE) is Purpose.SERVICE_PROVISION


@pytest.mark.parametrize(
    ("category", "purposes", "portable"),
    [
        (Category.EMAIL, (Purpose.SERVICE_PROVISION,), True),
        (Category.CARD_NUMBER, (Purpose.CARD_ON_FILE,), True),
        (Category.ACCESS_HISTORY, (Purpose.ACCOUNT_SECURITY, Purpose.SERVICE_PROVISION), True),
        (Category.ACCESS_HISTORY, (Purpose.ACCOUNT_SECURITY,), False),
        (Category.EMAIL, (Purpose.LEGAL_REQUEST,), False),
        (Category.EMAIL, (), False),
        (Category.TRANSACTION, (Purpose.INVOICING,), False),
        (Category.COARSE_LOCATION, (Purpose.SERVICE_PROVISION,), False),
        (None, (Purpose.SERVICE_PROVISION,), False),
    ],
)
def test_what_a_person_takes_along(category: Category | None, purposes: tuple[Purpose, ...], portable: bool) -> None:
    """(GDPR Art. 20) What came from the person, by consent or contract."""
    assert is_portable(category, purposes) is portable


@pytest.mark.parametrize("reference", ["LG 6", "order:1", "A-1/2026"])
def test_an_order_is_found_again_by_what_it_called_for(reference: str) -> None:
    """(R24)"""
    assert Order.of_trigger(Order(reference).trigger) == Order(reference)


def test_what_no_order_called_for_is_none() -> None:
    assert Order.of_trigger("registration") is None and Order.of_trigger("LG 6") is None
    assert Order.of_trigger("") is None and Order.of_trigger("no order:LG 6") is None


def test_what_a_recipient_may_receive_for() -> None:
    """(R2, R7) Its own purposes, and a partner the parts of the contract."""

    def check(recipient: Recipient, purpose: Purpose) -> None:
        own = purpose in recipient.purposes
        assert recipient.may_receive_for(purpose) is (own or (recipient.name == "PARTNER" and purpose in CONTRACTED))

    hold_for_all(check, product(Recipient, Purpose))
