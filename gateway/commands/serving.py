"""`gateway serve`, `gateway worker` and `gateway demo`."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

import click
from prometheus_client import CollectorRegistry

from gateway.access.budgets import Budgets
from gateway.access.rate_limits import RateLimit
from gateway.agents.endpoint import list_routes as agent_routes
from gateway.api.consent_receipts import list_routes as consent_routes
from gateway.api.evaluations import list_routes as evaluation_routes
from gateway.api.exports import list_routes as export_routes
from gateway.api.metrics import list_routes as metric_routes
from gateway.api.metrics import of_graphql, of_sign_ins
from gateway.api.rdap import list_routes as rdap_routes
from gateway.api.readiness import Readiness
from gateway.api.receipts import list_routes as receipt_routes
from gateway.api.security_txt import list_routes as security_routes
from gateway.commands.common import CANNOT_START, errors_as_sentences, read_settings
from gateway.commands.demo_instructions import demo_instructions
from gateway.config.settings import Settings, SettingsError
from gateway.demo import load
from gateway.demo.acquirer import list_routes as acquirer_routes
from gateway.demo.acquirer import open_for_business
from gateway.demo.marks import require_demo_or_nothing
from gateway.demo.tokens import DemoTokens
from gateway.http import server
from gateway.http.pages import page_documents
from gateway.run import serving
from gateway.run.app import Parts, build
from gateway.run.browsers import Browsers
from gateway.run.dependencies import make_means
from gateway.run.oauth_service import list_routes, make_authorization_server
from gateway.run.sealing import sealed_meanwhile
from gateway.run.serving import Services, open_services
from gateway.run.staff_service import list_routes as staff_routes
from gateway.run.stores import store_config
from gateway.run.working import make_housekeeping, open_workers, working, working_meanwhile
from gateway.signin.pages.consent_script import list_routes as consent_routes_of_sites
from gateway.signin.pages.privacy import list_routes as notice_routes
from gateway.signin.routes import list_routes as sign_in_routes
from gateway.signin.routes import make_sign_in_services
from policy.rules import Rule
from resolvers.clients.client_area import register_client_area
from resolvers.commands.dependencies import SignInDependencies
from schema.api.api import Api
from schema.documents.limits import Limits
from schema.model.lint import SchemaError
from store.database.store import StoreUnavailableError
from store.ledger.signing_keys import known_signers
from store.upgrade.upgrade import upgrade_all

if TYPE_CHECKING:
    from gateway.run.traces import Traces

log = logging.getLogger("gateway")

Opened = Callable[[Services, Settings], Awaitable[Callable[[], None]]]


@click.command()
def serve() -> None:
    """Serve the API and the pages by the settings, until SIGTERM or Ctrl-C.

    \b
    The store must be at this release's version:
        gateway db upgrade && gateway serve
    On another port, for other machines:
        PORT=9000 GATEWAY_HOST=0.0.0.0 gateway serve
    """
    settings = read_settings(to_serve=True)
    # The port first: if it is taken, nothing has been opened or migrated yet.
    with errors_as_sentences(), server.listen(settings.host, settings.port) as listening:
        server.run(answer_until_stopped(settings, listening, _say_where))


@click.command()
def demo() -> None:
    """Serve a company of invented customers, and print what to try.

    \b
    The first run creates the store and fills it; later runs keep it. In another folder, on another port:
        GATEWAY_DATA_DIR=/tmp/try PORT=9000 gateway demo
    """
    settings = read_settings(demo=True)
    with errors_as_sentences(), server.listen(settings.host, settings.port) as listening:
        server.run(_demo(settings, listening))


@click.command()
def worker() -> None:
    """Run background jobs: erasures, exports, deliveries. Any number of processes may; each job is done once.

    `gateway serve` runs them, too, unless GATEWAY_WORK=no.

    \b
        GATEWAY_WORK=no gateway serve &
        gateway worker
    """
    settings = read_settings(to_serve=True, maintains=True)
    with errors_as_sentences():
        server.run(_work_until_stopped(settings))


async def _work_until_stopped(settings: Settings) -> None:
    means = make_means(settings)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with open_services(settings) as services:
        await serving.warn_of_privileges(settings, working=True)
        model = make_api(services, settings, make_budgets(settings), means).model
        async with open_workers(services, settings, means, model) as workers, working(workers):
            log.info("working")
            await stop.wait()
    log.info("stopped")


async def _demo(settings: Settings, listening: socket.socket) -> None:
    config = store_config(settings)
    # Before the upgrade: a real store must not even be migrated by the demo.
    await require_demo_or_nothing(config)
    await upgrade_all(config)
    await answer_until_stopped(settings, listening, _fill_and_instruct)


async def answer_until_stopped(settings: Settings, listening: socket.socket, opened: Opened) -> None:
    """Open the services, serve until stopped, close them; `opened` makes the callback for the start of the server."""
    with ExitStack() as ended:
        traces = ended.enter_context(_opened_traces(settings.traces)) if settings.traces else None
        async with open_services(settings) as services:
            if traces is not None:
                traces.watch(services.store)
            await _answer(services, settings, listening, opened, traces)
    log.info("stopped")


def _opened_traces(endpoint: str) -> AbstractContextManager[Traces]:
    """Traces for the length of the block; SettingsError without the packages that they need."""
    try:
        # Here, because to load it takes longer than all the rest of many a command, and nearly nobody has it installed.
        from gateway.run.traces import opened_traces
    except ModuleNotFoundError as error:
        raise SettingsError(
            "GATEWAY_TRACES needs OpenTelemetry: pip install --require-hashes -r requirements/traces.txt"
        ) from error
    return opened_traces(endpoint)


async def _answer(
    services: Services, settings: Settings, listening: socket.socket, opened: Opened, traces: Traces | None
) -> None:
    await serving.warn_of_privileges(settings, working=settings.work or settings.seal_ledger)
    started = await opened(services, settings)
    tokens = DemoTokens(services.store, services.tokens, settings.demo_token_seconds)
    with suppress(StoreUnavailableError):  # F2: a store that is down does not stop the start.
        await register_client_area(services.store, page_documents().values(), serving.now())
        if settings.demo:
            await tokens.require_demo()
    means = make_means(settings)
    budgets = make_budgets(settings)
    api = make_api(services, settings, budgets, means)
    sign_in = make_sign_in_services(services.store, settings, means, api, serving.now)
    rdap_limit = RateLimit(settings.rdap_per_minute, settings.proxies, settings.proxy_header)
    latencies = CollectorRegistry(auto_describe=False) if settings.metrics else None
    # A process that cannot follow revocations lets nobody in, so it is not ready, either (O5).
    ready = Readiness(services.store.ready, services.revocations.follow)
    parts = Parts(
        settings=settings,
        api=api,
        authenticator=services.authenticator,
        persons=services.persons,
        keys=services.keys,
        budgets=budgets,
        origins=services.clients.origins,
        ready=ready,
        rules=api.model.rules,
        demo_tokens=tokens.listed if settings.demo else None,
        ledger=services.store.ledger_reader,
        withheld=lambda: services.store.ledger.withheld,
        routes=[
            *list_routes(
                make_authorization_server(services, settings, Browsers(sign_in), means, api),
                actions(api.model.rules.values()),
            ),
            *sign_in_routes(sign_in),
            *staff_routes(services, sign_in, settings),
            *consent_routes(
                services.authenticator,
                api,
                serving.now,
                settings.public_url,
                partial(known_signers, services.store.ledger_reader, services.store.keys.system),
            ),
            *security_routes(settings.security_contact, settings.public_url, serving.now),
            *rdap_routes(api, serving.now, settings.public_url, rdap_limit, settings.registrar),
            *(acquirer_routes(services.store) if settings.demo else ()),
            *export_routes(services.store, services.authenticator, api.model, serving.now),
            *receipt_routes(services.store, settings.site_name),
            *evaluation_routes(
                services.authenticator, api.model, services.clients, settings.public_url, settings.body_seconds
            ),
            *consent_routes_of_sites(settings),
            *notice_routes(services.store.reader, services.store.ledger_reader, settings, serving.now),
            *metric_routes(
                services.store,
                api.counts,
                settings.metrics,
                serving.now,
                settings.proxies,
                services.refusals.totals,
                latencies,
                services.lacking,
                (of_graphql(api.requests), of_sign_ins(sign_in.authentication.counts)),
            ),
        ],
        agents=lambda limiter: agent_routes(services.agents, api, services.persons, limiter, settings),
        latencies=latencies,
        traced=None if traces is None else traces.requests,
    )
    sealing = sealed_meanwhile(services.store, store_config(settings), settings)
    keeping = make_housekeeping(services, settings).running()
    # Entered in this order, so left in reverse: workers stop first, and the sealer, last, signs their entries.
    async with sealing, keeping, working_meanwhile(services, settings, means, api.model):
        await server.serve(build(parts), settings, listening, started, ready.stop)


def actions(rules: Iterable[Rule]) -> set[str]:
    """The scopes, other than purposes, that fields of the schema require."""
    return {scope for rule in rules for choice in rule.scopes for scope in choice}


def make_budgets(settings: Settings) -> Budgets:
    """The budgets of clients and customers, which are whole at the start."""
    return Budgets(settings.client_budget, time.monotonic, settings.customer_budget)


def make_agent_budgets(settings: Settings) -> Budgets:
    """The budgets of agents, and of customers through them: never more than those of the same client at /graphql."""
    most = min(settings.agent_budget, settings.client_budget)
    return Budgets(most, time.monotonic, min(most, settings.customer_budget))


def make_api(services: Services, settings: Settings, budgets: Budgets, means: SignInDependencies | None = None) -> Api:
    """The GraphQL API; ends the process if the schema is not safe to serve (G9)."""
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
        return Api(
            services.store,
            limits,
            clock=serving.now,
            budget=budgets,
            agent_budget=make_agent_budgets(settings),
            dependencies=means,
            watch=services.reach,
            references=settings.references,
            tally=services.refusals,
            uses=services.uses,
            memory=settings.document_memory,
        )
    except SchemaError as error:
        click.echo(str(error), err=True)
        raise SystemExit(CANNOT_START) from error


async def _say_where(services: Services, settings: Settings) -> Callable[[], None]:
    return lambda: log.info("answering", extra={"address": f"http://{settings.host}:{settings.port}"})


async def _fill_and_instruct(services: Services, settings: Settings) -> Callable[[], None]:
    if await load(services.store):
        log.info("the demo was loaded")
    await open_for_business(services.store, settings)
    text = await demo_instructions(DemoTokens(services.store, services.tokens, settings.demo_token_seconds), settings)
    return lambda: click.echo(text)
