"""What internal systems are told: in the transaction of the change, in order, and never a value of a person (D1)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select

from policy.events import BY_NAME, Event
from resolvers.events.announcements import Ref, announce, announce_erased
from store.database.store import Store
from store.queue.messages import opened
from store.registers.webhooks import open_secret, seal_secret, webhooks
from store.sql.ids import new_id
from store.tables.outbox import outbox
from tests.store.people import MOMENT, add_customers

pytestmark = pytest.mark.anyio
PROFILE = Event.PROFILE_CHANGED.wire


async def subscribe(store: Store, name: str, *events: str, disabled: bool = False, url: str = "http://[::1]:9/") -> int:
    """A system that is told of these events, or of all."""
    id_ = new_id()
    row = {
        "id": id_,
        "name": name,
        "url": url,
        "events": orjson.dumps(list(events)).decode(),
        "secret": await seal_secret(store.keys.system, id_, name.encode().ljust(32, b".")),
        "created_at": MOMENT,
        "disabled_at": MOMENT if disabled else None,
    }
    async with store.write() as connection:
        await connection.execute(insert(webhooks).values(row))
    return id_


async def told(store: Store) -> list[tuple[int | None, int, dict[str, Any]]]:
    """Who is told of whom what, in the order of the ids."""
    query = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload, outbox.c.webhook_id).order_by(outbox.c.id)
    async with store.write() as connection:
        rows = (await connection.execute(query)).all()
    contents = await opened(store.keys, [(row.id, row.customer_id, row.payload) for row in rows])
    return [(r.customer_id, r.webhook_id, orjson.loads(c or b"null")) for r, c in zip(rows, contents, strict=True)]


async def test_each_subscribed_system_is_told_and_no_other(store: Store) -> None:
    (customer,) = await add_customers(store, 1)
    every = await subscribe(store, "everything")
    some = await subscribe(store, "profiles", PROFILE, "consent.given")
    await subscribe(store, "cookies", "cookies.changed")
    await subscribe(store, "former", PROFILE, disabled=True)
    (key,) = await store.keys.subjects([customer])
    assert key is not None
    async with store.write() as connection:
        facts = {"service": Ref("Service", 7), "granted": True, "kind": "WEB", "until": MOMENT}
        await announce(connection, key, PROFILE, MOMENT, ["Customer.phone", "Customer.locale"], facts)
    content = {
        "type": PROFILE,
        "timestamp": "2027-02-28T23:59:59Z",
        "data": {
            "customer": store.keys.system.ids("Customer", customer, customer),
            "coordinates": ["Customer.locale", "Customer.phone"],
            "service": store.keys.system.ids("Service", customer, 7),
            "granted": True,
            "kind": "WEB",
            "until": "2027-02-28T23:59:59Z",
        },
    }
    assert await told(store) == [(customer, every, content), (customer, some, content)]


async def test_what_is_rolled_back_is_told_to_nobody(store: Store) -> None:
    (customer,) = await add_customers(store, 1)
    await subscribe(store, "everything")
    (key,) = await store.keys.subjects([customer])
    assert key is not None
    with pytest.raises(LookupError):
        async with store.write() as connection:
            await announce(connection, key, PROFILE, MOMENT)
            raise LookupError
    assert await told(store) == []


async def test_messages_of_a_customer_are_numbered_in_the_order_of_their_changes_also_when_a_clock_is_ahead(
    store: Store,
) -> None:
    (customer,) = await add_customers(store, 1)
    await subscribe(store, "everything")
    (key,) = await store.keys.subjects([customer])
    assert key is not None
    ahead = new_id() + (60_000 << 22)
    async with store.write() as connection:
        await connection.execute(
            insert(outbox).values(id=ahead, customer_id=customer, topic="email", created_at=MOMENT)
        )
    for _ in range(3):
        async with store.write() as connection:
            await announce(connection, key, PROFILE, MOMENT)
    async with store.write() as connection:
        ids = list(await connection.scalars(select(outbox.c.id).where(outbox.c.topic == "webhook")))
    assert len({ahead, *ids}) == 4
    assert min(ids) > ahead


@pytest.mark.parametrize(
    ("event", "coordinates", "facts"),
    [
        ("customer.renamed", [], {}),
        (PROFILE, ["Zephyrine0 Quarkenbusch0"], {}),
        (PROFILE, ["person0@example.com"], {}),
        (PROFILE, [], {"name": "Zephyrine0"}),
        (PROFILE, [], {"phone": "+41 79 000 0000"}),
        (PROFILE, [], {"number": 41790000000}),
        (PROFILE, [], {"parts": ["Zephyrine0"]}),
    ],
)
async def test_values_of_persons_cannot_be_told(event: str, coordinates: list[str], facts: dict[str, Any]) -> None:
    """D1: also when no system is subscribed, so that a mistake shows in every test."""

    class NoReceivers:
        async def execute(self, _: Any) -> list[Any]:
            return []

    with pytest.raises(ValueError, match=r"event|coordinates|fact") as caught:
        await announce(NoReceivers(), _key(), event, MOMENT, coordinates, facts)  # type: ignore[arg-type]
    assert "Zephyrine" not in str(caught.value)


def _key() -> Any:
    from store.crypto.global_ids import GlobalIds
    from store.crypto.subject_key import SubjectKey

    return SubjectKey(1, bytes(32), 0, GlobalIds({1: bytes(32)}, 1))


async def test_an_erased_customer_can_still_be_told_of(store: Store) -> None:
    (customer,) = await add_customers(store, 1)
    receiver = await subscribe(store, "everything")
    async with store.write() as connection:
        await announce_erased(connection, store.keys.system, customer, MOMENT)
    ((owner, to, content),) = await told(store)
    assert (owner, to, content["type"]) == (None, receiver, "customer.erased")


async def test_secrets_open_at_their_own_row_only(store: Store) -> None:
    house = store.keys.system
    sealed = await seal_secret(house, 1, b"secret")
    assert await open_secret(house, 1, sealed) == b"secret"
    assert b"secret" not in sealed
    with pytest.raises(Exception, match="does not open"):
        await open_secret(house, 2, sealed)


def test_event_names_are_unlike_and_well_formed() -> None:
    assert len(BY_NAME) == len(Event)
    assert all(len(name) <= 40 and name.islower() and "." in name for name in BY_NAME)
