"""Opens the gateway's services from its settings, and closes them in an order that loses nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from gateway.access.acting_persons import ActingPersons
from gateway.access.authenticator import Authenticator
from gateway.access.dpop import DPoPNonces, DPoPVerifier
from gateway.access.fetching import fetch_json
from gateway.access.foreign_keys import ForeignKeys
from gateway.access.provider import Provider, ProviderConfiguration
from gateway.config.settings import Settings
from gateway.run.head_places import same_server
from gateway.run.machine import machine_complaints
from gateway.run.stores import store_config
from gateway.tokens.signing_keys import SigningKeys
from gateway.tokens.tokens import Names, Tokens
from resolvers.clients.registry import ClientRegistry
from resolvers.registers.staff import ActiveStaff
from schema.api.build import declared_rules
from store.database.doctor import server_complaints
from store.database.privileges import complaints
from store.database.store import Store, StoreUnavailableError, open_store
from store.queue.revocation_list import Revocations
from store.queue.single_use import SingleUse
from workers.erasure.missing import redo_missing
from workers.grants.uses import GrantUses
from workers.http.client import HttpClient
from workers.keys.lacking import LackingKeys
from workers.operations.documents import DocumentUses
from workers.operations.reach import DistinctCustomerLimiter
from workers.operations.refusals import Refusals

log = logging.getLogger("gateway")


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


async def warn_of_privileges(settings: Settings, working: bool) -> None:
    """Log warnings about database roles, copies of erased data and the ledger head; skip a store that is down."""
    with suppress(StoreUnavailableError):
        for each in await complaints(store_config(settings), working):
            log.warning("%s", each)
        if working:
            for each in (*await server_complaints(store_config(settings)), *machine_complaints()):
                log.warning("What is erased may be kept elsewhere: %s", each)
    if not settings.demo and not settings.ledger_head and same_server(store_config(settings)):
        log.warning(
            "The ledger's head is remembered on the ledger's own %s, and fails over with it or is restored with it: "
            "move the key store elsewhere, or set GATEWAY_LEDGER_HEAD.",
            "disk" if store_config(settings).ledger.is_sqlite else "server",
        )


@dataclass(frozen=True)
class Services:
    """The store, and the services that authenticate and limit requests."""

    store: Store
    keys: SigningKeys
    tokens: Tokens
    agent_tokens: Tokens
    """The tokens for /mcp."""
    authenticator: Authenticator
    agents: Authenticator
    """Authenticates at /mcp, where no token of /graphql is accepted, and none of an identity provider."""
    persons: ActingPersons
    revocations: Revocations
    proofs: DPoPVerifier
    single_use: SingleUse
    clients: ClientRegistry
    reach: DistinctCustomerLimiter
    refusals: Refusals
    uses: DocumentUses
    grant_uses: GrantUses
    lacking: LackingKeys
    clock: Callable[[], float]
    """Unix seconds."""


def provider(settings: Settings) -> Provider | None:
    """The identity provider of the settings, or None."""
    if not settings.idp_issuer:
        return None
    terms = ProviderConfiguration(
        settings.idp_issuer,
        settings.idp_audience,
        settings.idp_client_claim,
        settings.idp_types,
        settings.idp_scopes,
    )
    fetch = partial(fetch_json, client=HttpClient(settings.webhook_networks))
    keys = ForeignKeys(settings.idp_issuer, time.monotonic, fetch)
    return Provider(terms, keys, settings.clock_skew_seconds, time.time)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open the services for the length of the block; RootKeyError or StoreUnavailableError if the store must not open.

    A store that is merely down does not stop the start (F2): requests get 503 until it is back.
    """
    store = await open_store(store_config(settings))
    try:
        # Before anything is served: after a restore, customers whose erasure was certified are erased again (D5, F8).
        await store.begin_with(lambda: redo_missing(store, now()))
        store.watch()
        # A retired key must verify until the longest-lived token that it signed has expired.
        longest = max(settings.token_seconds, settings.demo_token_seconds)
        keys = SigningKeys(store.keys.system, longest, time.time)
        with suppress(StoreUnavailableError):
            await keys.open()
        names = Names(settings.issuer, settings.audience)
        tokens = Tokens(keys, names, settings.clock_skew_seconds, time.time)
        agent_tokens = Tokens(
            keys, Names(settings.issuer, settings.agent_audience), settings.clock_skew_seconds, time.time
        )
        # monotonic where only durations count; wall clock where times are compared with stored or foreign ones (F3).
        most = settings.customers_per_hour
        clients = ClientRegistry(store.reader, declared_rules(), settings.client_seconds, time.monotonic, most)
        reach, refusals = DistinctCustomerLimiter(store, time.time), Refusals(store, time.time)
        uses = DocumentUses(store, time.time)
        revocations = Revocations(store.reader, time.time, clients.forget)
        single_use = SingleUse(store)
        addresses = frozenset({settings.public_url})
        proofs = DPoPVerifier(DPoPNonces(store.keys.system, time.time), single_use, addresses, time.time)
        authenticator = Authenticator(tokens, keys, clients, revocations, proofs, time.time, provider(settings))
        agents = Authenticator(agent_tokens, keys, clients, revocations, proofs, time.time, agents=True)
        persons = ActingPersons(
            clients,
            ActiveStaff(store.reader),
            store.keys.system,
            single_use,
            settings.issuer,
            settings.clock_skew_seconds,
            time.time,
        )
        yield Services(
            store,
            keys,
            tokens,
            agent_tokens,
            authenticator,
            agents,
            persons,
            revocations,
            proofs,
            single_use,
            clients,
            reach,
            refusals,
            uses,
            GrantUses(store, time.time),
            LackingKeys(store),
            time.time,
        )
    finally:
        await store.close()
