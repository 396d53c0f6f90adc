"""(R26, S13) What is published of an owner, as the statement itself decides: confirmed, and all conditions together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.demo.population import population
from policy.conditions import Condition
from resolvers.customers.registration import register
from resolvers.reads.fetches import Projection
from resolvers.reads.filters import NOW as MOMENT
from resolvers.reads.pages import PageOf, Span
from store.database.store import Store
from store.tables.domains import domains

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
D = domains.c


async def shown(store: Store, *conditions: Condition) -> set[int]:
    """The domains whose owner's name is read under these conditions."""
    projection = Projection(domains, frozenset({D.registrant_name}), masks={D.registrant_name: frozenset(conditions)})
    page = PageOf(store.reader, projection)
    at = page.layout.at[D.registrant_name]
    return {row[0] for row in await page.rows(None, Span(500), {MOMENT: NOW}) if row[at] is not None}


@pytest.fixture
async def published(store: Store) -> set[int]:
    """Domains of the demo whose owner's name is published."""
    await register(store, population(NOW, 40), now=NOW)
    found = await shown(store, Condition.WHOIS_NAME_PUBLISHED)
    assert 0 < len(found) < len(await shown(store))
    return found


async def test_nothing_is_published_before_the_owner_has_confirmed(store: Store, published: set[int]) -> None:
    one, *others = sorted(published)
    async with store.write() as connection:
        await connection.execute(update(domains).where(D.id == one).values(registrant_confirmed_at=None))
    assert await shown(store, Condition.WHOIS_NAME_PUBLISHED) == set(others)


async def test_of_several_conditions_each_must_hold(store: Store, published: set[int]) -> None:
    runs = Condition.REGISTRATION_RUNS
    running = await shown(store, runs)
    assert await shown(store, runs, Condition.WHOIS_NAME_PUBLISHED) == published & running != running
