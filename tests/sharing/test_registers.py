"""(D11) A row of a register that breaks a hard rule serves nobody, whoever wrote it, and the log says so."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from audits.papers.registers import bound_partners
from policy.purposes import Purpose
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from resolvers.clients.registry import ClientRegistry
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies
from resolvers.events import announcements
from resolvers.events.registers import may_serve
from resolvers.payments.affiliates import affiliate_of
from resolvers.registers.affiliates import Affiliates
from resolvers.registers.partners import PartnerError, Partners
from schema.api.build import declared_rules
from store.database.store import Store
from store.registers.affiliates import affiliates
from store.registers.clients import clients
from store.registers.partners import partners
from store.registers.webhooks import webhooks
from tests.promises.gate import TODAY, Gate, grant
from tests.sharing.test_partners import DOCUMENT, PRINTERS
from workers.outbox.register import Webhooks

pytestmark = pytest.mark.anyio
TOOL = NewClient(id="printers", name="Printers", kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}))


async def served(store: Store, client: str = "printers") -> tuple[bool, bool]:
    """Whether the door and the authorization server know the client."""
    door = await ClientRegistry(store.reader, declared_rules(), 0, lambda: 0.0).find(client)
    oauth = await Clients(store.reader, declared_rules(), "https://data.example", TODAY.timestamp).find(client)
    return door is not None, oauth is not None


async def changed(store: Store, table: Any, **values: Any) -> None:
    """By hand, past the commands."""
    may_serve.cache_clear()
    async with store.write() as connection:
        await connection.execute(update(table).values(**values))


@pytest.mark.parametrize(
    "row",
    [
        {"purpose": "PRODUCT_NEWS", "fields": '["Customer.email"]', "country": "US"},
        {"fields": '["Customer.fullName","Customer.phone"]'},
        {"country": "ch"},
        {"document": None},
    ],
)
async def test_a_partner_of_an_older_release_is_judged_when_it_is_served(
    store: Store, row: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """(D11) A company in the US once registered for PRODUCT_NEWS reads no e-mail address any more."""
    gate = await Gate.of(store, 1)
    await Partners(store).register(PRINTERS, tuple(gate.api.model.rules.values()), TODAY)
    await ClientRegistrar(store).create(
        replace(TOOL, purposes=frozenset({Purpose.INVOICING, Purpose.PRODUCT_NEWS})), TODAY
    )
    await Partners(store).tie("Printers", "printers", TODAY)
    await Partners(store).undertake("Printers", DOCUMENT, TODAY, TODAY)
    assert await served(store) == (True, True)
    await changed(store, partners, **row)
    with caplog.at_level(logging.ERROR, "gateway"):
        assert await served(store) == (False, False)
    if "document" not in row:
        (line,) = [each for each in caplog.records if "hard rule" in each.message]
        assert vars(line)["register"] == "partner" and vars(line)["name_registered"] == "Printers"


async def test_a_client_with_a_forbidden_purpose_gets_no_token_and_no_answer(store: Store) -> None:
    """(D11) R24: no token reads for LEGAL_REQUEST, neither by the command nor by a row written by hand."""
    with pytest.raises(RegistrationError, match="R24"):
        await ClientRegistrar(store).create(replace(TOOL, purposes=frozenset({Purpose.LEGAL_REQUEST})), TODAY)
    await ClientRegistrar(store).create(TOOL, TODAY)
    assert await served(store) == (True, True)
    await changed(store, clients, purposes=orjson.dumps(["INVOICING", "LEGAL_REQUEST"]).decode())
    assert await served(store) == (False, False)


async def test_a_client_is_tied_to_a_partner_whose_purpose_it_has(store: Store) -> None:
    gate = await Gate.of(store, 1)
    await Partners(store).register(PRINTERS, tuple(gate.api.model.rules.values()), TODAY)
    await ClientRegistrar(store).create(replace(TOOL, purposes=frozenset({Purpose.PRODUCT_NEWS})), TODAY)
    with pytest.raises(PartnerError, match="not registered for INVOICING"):
        await Partners(store).tie("Printers", "printers", TODAY)


async def test_an_affiliate_at_an_open_address_receives_no_card(store: Store) -> None:
    """(D11) R22, R23."""
    await Affiliates(store).register("Pay", "CARD", "https://pay.example/hook", "CH", TODAY)
    desk = CommandContext(store, grant(Purpose.INVOICING), Purpose.INVOICING, None, TODAY, SignInDependencies())
    async with store.write() as connection:
        assert (await affiliate_of(desk, connection, "CARD")) is not None
    await changed(store, affiliates, url="http://pay.example/hook")
    async with store.write() as connection:
        assert (await affiliate_of(desk, connection, "CARD")) is None


async def test_an_affiliates_subscription_that_was_widened_is_told_nothing(store: Store) -> None:
    """(D11) R22, R27: an affiliate is told of cards that may not be kept; made to hear everything, it hears nothing."""
    await Affiliates(store).register("Pay", "CARD", "https://pay.example/hook", "CH", TODAY)
    await Webhooks(store).add("crm", "https://crm.example/hook", [], TODAY)

    async def told(event: str) -> int:
        async with store.write() as connection:
            return len((await announcements._prepared(connection, event, "{}_{}".format, 5, TODAY, (), None))[0])

    assert (await told("card.withdrawn"), await told("customer.registered")) == (2, 1)
    async with store.write() as connection:
        await connection.execute(update(webhooks).where(webhooks.c.name == "affiliate:Pay").values(events="[]"))
    assert (await told("card.withdrawn"), await told("customer.registered")) == (1, 1)


async def test_the_bound_partners_are_those_of_the_record(store: Store) -> None:
    """(D11) R7: named from their undertaking to its end."""
    gate = await Gate.of(store, 1)
    register = Partners(store)
    await register.register(PRINTERS, tuple(gate.api.model.rules.values()), TODAY)
    assert await bound_partners(store.reader) == ()
    await register.undertake("Printers", DOCUMENT, TODAY, TODAY)
    (found,) = await bound_partners(store.reader)
    assert (found.name, found.country, found.purpose) == ("Printers", "CH", Purpose.INVOICING)
    query = "{ audit { record { activities { name recipients { kind } partners { name country since fields } } } } }"
    answer = await gate.ask(query, grant(scopes=["audit:read"], client="auditor"))
    told = {each["name"]: each for each in answer.data["audit"]["record"]["activities"]}
    assert told["INVOICING"] == {
        "name": "INVOICING", "recipients": [{"kind": "PARTNER"}],
        "partners": [{
            "name": "Printers", "country": "CH", "since": f"{TODAY:%Y-%m-%d}",
            "fields": ["Customer.fullName", "Customer.postalAddress"],
        }],
    }  # fmt: skip
    assert told["SERVICE_COMMUNICATION"]["recipients"] == [] and told["SERVICE_COMMUNICATION"]["partners"] == []
    await register.end("Printers", TODAY)
    assert await bound_partners(store.reader) == ()
