"""What changes something is decided as what reads: inputs, payloads, trials, records (DESIGN §2 rule 1, §9 no. 3)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from store.tables.credentials import second_factors
from store.tables.customers import customers
from tests.promises.declared import declarations
from tests.promises.gate import OWN, TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

CHANGE = """mutation ($in: UpdateProfileInput!) {
  updateProfile(input: $in) { customer { id locale phone } userErrors { code field } } }"""
LOGINS = "{ me { credentials { id platform secondFactors { id } } } }"
FRESH = {"authenticated_at": int(TODAY.timestamp())}


async def versions(gate: Gate) -> list[int]:
    async with gate.store.write() as connection:
        return list((await connection.execute(select(customers.c.version).order_by(customers.c.id))).scalars())


async def test_a_change_shows_what_it_changed_and_is_recorded(changing: Gate) -> None:
    answer = await changing.ask(CHANGE, own(changing.ids[0]), variables={"in": {"locale": "fr"}})
    assert answer.data["updateProfile"]["customer"]["locale"] == "fr"
    (entry,) = await changing.entries()
    assert "Customer.phone" in entry["fields"] and "Mutation.updateProfile" in entry["fields"]


@pytest.mark.parametrize("purpose", [each for each in Purpose if each.enabled and each is not OWN])
async def test_no_tool_changes_a_profile(changing: Gate, purpose: Purpose) -> None:
    for who in (
        grant(purpose),
        grant(purpose, withhold=True),
        grant(purpose, subject=changing.ids[0]),
        grant(purpose, scopes=("signins:write", "services:write")),
    ):
        answer = await changing.ask(CHANGE, who, variables={"in": {"locale": "fr"}}, reference="INC-1")
        assert (
            answer.data is None
            if answer.kind is RequestOutcome.OK and not answer.errors
            else not answer.body.get("data")
        )
    assert set(await versions(changing)) == {1}


test_no_tool_changes_a_profile = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)(
    test_no_tool_changes_a_profile
)


async def test_a_change_reaches_the_own_profile_only(changing: Gate) -> None:
    await changing.ask(CHANGE, own(changing.ids[2]), variables={"in": {"locale": "fr"}})
    assert await versions(changing) == [1, 1, 2, 1, 1, 1]


async def test_a_trial_changes_nothing(changing: Gate) -> None:
    answer = await changing.ask(CHANGE, own(changing.ids[0]), variables={"in": {"locale": "fr"}}, dry_run=True)
    assert answer.body["allowed"] is True
    assert set(await versions(changing)) == {1}
    assert await changing.entries() == []


async def test_a_refused_part_stops_the_whole(changing: Gate) -> None:
    """The decision comes before the first command, not before each."""
    both = """mutation {
        a: updateProfile(input: {locale: "fr"}) { customer { id } }
        b: recordSignIn(input: {customerId: "x", platform: WEBMAIL, outcome: FAILED, ipAddress: "192.0.2.1"}) {
          __typename } }"""
    answer = await changing.ask(both, own(changing.ids[0]))
    assert answer.kind is RequestOutcome.REFUSED
    assert "Mutation.recordSignIn" in [each["coordinate"] for each in answer.errors]
    assert set(await versions(changing)) == {1}


async def without_a_factor(gate: Gate) -> tuple[int, str]:
    """A customer, and the id of a sign-in of theirs that has no second factor."""
    for place in range(len(gate.ids)):
        logins = (await gate.ask(LOGINS, own(gate.ids[place]))).data["me"]["credentials"]
        for one in logins:
            if one["platform"] != "WEBMAIL" and not one["secondFactors"]:
                return place, one["id"]
    raise LookupError


async def test_a_value_that_is_shown_once_is_recorded_and_never_kept(changing: Gate) -> None:
    """A secret that the command made is personal data, though no row was read for it."""
    place, bare = await without_a_factor(changing)
    before = len(await changing.entries())
    query = "mutation ($of: ID!) { enrolTotp(input: {credentialId: $of}) { secret } }"
    answer = await changing.ask(query, own(changing.ids[place], **FRESH), variables={"of": bare})
    secret = answer.data["enrolTotp"]["secret"]
    assert secret, answer.raw
    assert answer.personal, "nobody may keep it"
    (entry,) = (await changing.entries())[before:]
    (key,) = await changing.store.keys.subjects([changing.ids[place]])
    assert key is not None and entry["subjects"] == [key.pseudonym]
    assert "EnrolTotpPayload.secret" in entry["fields"]
    assert secret not in str(entry)


async def test_what_is_sensitive_asks_for_a_fresh_sign_in_first(changing: Gate) -> None:
    """S7; and nothing of the operation is carried out."""
    query = 'mutation { updateProfile(input: {locale: "fr"}) { customer { id } } enrolTotp(input: {}) { secret } }'
    old = int(TODAY.timestamp()) - 301
    for facts in ({}, {"authenticated_at": old}, {"authenticated_at": int(TODAY.timestamp()) + 3600}):
        answer = await changing.ask(query, own(changing.ids[0], **facts))
        assert answer.codes == ["STEP_UP_REQUIRED"] and "data" not in answer.body
    assert set(await versions(changing)) == {1}
    async with changing.store.write() as connection:
        owner = second_factors.c.customer_id == changing.ids[0]
        before = (await connection.execute(select(func.count()).where(owner))).scalar()
    assert before == sum(len(each.second_factors) for each in changing.people[0].credentials)


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_command_for_tools_needs_its_scope_beside_the_purpose(changing: Gate) -> None:
    query = f'''mutation {{ recordSignIn(input: {{
        customerId: "{changing.id(0)}", platform: WEBMAIL, outcome: SUCCEEDED, ipAddress: "192.0.2.1"
      }}) {{ userErrors {{ code }} }} }}'''
    for scopes in ((), ("signins:read",), ("signins:write:all",), ("SIGNINS:WRITE",)):
        answer = await changing.ask(query, grant(Purpose.ACCOUNT_SECURITY, scopes=scopes))
        assert answer.kind is RequestOutcome.REFUSED
        (error,) = answer.errors
        assert (error["coordinate"], error["reason"]) == ("Mutation.recordSignIn", "SCOPE_MISSING")
        assert answer.statements == ()
    answer = await changing.ask(query, grant(Purpose.INVOICING, scopes=("signins:write",)))
    assert "PURPOSE_NOT_ALLOWED" in [each["reason"] for each in answer.errors]
    allowed = await changing.ask(query, grant(Purpose.ACCOUNT_SECURITY, scopes=("signins:write", "audit:read")))
    assert allowed.kind is RequestOutcome.OK


def test_every_command_names_its_purposes_and_its_inputs_their_categories() -> None:
    commands = {name: said for name, said in declarations().items() if name.startswith("Mutation.") and "(" not in name}
    assert commands and all(said.purposes for said in commands.values())
    kept: dict[str, Any] = {
        name: said for name, said in declarations().items() if name.split(".")[0].endswith("Input") and said.category
    }
    assert kept and all(said.retention for said in kept.values())
