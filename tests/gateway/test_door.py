"""From a token to a grant: never more than the token and the client's registration both say (O4, O5 in part, O1)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from cachetools import LRUCache

from gateway.access import authenticator as doors
from gateway.tokens.tokens import TokenError, TokenFault
from policy.grant import Refusal
from policy.purposes import Purpose
from store.database.store import Store
from tests.gateway.desk import LIFE, START, Desk, instant_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    desk = Desk(store)
    await desk.register("billing", purposes=(Purpose.INVOICING, Purpose.SERVICE_COMMUNICATION, Purpose.SELF_SERVICE))
    yield desk


async def fault_of(desk: Desk, token: bytes) -> TokenFault:
    with pytest.raises(TokenError) as caught:
        await desk.authenticator.authenticate(token)
    return caught.value.fault


async def test_a_grant_is_what_token_and_registration_have_in_common(desk: Desk) -> None:
    token = await desk.token(scopes=("purpose:invoicing", "purpose:emergency_contact", "audit:read", "services:write"))
    grant = await desk.authenticator.authenticate(token)
    assert grant.purposes == {Purpose.INVOICING}
    assert grant.scopes == {"audit:read"}
    assert (grant.client_id, grant.subject, grant.expires_at, grant.max_page) == ("billing", None, START + LIFE, 50)
    assert (grant.refusal, grant.documents_only, grant.introspection) == (Refusal.REFUSE, False, False)


@pytest.mark.parametrize(
    "scope", ["purpose:INVOICING", "PURPOSE:invoicing", "invoicing", "INVOICING", "purpose:", "purpose:none"]
)
async def test_scopes_that_only_look_like_a_purpose_give_none(desk: Desk, scope: str) -> None:
    assert (await desk.authenticator.authenticate(await desk.token(scopes=(scope,)))).purposes == frozenset()


async def test_a_customers_token_is_for_own_data_and_a_tools_never(desk: Desk) -> None:
    """Whatever the registration allows: no customer's token reads others, no tool's token passes for a customer."""
    everything = ("purpose:invoicing", "purpose:self_service")
    customer = await desk.authenticator.authenticate(await desk.token(scopes=everything, subject=42))
    assert (customer.subject, customer.purposes) == (42, {Purpose.SELF_SERVICE})
    tool = await desk.authenticator.authenticate(await desk.token(scopes=everything))
    assert (tool.subject, tool.purposes) == (None, {Purpose.INVOICING})


async def test_an_unregistered_client_is_refused(desk: Desk) -> None:
    assert await fault_of(desk, await desk.token("stranger")) is TokenFault.CLIENT


async def test_disabling_a_client_refuses_the_tokens_it_holds(desk: Desk) -> None:
    token = await desk.token()
    await desk.authenticator.authenticate(token)
    await desk.change("billing", disabled_at=instant_of(START))
    desk.clock.time += 2
    assert await fault_of(desk, token) is TokenFault.CLIENT
    await desk.change("billing", disabled_at=None)
    desk.clock.time += 2
    await desk.authenticator.authenticate(token)


async def test_a_purpose_taken_from_a_client_leaves_the_tokens_it_holds(desk: Desk) -> None:
    token = await desk.token()
    before = await desk.authenticator.authenticate(token)
    await desk.change("billing", purposes='["SERVICE_COMMUNICATION", "NO_LONGER_A_PURPOSE"]', max_page=7)
    desk.clock.time += 2
    after = await desk.authenticator.authenticate(token)
    assert (before.purposes, after.purposes, after.max_page) == ({Purpose.INVOICING}, frozenset(), 7)


async def test_a_known_token_costs_one_small_statement_and_is_the_same_grant(desk: Desk) -> None:
    """The statement asks whether anything was revoked since; registrations are read when they are old."""
    token = await desk.token()
    first = await desk.authenticator.authenticate(token)
    statements: list[str] = []
    desk.store.reader.listeners.append(statements.append)
    assert await desk.authenticator.authenticate(token) is first
    assert ["revocations" in statement for statement in statements] == [True]
    desk.clock.time += 2
    assert await desk.authenticator.authenticate(token) is first, "re-reading an unchanged registration changes nothing"
    assert ["revocations" in statement for statement in statements] == [True, True, False]


async def test_a_remembered_token_still_expires(desk: Desk) -> None:
    """F3: to the second, and also when the clock is set back and forth."""
    token = await desk.token()
    await desk.authenticator.authenticate(token)
    desk.clock.time += LIFE - 1
    await desk.authenticator.authenticate(token)
    desk.clock.time += 1
    assert await fault_of(desk, token) is TokenFault.EXPIRED
    assert await fault_of(desk, token) is TokenFault.EXPIRED
    assert token not in desk.authenticator._remembered


async def test_memory_of_tokens_is_bounded(desk: Desk) -> None:
    """(G15) In bytes."""
    desk.authenticator._remembered = LRUCache(12_500, getsizeof=doors._weight)
    tokens = [await desk.token() for _ in range(5)]
    for token in tokens:
        await desk.authenticator.authenticate(token)
    assert set(desk.authenticator._remembered) == set(tokens[2:])
    await desk.authenticator.authenticate(tokens[2])
    await desk.authenticator.authenticate(tokens[0])
    assert set(desk.authenticator._remembered) == {tokens[4], tokens[2], tokens[0]}
