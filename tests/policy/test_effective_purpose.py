"""One purpose per operation, and it is not self-asserted: the token's, the document's and the stated one agree."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.decision import Reason, Refused, effective_purpose
from policy.purposes import Purpose
from policy.references import REFERENCES, USUAL
from tests.tables import hold_for_all

BILLING, NEWS, OFF = Purpose.INVOICING, Purpose.PRODUCT_NEWS, Purpose.STATUTORY_RETENTION
CALL, ORDER = Purpose.EMERGENCY_CONTACT, Purpose.LEGAL_REQUEST


@pytest.mark.parametrize(
    ("granted", "registered", "stated", "expected"),
    [
        # the token's only purpose is implied
        ({BILLING}, None, None, BILLING),
        ({BILLING}, BILLING, None, BILLING),
        ({BILLING}, None, BILLING, BILLING),
        ({BILLING}, BILLING, BILLING, BILLING),
        # of several, the document or the operation says which
        ({BILLING, NEWS}, None, None, Refused(Reason.PURPOSE_REQUIRED, (BILLING, NEWS))),
        ({BILLING, NEWS}, NEWS, None, NEWS),
        ({BILLING, NEWS}, None, NEWS, NEWS),
        # saying it does not make it so
        ({BILLING}, None, NEWS, Refused(Reason.PURPOSE_NOT_GRANTED, (BILLING,))),
        ({BILLING}, NEWS, None, Refused(Reason.PURPOSE_NOT_GRANTED, (BILLING,))),
        ({BILLING}, NEWS, NEWS, Refused(Reason.PURPOSE_NOT_GRANTED, (BILLING,))),
        # nor does it turn a document into another
        ({BILLING, NEWS}, BILLING, NEWS, Refused(Reason.DOCUMENT_PURPOSE_MISMATCH, (BILLING,))),
        ({BILLING}, NEWS, BILLING, Refused(Reason.DOCUMENT_PURPOSE_MISMATCH)),
        # an empty grant has no purpose
        (set(), None, None, Refused(Reason.PURPOSE_NOT_GRANTED)),
        (set(), BILLING, None, Refused(Reason.PURPOSE_NOT_GRANTED)),
        (set(), None, BILLING, Refused(Reason.PURPOSE_NOT_GRANTED)),
        # a purpose that is off is refused, and never suggested (A8)
        ({OFF}, None, None, Refused(Reason.PURPOSE_DISABLED)),
        ({OFF, BILLING}, None, OFF, Refused(Reason.PURPOSE_DISABLED)),
        ({OFF, BILLING}, None, None, Refused(Reason.PURPOSE_REQUIRED, (BILLING,))),
    ],
)
def test_the_intersection(
    granted: set[Purpose], registered: Purpose | None, stated: Purpose | None, expected: Purpose | Refused
) -> None:
    """DESIGN rule 2."""
    assert effective_purpose(granted, registered, stated, None) == expected


@pytest.mark.parametrize("purpose", [CALL, ORDER])
@pytest.mark.parametrize("absent", [None, ""])
def test_a_purpose_that_needs_a_case_refuses_without(purpose: Purpose, absent: str | None) -> None:
    """R14, R24: an emergency and an order have a number."""
    assert effective_purpose({purpose}, None, None, absent) == Refused(Reason.REFERENCE_REQUIRED, expected=USUAL)
    assert effective_purpose({purpose}, None, None, "INC-4711") is purpose


@pytest.mark.parametrize("absent", [None, ""])
def test_other_purposes_need_none(absent: str | None) -> None:
    assert effective_purpose({BILLING}, None, None, absent) is BILLING


@pytest.mark.parametrize("reference", ["INC-4711", "a-1", "JIRA-1234567", "ABCDEFGHIJKLMNOP-1"])
def test_references_that_look_like_a_case(reference: str) -> None:
    assert effective_purpose({CALL}, None, None, reference) is CALL
    assert effective_purpose({BILLING}, None, None, reference) is BILLING


@pytest.mark.parametrize(
    "reference",
    [
        " ", "x", "4711", "-4711", "INC-", "INC 4711", "INC-4711 ", " INC-4711", "INC-4711\n", "INC-4711\r\nX: y",
        "jane@example.org", "INC-jane@example.org", "customer called, server down", "ÄRGER-1", "INC-١", "INC-\0",
        "+41-791234567", "A2345678901234567-1", "A-" + 49 * "9", 10_000 * "A", "A-" + 1_000_000 * "9",
        "Jean-Dupont", "Jean/Dupont.", "TEL-41210005905", "TEL-041210005905", "INC-12345678", "a/1", "T#1", "INC-1-2",
    ],
)  # fmt: skip
def test_references_with_room_for_a_person(reference: str) -> None:
    """It goes into the ledger, which holds no personal data: refused for every purpose, asked for or not."""
    assert effective_purpose({CALL}, None, None, reference) == Refused(Reason.REFERENCE_MALFORMED, expected=USUAL)
    assert effective_purpose({BILLING}, None, None, reference) == Refused(Reason.REFERENCE_MALFORMED, expected=USUAL)


@given(st.from_regex(r"\A[A-Za-z]{0,18}[-/:#][0-9]{1,9}\Z") | st.text(max_size=70))
def test_a_reference_is_ascii_and_short(reference: str) -> None:
    if REFERENCES.fits(CALL, reference):
        assert reference.isascii() and reference.isprintable() and 3 <= len(reference) <= 24
        assert not set(reference) & set(" @+,\"'<>")


FEW = (BILLING, CALL, OFF)
SUBSETS = [frozenset(c) for n in range(4) for c in combinations(FEW, n)]
CASES = list(product(SUBSETS, [None, *FEW], [None, *FEW], [None, "", "INC-1", "jane@example.org"]))


def test_every_case_is_in_the_intersection_or_refused() -> None:
    """All 512: an answer lies in all three sets, and whatever lies in all three is answered."""
    assert len(CASES) == 512
    hold_for_all(_in_the_intersection_or_refused, CASES)


def _in_the_intersection_or_refused(
    granted: frozenset[Purpose], registered: Purpose | None, stated: Purpose | None, reference: str | None
) -> None:
    candidates = granted & ({registered} if registered else granted) & ({stated} if stated else granted)
    (only,) = candidates if len(candidates) == 1 else (None,)
    sound = reference in (None, "", "INC-1") and (reference == "INC-1" or not (only and only.requires_reference))
    answer = effective_purpose(granted, registered, stated, reference)
    if only and only.enabled and sound:
        assert answer is only
    else:
        assert isinstance(answer, Refused)
        assert set(answer.allowed) <= granted - {OFF}
