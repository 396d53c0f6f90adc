"""What a token allows, and the key under which plans for it are kept."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.grant import Grant, Partner, Refusal
from policy.purposes import Purpose

TOOL: dict[str, Any] = {
    "token_id": "t-1",
    "client_id": "billing",
    "subject": None,
    "purposes": frozenset({Purpose.INVOICING}),
    "scopes": frozenset({"audit:read"}),
    "expires_at": 1_800_000_000,
    "refusal": Refusal.REFUSE,
    "documents_only": True,
    "introspection": False,
    "max_page": 100,
}
DECIDING = {
    "purposes": frozenset({Purpose.INVOICING, Purpose.SERVICE_PROVISION}),
    "scopes": frozenset({"audit:read", "services:write"}),
    "subject": 7,
    "refusal": Refusal.WITHHOLD,
    "documents_only": False,
    "introspection": True,
    "max_page": 101,
    "third_party": True,
}


@pytest.mark.parametrize("field", DECIDING)
def test_each_fact_that_decides_is_in_the_fingerprint(field: str) -> None:
    assert Grant(**TOOL).fingerprint != Grant(**TOOL | {field: DECIDING[field]}).fingerprint


@pytest.mark.parametrize("other", [{"token_id": "t-2"}, {"client_id": "x"}, {"expires_at": 1}])
def test_nothing_else_is(other: dict[str, Any]) -> None:
    assert Grant(**TOOL).fingerprint == Grant(**TOOL | other).fingerprint


def test_customers_share_plans() -> None:
    """Whose data it is decides which rows, never which fields."""
    own = TOOL | {"purposes": frozenset({Purpose.SELF_SERVICE})}
    assert Grant(**own | {"subject": 7}).fingerprint == Grant(**own | {"subject": 8}).fingerprint


SCOPES = st.frozensets(st.text(max_size=6) | st.sampled_from(["a", "b", "a', 'b", "a,b", "['a']"]), max_size=3)
PURPOSES = st.frozensets(st.sampled_from([p for p in Purpose if not p.own_data_only]), max_size=4)


@given(SCOPES, PURPOSES, SCOPES, PURPOSES)
def test_fingerprints_are_alike_exactly_when_the_facts_are(
    scopes: frozenset[str], purposes: frozenset[Purpose], others: frozenset[str], other_purposes: frozenset[Purpose]
) -> None:
    one = Grant(**TOOL | {"scopes": scopes, "purposes": purposes})
    other = Grant(**TOOL | {"scopes": others, "purposes": other_purposes})
    assert (one.fingerprint == other.fingerprint) == ((scopes, purposes) == (others, other_purposes))


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    """Replicas may share what they keep under it, so it depends on no hash seed."""
    assert Grant(**TOOL).fingerprint == "c00177aba08ebda22c18aae05d8e6ae8"


def test_a_partners_fields_tell_two_grants_apart() -> None:
    """Decisions depend on them (R7), and on the partner's name they do not."""
    one, same, other = (
        Grant(**TOOL, partner=Partner(name, "CH", frozenset(fields)))
        for name, fields in (("A", ["Customer.fullName"]), ("B", ["Customer.fullName"]), ("A", []))
    )
    assert one.fingerprint == same.fingerprint != other.fingerprint != Grant(**TOOL).fingerprint


def test_a_grant_is_a_value() -> None:
    grant = Grant(**TOOL)
    assert grant == Grant(**TOOL) and hash(grant) == hash(Grant(**TOOL))
    assert grant != Grant(**TOOL | {"token_id": "t-2"}) and grant != Grant(**TOOL | {"max_page": 1})
    with pytest.raises(dataclasses.FrozenInstanceError):
        grant.max_page = 1  # type: ignore[misc]


def test_a_grant_that_is_printed_names_neither_token_nor_customer() -> None:
    """D1."""
    printed = repr(Grant(**TOOL | {"token_id": "secret-id", "subject": 4711}))
    assert "secret-id" not in printed and "4711" not in printed and "billing" in printed


def test_a_purpose_for_one_s_own_data_needs_to_know_whose() -> None:
    """R30, D6: SELF_SERVICE without a customer would be everybody's."""
    for purposes in ({Purpose.SELF_SERVICE}, {Purpose.SELF_SERVICE, Purpose.INVOICING}):
        with pytest.raises(ValueError, match="needs a token with a subject"):
            Grant(**TOOL | {"purposes": frozenset(purposes)})
        assert Grant(**TOOL | {"purposes": frozenset(purposes), "subject": 7}).subject == 7


@pytest.mark.parametrize("rows", [0, -1])
def test_a_grant_of_no_rows_is_a_mistake(rows: int) -> None:
    with pytest.raises(ValueError, match="max_page"):
        Grant(**TOOL | {"max_page": rows})


def test_the_hash_is_the_token_s() -> None:
    """Grants are keys of caches: were all hashes alike, each look-up would walk through every grant."""
    grants = [Grant(**TOOL | {"token_id": f"token-{number}"}) for number in range(50)]
    assert [hash(each) for each in grants] == [hash(each.token_id) for each in grants]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"purposes": frozenset({Purpose.SELF_SERVICE})}, "a purpose for one's own data needs a token with a subject"),
        ({"max_page": 0}, "max_page must be at least 1"),
    ],
)
def test_what_would_be_too_much_says_why(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        Grant(**TOOL | more)
    Grant(**TOOL | {"max_page": 1})
