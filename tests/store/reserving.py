"""Registers a customer whose address others want, too; with a pause before the data is committed, to be killed in."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from resolvers.customers.new_customer import NewCustomer, PersonName, PostalAddress
from resolvers.customers.registration import add
from store.database.config import StoreConfig
from store.lookups.reservations import LookupTakenError, reserving
from tests.store.elsewhere import main, say
from tests.stores import opened

WHEN = datetime(2026, 11, 23, tzinfo=UTC)


def newcomer(email: str) -> NewCustomer:
    """Somebody with this address."""
    return NewCustomer(PersonName("A", "B"), email, PostalAddress("Weg 1", "8000", "Zürich", "CH"), WHEN)


async def work(config: StoreConfig, arguments: list[str]) -> None:
    pause, *emails = arguments
    async with opened(config) as store:
        say("ready")
        for email in emails:
            with suppress(LookupTakenError):
                async with reserving(store) as reserved, store.write() as connection:
                    (id_,) = await add(connection, store, reserved, [newcomer(email)], now=WHEN)
                    await reserved.written(connection)
                    say("reserved")
                    await asyncio.sleep(float(pause))
                say(f"{email} {id_}")


if __name__ == "__main__":
    main(work)
