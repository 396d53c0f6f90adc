"""The background workers: one list, run in the serving process or in `gateway worker`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Protocol

from gateway.config.settings import Settings
from gateway.run.deliveries import make_deliverer
from gateway.run.sealing import open_eraser, open_sweeper
from gateway.run.serving import Services, now
from gateway.run.stores import store_config
from resolvers.account.signins_tidying import tidy as tidy_signing_in
from resolvers.commands.dependencies import SignInDependencies
from resolvers.disclosures.legal_notices import notify_after_embargo
from resolvers.exports.emails import ExportEmails
from resolvers.restriction.restrictions import lift_announced
from schema.model.meanings import meanings
from schema.model.model import SchemaModel
from workers.disclosures.worker import PeriodicNotifier
from workers.exports.worker import ExportController, Exporter
from workers.grants.closing import GrantKeeper, GrantPeriods
from workers.keys.reservations import ReservationSweep
from workers.keys.rotation import RootKeyRotation
from workers.operations.housekeeping import Housekeeping
from workers.recipients.notices import Notifier


class Worker(Protocol):
    """Runs one kind of background job until it is stopped."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then return soon; a job left unfinished can be resumed by any process (F1)."""


@asynccontextmanager
async def open_workers(
    services: Services, settings: Settings, means: SignInDependencies, model: SchemaModel
) -> AsyncIterator[Sequence[Worker]]:
    """Open all workers for the length of the block. Any number of processes may run them at once."""
    store, config = services.store, store_config(settings)
    exports = ExportController(means.site.name, means.site.address, ExportEmails(means.site).ready)
    async with (
        open_eraser(store, config, settings, means.site, now) as eraser,
        open_sweeper(store, config, settings, means, now) as sweeper,
    ):
        notifier = PeriodicNotifier(partial(notify_after_embargo, store, means.site), now)
        lifter = PeriodicNotifier(partial(lift_announced, store, means.site), now, what="lifts of restrictions")
        rotation = RootKeyRotation(store, settings.root_key_days, clock=now)
        yield [
            Exporter(store, meanings(model), exports),
            make_deliverer(store, settings, services.tokens),
            eraser,
            sweeper,
            notifier,
            lifter,
            Notifier(store, now),
            GrantKeeper(store, _periods(settings), settings.site_name, now),
            rotation,
            ReservationSweep(store),
        ]


@asynccontextmanager
async def working_meanwhile(
    services: Services, settings: Settings, means: SignInDependencies, model: SchemaModel
) -> AsyncIterator[None]:
    """Work in the background while the block runs; what other processes can do, too, only if the settings say so."""
    rotation = RootKeyRotation(services.store, settings.root_key_days, background=False, clock=now)
    always: list[Worker] = [services.reach, services.refusals, services.uses, services.grant_uses, services.lacking]
    async with working([*always, *([] if settings.work else [rotation])]):
        if not settings.work:
            yield
            return
        async with open_workers(services, settings, means, model) as workers, working(workers):
            yield


@asynccontextmanager
async def working(workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Run these workers while the block runs, then stop them and wait for their end."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop), name=type(worker).__name__) for worker in workers]
    try:
        yield
    finally:
        # An event instead of cancellation, so that each worker can finish what it has begun.
        stop.set()
        await asyncio.gather(*tasks)


def make_housekeeping(services: Services, settings: Settings) -> Housekeeping:
    """The round that every serving process goes, whatever the settings say about other work."""
    return Housekeeping(
        services.store, services.keys, services.single_use, timedelta(days=settings.signing_key_days), tidy_signing_in
    )


def _periods(settings: Settings) -> GrantPeriods:
    return GrantPeriods(timedelta(days=settings.grant_days), timedelta(days=settings.unused_grant_days))
