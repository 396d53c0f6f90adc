"""Two replicas of the gateway on one store, with clients and customers, for tests to talk to over HTTP."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import insert

from policy.app_scopes import APP_SCOPES
from policy.grant import Refusal
from policy.openid import OPENID_SCOPES
from policy.purposes import Purpose
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from store.database.config import StoreConfig
from store.database.store import Store
from store.sql.ids import new_id
from store.tables.access import sessions
from tests.fork_server import ForkedPopen
from tests.gateway.servers import ROOT, Running, environment, free_port
from tests.oauth.idp import SCOPES, Idp, provider
from tests.store.people import add_customers
from tests.stores import Databases, opened

BACK = "https://app.example/back?from=gateway"
"""Where the clients want their customers back; with a query, which has to stay."""
PLAIN = "https://app.example/plain"
"""Another place, without one."""
EC_KEY = ECKey.generate_key("P-256")
RSA_KEY = RSAKey.generate_key(2048)
SELF, LETS_IN = frozenset({Purpose.SELF_SERVICE}), frozenset({Purpose.AUTHENTICATION})
Result = TypeVar("Result")


GUEST = frozenset({"profile:read", "services:read"})
"""What the guest may be allowed by customers."""
SESSIONS = 600
"""Sessions of each customer, for browsers that say which one they are in by a header (`replica.py`)."""


def public(*keys: ECKey | RSAKey) -> str:
    return json.dumps({"keys": [key.as_dict(private=False) | {"kid": key.thumbprint()} for key in keys]})


def _app(id_: str, **facts: Any) -> NewClient:
    terms = {"redirect_uris": (BACK, PLAIN), "first_party": True, "actions": frozenset({"services:write"})}
    return NewClient(id=id_, name=f"The app {id_}", kind=ClientKind.APP, purposes=SELF, **terms | facts)


def _web(id_: str) -> NewClient:
    """A client of the profile FAPI 2.0."""
    terms = {"redirect_uris": (BACK,), "first_party": True, "actions": OPENID_SCOPES, "keys": public(EC_KEY)}
    held = {"dpop": True, "pushed": True, "fapi2": True}
    return NewClient(id=id_, name=f"The web {id_}", kind=ClientKind.WEB, purposes=SELF, **terms | held)  # type: ignore[arg-type]


def _tool(id_: str, **facts: Any) -> NewClient:
    purposes = facts.pop("purposes", frozenset({Purpose.INVOICING}))
    return NewClient(id=id_, name=f"The tool {id_}", kind=ClientKind.TOOL, purposes=purposes, **facts)


CLIENTS = (
    _app("phone", origins=("https://phone.example",)),
    _app("tablet", origins=("https://tablet.example:8443",)),
    _app("bound", dpop=True),
    _app("once", refresh=False),
    _app("pusher", pushed=True),
    _app("guest", first_party=False, actions=GUEST),
    _app("lodger", first_party=False, actions=APP_SCOPES, introspection=True),
    _app("taker", first_party=False, actions=APP_SCOPES, refusal=Refusal.WITHHOLD),
    _app("mail", platform="WEBMAIL", actions=OPENID_SCOPES | {"services:write"}),
    _app("portal", first_party=False, actions=frozenset({"openid", "email"})),
    NewClient(id="shop", name="A <shop>", kind=ClientKind.WEB, purposes=SELF, redirect_uris=(BACK,), first_party=True),
    *(_web(name) for name in ("bank", "other-bank")),
    _tool("billing", actions=frozenset({"audit:read"}), introspection=True),
    _tool("noc", purposes=frozenset({Purpose.EMERGENCY_CONTACT, Purpose.INVOICING})),
    _tool("resource", actions=frozenset({"tokens:introspect"})),
    _tool("imap", purposes=LETS_IN, actions=frozenset({"tokens:introspect"}), platform="WEBMAIL"),
    _tool("signer", keys=public(EC_KEY)),
    _tool("rsa", keys=public(RSA_KEY, EC_KEY)),
    *(_tool(f"spare{number}") for number in range(12)),
)
"""The spare ones are for tests that change or slow down their client."""


@dataclass
class Site:
    """The replicas, and what a test has to know of them."""

    kind: str
    folder: Path
    config: StoreConfig
    issuer: str
    replicas: list[Running] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    customers: list[int] = field(default_factory=list)
    sessions: dict[int, list[int]] = field(default_factory=dict)
    spare: int = 0
    ahead: float = 0
    idp: Idp = field(default_factory=Idp)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=120))
    """One for all tests: making one costs more than most of them do."""

    @property
    def urls(self) -> list[str]:
        """Where the replicas answer; the first is what the world knows."""
        return [replica.url for replica in self.replicas]

    def new_session(self, customer: int = 0) -> int:
        """The id of an open session of a customer that no other test uses."""
        return self.sessions[self.customers[customer]].pop()

    def new_tool(self) -> tuple[str, str]:
        """A tool that no other test uses, and its secret."""
        self.spare += 1
        id_ = f"spare{self.spare - 1}"
        return id_, self.secrets[id_]

    def outside(self, type_name: str, owner: int, key: int) -> str:
        """The id of a row as the world outside knows it."""

        async def shown(store: Store) -> str:
            return store.keys.system.ids(type_name, owner, key)

        return self.on_store(shown)

    def customer(self, place: int) -> str:
        """The id of a customer."""
        return self.outside("Customer", self.customers[place], self.customers[place])

    def on_store(self, work: Callable[[Store], Awaitable[Result]]) -> Result:
        """Do something to the store from a third process: this one."""

        async def run() -> Result:
            async with opened(self.config) as store:
                return await work(store)

        return asyncio.run(run())

    def forgive(self) -> None:
        """Forget the failures of the tests before: all come from one network, and a fast machine makes many of them."""
        statement = "DELETE FROM slowdowns"
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.config.database.path, timeout=30)) as connection, connection:
                connection.execute(statement)
        else:
            asyncio.run(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.config.database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def turn_clock(self, seconds: float) -> None:
        """Put the clocks of all replicas ahead of real time."""
        self.ahead = seconds
        (self.folder / "clock").write_text(str(seconds))

    def now(self) -> int:
        """What time it is for the replicas, in Unix seconds."""
        return int(time.time() + self.ahead)

    def log(self) -> str:
        """What the replicas have logged."""
        return "".join(replica.log() for replica in self.replicas)


async def furnish(site: Site) -> None:
    """Register clients and customers."""
    async with opened(site.config) as store:
        for client in CLIENTS:
            secret = await ClientRegistrar(store).create(client, datetime.now(UTC))
            if secret is not None:
                site.secrets[client.id] = secret
        site.customers = await add_customers(store, 10)
        site.sessions = await open_sessions(store, site.customers)


async def open_sessions(store: Store, people: Iterable[int]) -> dict[int, list[int]]:
    """Many open sessions of each customer."""
    now = datetime.now(UTC)
    facts = {"platform": "CLIENT_AREA", "started_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=1)}
    made = {person: [new_id() for _ in range(SESSIONS)] for person in people}
    rows = [facts | {"id": id_, "customer_id": person} for person, ids in made.items() for id_ in ids]
    async with store.write() as connection:
        await connection.execute(insert(sessions), rows)
    return made


def settings_of(site: Site, **more: str) -> dict[str, str]:
    """The settings of every replica."""
    config = site.config
    urls = {"GATEWAY_DATABASE_URL": config.database_url, "GATEWAY_KEY_STORE_URL": config.key_store_url}
    ledger = {} if config.ledger_url is None else {"GATEWAY_LEDGER_URL": config.ledger_url}
    rest = {"GATEWAY_ISSUER": site.issuer, "GATEWAY_ROOT_KEY_PATH": str(config.root_key_path)}
    rest |= {"GATEWAY_IDP_ISSUER": site.idp.issuer, "GATEWAY_IDP_SCOPES": json.dumps(SCOPES)}
    return environment(site.folder, **urls, **ledger, **rest, **more)


def start(site: Site, port: int, **more: str) -> Running:
    """Start a replica, without waiting for it."""
    output = site.folder / f"output-{port}.txt"
    with output.open("wb") as file:
        process = ForkedPopen(
            ["tests.oauth.replica"],
            env=settings_of(site, PORT=str(port), **more),
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
    return Running(process, port, output)


def wait_for(replica: Running) -> None:
    """Wait until it answers."""
    until = time.monotonic() + 180
    while time.monotonic() < until and replica.process.poll() is None:
        try:
            httpx.get(f"{replica.url}/healthz", timeout=1)
            return
        except httpx.TransportError:
            time.sleep(0.03)
    raise AssertionError(f"it did not start:\n{replica.log()}")


@contextmanager
def serving(kind: str, databases: Databases, folder: Path, **more: str) -> Iterator[Site]:
    """Two replicas on a store of a kind; `more` are settings of both."""
    with asyncio.Runner() as runner, provider() as idp:
        fresh = databases.fresh(kind)
        config = runner.run(fresh.__aenter__())
        ports = [free_port(), free_port()]
        site = Site(kind, folder, config, f"http://127.0.0.1:{ports[0]}", idp=idp)
        try:
            runner.run(furnish(site))
            site.replicas = [start(site, port, **more) for port in ports]
            for replica in site.replicas:
                wait_for(replica)
            yield site
        finally:
            site.http.close()
            for replica in site.replicas:
                if replica.process.poll() is None:
                    replica.process.terminate()
            for replica in site.replicas:
                replica.process.wait(120)
            runner.run(fresh.__aexit__(None, None, None))
