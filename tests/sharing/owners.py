"""What the tests about owners of domains share: a registrar's tool, a domain service without a domain, letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert, select, update

from policy.purposes import Purpose
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies
from resolvers.registrants.confirmation import confirm_owner
from resolvers.registrants.rights import RegistrantLinks
from store.queue.messages import opened
from store.sql.ids import new_id
from store.tables.domains import domains
from store.tables.outbox import outbox
from store.tables.services import services
from tests.promises.gate import TODAY, Gate, grant, own

REGISTRAR = grant(Purpose.DOMAIN_REGISTRATION, scopes=["domains:write"])
REGISTER = """mutation ($in: RegisterDomainInput!) { registerDomain(input: $in) {
  domain { id name tld registrant { kind name } hideName hideEmail } userErrors { code field message } } }"""
UPDATE = """mutation ($in: UpdateRegistrantInput!) { updateRegistrant(input: $in) {
  domain { registrant { name email phone kind address { city country } } }
  userErrors { code field } } }"""
ADDRESS = {"street": "Rue du Lac 3", "postalCode": "1003", "city": "Lausanne", "country": "CH"}
OWNER = {"name": "Atelier Perrin", "address": ADDRESS, "email": "perrin@atelier.example", "phone": "+41 21 555 01 02"}
NAME = "atelier-perrin.fr"


async def order(gate: Gate, place: int = 0, kind: str = "DOMAIN", status: str = "ACTIVE") -> str:
    """A service that has no domain yet."""
    id_ = new_id()
    row = {"id": id_, "customer_id": gate.ids[place], "kind": kind, "status": status, "started_at": TODAY}
    async with gate.store.write() as connection:
        await connection.execute(insert(services).values(row))
    return gate.outside("Service", id_, gate.ids[place])


async def register(gate: Gate, service: str, who: Any = REGISTRAR, **given: Any) -> Any:
    """What the registrar's tool does."""
    asked = {"serviceId": service, "name": NAME, "registrantKind": "NATURAL_PERSON", "registrant": OWNER} | given
    return (await gate.ask(REGISTER, who, variables={"in": asked})).data["registerDomain"]


async def registered(gate: Gate) -> str:
    """The id of a domain whose owner is somebody else than its customer, the first one."""
    found: str = (await register(gate, await order(gate)))["domain"]["id"]
    return found


async def confirmed(gate: Gate) -> str:
    """The same, once its owner has followed the link of the first message and said that they are."""
    domain = await registered(gate)
    await confirm(gate, gate.clock.now)
    return domain


async def confirm(gate: Gate, now: datetime) -> None:
    """What the reader of the newest question does who is the owner."""
    means = SignInDependencies()
    holder = await RegistrantLinks(gate.store, means).find_asked(await asked_secret(gate), now)
    assert holder is not None
    await confirm_owner(CommandContext(gate.store, own(holder.customer), None, None, now, means), holder.domain)


async def asked_secret(gate: Gate) -> str:
    """The secret of the newest question whether somebody is the owner."""
    texts = [each["text"] for each in await letters(gate) if "/registrant/confirm?t=" in each["text"]]
    return texts[-1].split("/registrant/confirm?t=")[1].split()[0]


async def change(gate: Gate, domain: str, place: int = 0, **given: Any) -> Any:
    """What a customer does who has just signed in."""
    who = own(gate.ids[place], authenticated_at=int(gate.clock.now.timestamp()))
    return (await gate.ask(UPDATE, who, variables={"in": {"domainId": domain} | given})).data["updateRegistrant"]


async def end(gate: Gate, domain: str) -> None:
    """End the service of a domain."""
    of = select(domains.c.service_id).where(domains.c.id == key_of(gate, domain)).scalar_subquery()
    async with gate.store.write() as connection:
        await connection.execute(update(services).where(services.c.id == of).values(status="TERMINATED"))


async def resting(gate: Gate, domain: str) -> Any:
    """The row."""
    async with gate.store.write() as connection:
        found = await connection.execute(select(domains).where(domains.c.id == key_of(gate, domain)))
        return found.one()._mapping


async def letters(gate: Gate) -> list[dict[str, str]]:
    """Every message, oldest first."""
    mail = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(outbox.c.topic == "email")
    rows = await gate.store.reader.fetch(gate.store.reader.prepare(mail.order_by(outbox.c.id)), {})
    found = await opened(gate.store.keys, [tuple(row) for row in rows])
    return [orjson.loads(each) for each in found if each is not None]


def key_of(gate: Gate, id_: str) -> int:
    """The key in a global id."""
    found = gate.store.keys.system.ids.decode(id_)
    assert found is not None
    return found.key
