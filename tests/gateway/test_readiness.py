"""Readiness asks what serving needs, cheaply and once for all who ask together (F7)."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.api.readiness import KEPT_SECONDS, Readiness
from store.database.config import StoreConfig
from store.database.store import Store
from store.queue.revocation_list import Revocations
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.stores import Databases

pytestmark = pytest.mark.anyio


class Clock:
    """Seconds that only the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_f7_a_thousand_probes_are_one_question_a_second(store: Store) -> None:
    statements: list[str] = []
    store.reader.listeners.append(statements.append)
    revocations, clock, asked = Revocations(store.reader, time.time, print), Clock(), 0

    async def ready() -> None:
        nonlocal asked
        asked += 1
        await store.ready()

    readiness = Readiness(ready, revocations.follow, clock=clock)
    await asyncio.gather(*(readiness() for _ in range(1_000)))
    first = len(statements)
    assert asked == 1 and any("revocations" in each for each in statements), "serving needs the list, too"
    await readiness()
    assert (asked, len(statements)) == (1, first)
    clock.now += KEPT_SECONDS + 0.1
    await readiness()
    assert asked == 2


async def test_f7_a_failure_is_told_to_all_and_never_kept() -> None:
    broken = True

    async def ask() -> None:
        await asyncio.sleep(0)
        if broken:
            raise StoreUnavailableError(OutageCause.READ_ONLY)

    readiness = Readiness(ask)
    told = await asyncio.gather(*(readiness() for _ in range(5)), return_exceptions=True)
    assert [getattr(each, "cause", None) for each in told] == [OutageCause.READ_ONLY] * 5
    broken = False
    await readiness()


async def test_f7_a_probe_that_is_given_up_takes_the_answer_from_nobody() -> None:
    go = asyncio.Event()

    async def wait() -> None:
        await go.wait()

    readiness = Readiness(wait)
    impatient, patient = asyncio.create_task(readiness()), asyncio.create_task(readiness())
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    go.set()
    await patient


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_f7_a_list_of_revocations_that_cannot_be_read_is_not_ready(
    store: Store, store_config: StoreConfig, databases: Databases
) -> None:
    """The store answers otherwise: only what every request needs first is missing."""
    readiness = Readiness(store.ready, Revocations(store.reader, time.time, print).follow)
    name = store_config.database.url.database or ""
    await readiness()
    await databases.administer("ALTER TABLE revocations RENAME TO elsewhere", name)
    try:
        await asyncio.sleep(KEPT_SECONDS + 0.1)
        with pytest.raises(StoreUnavailableError):
            await readiness()
    finally:
        await databases.administer("ALTER TABLE elsewhere RENAME TO revocations", name)
