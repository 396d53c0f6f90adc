"""Partners get only what they need, only under a dated undertaking, and customers see what they got (R2, R7, R23)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.access.authenticator import grant_of
from gateway.commands.partners import partners as commands
from gateway.tokens.tokens import Claims
from policy.grant import Grant, Over, Refusal
from policy.purposes import Purpose
from resolvers.clients.oauth_clients import Clients
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from resolvers.clients.registry import ClientRegistry
from resolvers.registers.partners import NewPartner, PartnerError, Partners
from schema.api.build import declared_rules
from schema.documents.requests import RequestOutcome as Ended
from store.database.store import Store
from tests.promises.gate import TODAY, Gate, own

pytestmark = pytest.mark.anyio

PRINTERS = NewPartner("Printers", "CH", Purpose.INVOICING, ("Customer.fullName", "Customer.postalAddress"))
NAMES = "{ customers(first: 2) { nodes { fullName } } }"
DOCUMENT = b"\x07" * 32


@pytest.fixture
async def gate(store: Store) -> AsyncIterator[Gate]:
    """Three customers, and a partner with a client, that has undertaken nothing yet."""
    gate = await Gate.of(store, 3)
    rules = tuple(gate.api.model.rules.values())
    await Partners(store).register(PRINTERS, rules, TODAY)
    new = NewClient(
        id="printers", name="Printers", kind=ClientKind.TOOL,
        purposes=frozenset({Purpose.INVOICING, Purpose.SERVICE_PROVISION}),
        actions=frozenset(), redirect_uris=(), keys=None, platform="CLIENT_AREA", first_party=False, dpop=False,
        pushed=False, refresh=False, refusal=Refusal.REFUSE, documents_only=False, introspection=False, max_page=10,
        customers_per_hour=None, over=Over.ALARM,
    )  # fmt: skip
    await ClientRegistrar(store).create(new, TODAY)
    await Partners(store).tie("Printers", "printers", TODAY)
    yield gate


async def bind(gate: Gate) -> None:
    await Partners(gate.store).undertake("Printers", DOCUMENT, TODAY - timedelta(days=1), TODAY)


async def registered(gate: Gate) -> Any:
    return await ClientRegistry(gate.store.reader, declared_rules(), 0, lambda: 0.0).find("printers")


async def partner_grant(gate: Gate) -> Grant:
    """As the door makes it from a token."""
    registration = await registered(gate)
    assert registration is not None
    claims = Claims(
        token_id="t", client_id="printers", subject=None, scopes=frozenset({"purpose:invoicing"}),
        expires_at=int(TODAY.timestamp()) + 60, key_id="k", basis=None, jkt=None,
    )  # fmt: skip
    return grant_of(claims, registration)


async def test_without_an_undertaking_no_token_is_given_and_none_is_taken(gate: Gate) -> None:
    """R7: neither at the token endpoint nor at the door; its end holds for tokens that are out."""
    server = Clients(gate.store.reader, declared_rules(), "https://data.example", lambda: TODAY.timestamp())
    assert await registered(gate) is None and await server.find("printers") is None
    await bind(gate)
    assert await registered(gate) is not None and await server.find("printers") is not None
    await Partners(gate.store).end("Printers", TODAY)
    assert await registered(gate) is None and await server.find("printers") is None


async def test_a_partner_gets_its_fields_and_no_others(gate: Gate) -> None:
    """R7: also where its purpose would allow more; and its purpose is the one of its contract."""
    await bind(gate)
    who = await partner_grant(gate)
    assert who.purposes == {Purpose.INVOICING}
    allowed = await gate.ask("{ customers(first: 2) { nodes { fullName postalAddress { city } } } }", who)
    assert {each["coordinate"] for each in allowed.errors} == {"PostalAddress.city"}
    answer = await gate.ask("{ customers(first: 2) { nodes { fullName email id } } }", who)
    assert answer.kind is Ended.REFUSED and answer.statements == ()
    assert {(each["coordinate"], each["reason"]) for each in answer.errors} == {
        ("Customer.email", "NOT_IN_UNDERTAKING"), ("Customer.id", "NOT_IN_UNDERTAKING"),
    }  # fmt: skip
    assert len((await gate.ask(NAMES, who)).data["customers"]["nodes"]) == 2


async def test_the_customer_sees_what_the_partner_got(gate: Gate) -> None:
    """R23, (D11): one disclosure for each customer and reading with the purpose that was asked; the entry beside it."""
    await bind(gate)
    await gate.ask(NAMES, await partner_grant(gate))
    seen = []
    for place in range(3):
        query = "{ me { disclosures { nodes { recipientKind recipientName recipientCountry purpose fields } } } }"
        told = (await gate.ask(query, own(gate.ids[place]))).data["me"]["disclosures"]["nodes"]
        seen.append([each for each in told if each["recipientKind"] == "PARTNER"])
    assert [len(each) for each in seen] == [1, 1, 0]
    assert seen[0][0] == {
        "recipientKind": "PARTNER", "recipientName": "Printers", "recipientCountry": "CH",
        "purpose": "INVOICING", "fields": ["Customer.fullName"],
    }  # fmt: skip
    assert any(entry["client"] == "printers" for entry in await gate.entries())


async def test_what_is_refused_is_passed_on_to_nobody(gate: Gate) -> None:
    await bind(gate)
    await gate.ask("{ customers(first: 2) { nodes { email } } }", await partner_grant(gate))
    query = "{ me { disclosures { nodes { recipientKind } } } }"
    told = (await gate.ask(query, own(gate.ids[0]))).data["me"]["disclosures"]["nodes"]
    assert "PARTNER" not in {each["recipientKind"] for each in told}


@pytest.mark.parametrize(
    "new",
    [
        NewPartner("", "CH", Purpose.INVOICING, ("Customer.fullName",)),
        NewPartner("A", "Schweiz", Purpose.INVOICING, ("Customer.fullName",)),
        NewPartner("A", "CH", Purpose.SELF_SERVICE, ("Customer.fullName",)),
        NewPartner("A", "US", Purpose.PRODUCT_NEWS, ("Customer.email",)),
        NewPartner("A", "CH", Purpose.PERSONALISE_COMMUNICATION, ("Customer.fullName",)),
        NewPartner("A", "CH", Purpose.INVOICING, ("Customer.phone",)),
        NewPartner("A", "CH", Purpose.INVOICING, ("Customer.shoeSize",)),
        NewPartner("A", "CH", Purpose.INVOICING, ()),
        PRINTERS,
    ],
)
async def test_what_cannot_be_registered(gate: Gate, new: NewPartner) -> None:
    with pytest.raises(PartnerError):
        await Partners(gate.store).register(new, tuple(gate.api.model.rules.values()), TODAY)


async def test_an_undertaking_from_the_future_is_none(gate: Gate) -> None:
    with pytest.raises(PartnerError):
        await Partners(gate.store).undertake("Printers", DOCUMENT, TODAY + timedelta(days=1), TODAY)
    for work in (Partners(gate.store).end("Nobody", TODAY), Partners(gate.store).tie("Printers", "nobody", TODAY)):
        with pytest.raises(PartnerError):
            await work
    assert await registered(gate) is None


def test_the_commands_teach() -> None:
    shown = CliRunner().invoke(commands, ["--help"]).output
    assert all(each in shown for each in ("register", "undertake", "tie", "end", "list"))
