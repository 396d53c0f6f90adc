"""`gateway serve` and `gateway demo`."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import click

from gateway.access.budgets import Budgets
from gateway.access.client_area import register_client_area
from gateway.access.rate_limits import RateLimit
from gateway.api.consent_receipts import list_routes as consent_routes
from gateway.api.exports import list_routes as export_routes
from gateway.api.metrics import list_routes as metric_routes
from gateway.api.rdap import list_routes as rdap_routes
from gateway.api.readiness import Readiness
from gateway.api.receipts import list_routes as receipt_routes
from gateway.commands.common import CANNOT_START, read_settings, told_in_a_sentence
from gateway.commands.welcome import welcome
from gateway.config.settings import Settings
from gateway.demo import load
from gateway.demo.acquirer import list_routes as acquirer_routes
from gateway.demo.acquirer import open_for_business
from gateway.demo.marks import require_demo_or_nothing
from gateway.http import server
from gateway.run import serving
from gateway.run.app import Parts, build
from gateway.run.browsers import Browsers
from gateway.run.demo_tokens import DemoTokens
from gateway.run.housekeeping import Housekeeping
from gateway.run.oauth_service import list_routes, open_house
from gateway.run.sealing import sealed_meanwhile
from gateway.run.serving import Services, open_works, store_config
from gateway.run.working import open_workers, working, working_meanwhile
from gateway.signin.pages.privacy import list_routes as notice_routes
from gateway.signin.routes import list_routes as sign_in_routes
from gateway.signin.routes import make_house, make_means
from policy.rules import Rule
from resolvers.commands.dependencies import SignInDependencies
from schema.api.api import Api
from schema.documents.limits import Limits
from schema.model.lint import SchemaError
from store.database.store import StoreUnavailableError
from store.upgrade.upgrade import upgrade_all

log = logging.getLogger("gateway")

Opened = Callable[[Services, Settings], Awaitable[Callable[[], None]]]


@click.command()
def serve() -> None:
    """Serve what the settings say, until SIGTERM or Ctrl-C.

    \b
    The store must be at this release's version:
        gateway db upgrade && gateway serve
    On another port, for other machines:
        PORT=9000 GATEWAY_HOST=0.0.0.0 gateway serve
    """
    settings = read_settings(to_serve=True)
    with told_in_a_sentence(), server.listen(settings.host, settings.port) as listening:
        server.run(answer_until_stopped(settings, listening, _say_where))


@click.command()
def demo() -> None:
    """Serve a company of invented customers, and print what to try.

    \b
    The first run creates the store and fills it; later runs keep it. In another folder, on another port:
        GATEWAY_DATA_DIR=/tmp/try PORT=9000 gateway demo
    """
    settings = read_settings(demo=True)
    with told_in_a_sentence(), server.listen(settings.host, settings.port) as listening:
        server.run(_demo(settings, listening))


@click.command()
def worker() -> None:
    """Do the work beside answering: erasures, exports. Any number of processes may; each case is done once.

    `gateway serve` does it too, unless GATEWAY_WORK=no.

    \b
        GATEWAY_WORK=no gateway serve &
        gateway worker
    """
    settings = read_settings(to_serve=True)
    with told_in_a_sentence():
        server.run(_work_until_stopped(settings))


async def _work_until_stopped(settings: Settings) -> None:
    means = make_means(settings)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with open_works(settings) as works:
        await serving.tell_privileges(settings, working=True)
        model = make_api(works, settings, means).model
        async with open_workers(works, settings, means, model) as workers, working(workers):
            log.info("working")
            await stop.wait()
    log.info("stopped")


async def _demo(settings: Settings, listening: socket.socket) -> None:
    config = store_config(settings)
    await require_demo_or_nothing(config)
    await upgrade_all(config)
    await answer_until_stopped(settings, listening, _fill_and_welcome)


async def answer_until_stopped(settings: Settings, listening: socket.socket, opened: Opened) -> None:
    """Open the store, serve, close the store; `opened` prepares what is told once requests are answered."""
    async with open_works(settings) as works:
        await serving.tell_privileges(settings, working=settings.work or settings.seal_ledger)
        started = await opened(works, settings)
        tokens = DemoTokens(works, settings)
        with suppress(StoreUnavailableError):  # while it is down nobody can tell; each token is asked for again
            await register_client_area(works.store, serving.now())
            if settings.demo:
                await tokens.require_demo()
        means = make_means(settings)
        api = make_api(works, settings, means)
        house = make_house(works.store, settings, means, api, serving.now)
        looking = RateLimit(settings.rdap_per_minute, settings.proxies, settings.proxy_header)
        parts = Parts(
            settings=settings,
            api=api,
            door=works.door,
            keys=works.keys,
            ready=Readiness(works.store.ready, works.revocations.follow),
            rules=api.model.rules,
            demo_tokens=tokens.listed if settings.demo else None,
            ledger=works.store.ledger_reader,
            withheld=lambda: works.store.ledger.withheld,
            routes=[
                *list_routes(open_house(works, settings, Browsers(house), means), actions(api.model.rules.values())),
                *sign_in_routes(house),
                *consent_routes(works.door, api, serving.now, settings.public_url),
                *rdap_routes(api, serving.now, settings.public_url, looking),
                *(acquirer_routes(works.store) if settings.demo else ()),
                *export_routes(works.store, works.door, api.model, serving.now),
                *receipt_routes(works.store),
                *notice_routes(works.store.reader, works.store.ledger_reader, settings, serving.now),
                *metric_routes(
                    works.store, api.counts, settings.metrics, serving.now, settings.proxies, works.refusals.totals
                ),
            ],
        )
        sealing = sealed_meanwhile(works.store, store_config(settings), settings)
        keeping = Housekeeping(works.store, works.keys, works.single_use, settings).running()
        async with sealing, keeping, working_meanwhile(works, settings, means, api.model):
            await server.serve(build(parts), settings, listening, started)
    log.info("stopped")


def actions(rules: Iterable[Rule]) -> set[str]:
    """The scopes beside purposes that some field of the schema asks for."""
    return {scope for rule in rules for choice in rule.scopes for scope in choice}


def make_api(works: Services, settings: Settings, means: SignInDependencies | None = None) -> Api:
    """What answers questions; ends the process when the schema is not safe to serve (G9)."""
    limits = Limits(
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        fields=settings.max_fields,
        aliases=settings.max_aliases,
        root_fields=settings.max_root_fields,
        cost=settings.max_cost,
        seconds=settings.request_seconds,
    )
    try:
        budget = Budgets(settings.client_budget, time.monotonic, settings.customer_budget)
        return Api(
            works.store,
            limits,
            clock=serving.now,
            budget=budget,
            dependencies=means,
            watch=works.reach,
            references=settings.references,
            tally=works.refusals,
            memory=settings.document_memory,
        )
    except SchemaError as error:
        click.echo(str(error), err=True)
        raise SystemExit(CANNOT_START) from error


async def _say_where(works: Services, settings: Settings) -> Callable[[], None]:
    return lambda: log.info("answering", extra={"address": f"http://{settings.host}:{settings.port}"})


async def _fill_and_welcome(works: Services, settings: Settings) -> Callable[[], None]:
    if await load(works.store):
        log.info("the demo was loaded")
    await open_for_business(works.store, settings)
    text = await welcome(DemoTokens(works, settings), settings)
    return lambda: click.echo(text)
