"""Addresses of databases in the forms that libpq accepts, with hosts to fail over between, and connecting to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

READ_WRITE, PRIMARY = "read-write", "primary"
TARGET = "target_session_attrs"
"""The parameter of libpq that says which of several hosts is wanted."""
TARGETS = (READ_WRITE, PRIMARY, "any")
"""The servers that a store can be served from; a `standby` cannot be written to, and so records no reading."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a database: `sqlite:////folder/file.db` or `postgresql://user:password@host:port/database`.

    PostgreSQL takes several hosts, `host1:5432,host2:5432`, and `?host=…&port=…`, as libpq does; one of them that
    accepts writes is used. `pooled`: it leads to a pooler that gives each transaction another session of the server,
    such as PgBouncer with `pool_mode = transaction`.
    """

    url: URL
    hosts: tuple[tuple[str, int], ...] = ()
    pooled: bool = False

    @classmethod
    def parse(cls, text: str, pooled: bool = False) -> Address:
        """Parse a setting; ValueError for any other kind, without the text, which may contain a password."""
        scheme, _, rest = text.partition("://")
        if scheme != "postgresql":
            return cls._file(text)
        # SQLAlchemy's parser knows one host: the others are taken out before, where the authority ends at / or ?.
        ends = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
        who, at, named = rest[:ends].rpartition("@")
        try:
            url = make_url(f"postgresql://{who}{at}{'localhost' if named else ''}{rest[ends:]}")
            found = [_host(each) for each in named.split(",")] if named else _in_query(url)
        except (SQLAlchemyError, ValueError):
            raise ValueError("not a database address: use postgresql://USER@HOST:PORT/NAME") from None
        if named and (url.query.get("host") or url.query.get("port")):
            raise ValueError("name the hosts once: either before the path, or in ?host=…&port=…")
        if url.query.get(TARGET, PRIMARY) not in TARGETS:
            raise ValueError(f"{TARGET} is one of {', '.join(TARGETS)}: a standby takes no writes")
        url = url._replace(host=None, port=None).difference_update_query(("host", "port"))
        return cls(url, tuple(found), pooled)

    @classmethod
    def _file(cls, text: str) -> Address:
        try:
            url = make_url(text)
        except SQLAlchemyError:
            raise ValueError("not a database address") from None
        if url.get_backend_name() != "sqlite":
            raise ValueError(f"a database is sqlite:// or postgresql://, not {url.get_backend_name()}://")
        # Without a path it would be an in-memory database, a separate one for each connection.
        if not url.database:
            raise ValueError("an SQLite database needs a file: sqlite:///path")
        return cls(url)

    @property
    def is_sqlite(self) -> bool:
        """True for a local file, False for a server."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """The path of the SQLite file."""
        return Path(self.url.database or "")

    @property
    def dsn(self) -> str:
        """The address with the password, in the form of libpq and of asyncpg."""
        url = self.url
        if self.hosts:
            named = ",".join(
                f"[{host}]" if ":" in host and not host.startswith("/") else host for host, _ in self.hosts
            )
            url = url.update_query_dict({"host": named, "port": ",".join(str(port) for _, port in self.hosts)})
        if wanted := self.target:
            url = url.update_query_dict({TARGET: wanted})
        return url.render_as_string(hide_password=False)

    @property
    def target(self) -> str | None:
        """The kind of server that is wanted; None for the only one there is."""
        asked = self.url.query.get(TARGET, PRIMARY if len(self.hosts) > 1 else None)
        # Asked for `read-write`, a client passes by each server on which the session itself is set to read only.
        return PRIMARY if asked == READ_WRITE else None if asked is None else str(asked)

    def at(self, host: tuple[str, int]) -> Address:
        """The address of one of the hosts alone, still of the kind that is wanted."""
        wanted = self.target
        return replace(self, hosts=(host,), url=self.url.update_query_dict({TARGET: wanted}) if wanted else self.url)

    def owned_by(self, owner: Address) -> Address:
        """The same database, reached with another address's user and password."""
        return replace(self, url=self.url.set(username=owner.url.username, password=owner.url.password))


PORT = 5432


def _host(text: str) -> tuple[str, int]:
    """A host and its port; ValueError for a port that is none."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    return unquote(host), int(port) if port else PORT


def _in_query(url: URL) -> list[tuple[str, int]]:
    """The hosts of `?host=a,b&port=1,2`; one port may stand for all. ValueError if they do not fit."""
    hosts, ports = _each(url, "host"), _each(url, "port")
    if not hosts:
        return []
    if ports and len(ports) not in (1, len(hosts)):
        raise ValueError("as many ports as hosts, or one")
    if not ports:
        # A socket's folder may have colons; only SQLAlchemy's own form has a port behind a name.
        return [(each, PORT) if each.startswith("/") else _host(each) for each in hosts]
    numbers = [int(each) if each else PORT for each in ports]
    hosts = [each.removeprefix("[").removesuffix("]") for each in hosts]
    return list(zip(hosts, numbers * (len(hosts) if len(numbers) == 1 else 1), strict=True))


def _each(url: URL, name: str) -> list[str]:
    found = url.query.get(name, ())
    return [part for one in ((found,) if isinstance(found, str) else found) for part in one.split(",")]


STATEMENTS_KEPT = 1024

RELIED_ON = {
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    "jit": "off",
}
"""The settings of every session, whatever the server's own are. Under another isolation statements would fail
that are written for this one; without synchronous commits a crash of the server would take back what was answered.
(Compiling takes longer than the short statements of this product.)"""


async def connect_postgresql(
    address: Address,
    name: str,
    lock_timeout: float,
    longest: float | None = 30.0,
    *,
    read_only: bool = False,
    connect_timeout: float = 5.0,
) -> asyncpg.Connection[Any]:
    """Connect; the connection gives up on locks after `lock_timeout` seconds and on statements after `longest`.

    A pooler hands sessions of the server on to others, so nothing can be set for one: there the role's own settings
    hold (`gateway db grants`), with the time that this side waits. Raises the driver's error.
    """
    settings = {"application_name": name, "timezone": "UTC"}  # PgBouncer keeps these two apart for each client.
    if not address.pooled:
        settings |= RELIED_ON | {"lock_timeout": f"{lock_timeout * 1000:.0f}ms"}
        # A stronger promise than ours may stand in the address.
        settings |= {name: str(value) for name, value in address.url.query.items() if name == "synchronous_commit"}
    if read_only and not address.pooled:
        # A second line of defence against a statement that writes.
        settings["default_transaction_read_only"] = "on"
        if longest is not None:
            # The server ends it, which keeps the connection usable and leaves no work running.
            settings["statement_timeout"] = f"{longest * 1000:.0f}ms"
    options: dict[str, Any] = {
        "timeout": connect_timeout,
        "command_timeout": longest and longest + GRACE,
        "statement_cache_size": 0 if address.pooled else STATEMENTS_KEPT,
        "max_cached_statement_lifetime": 0,  # No expiry: preparing a statement again costs a round trip.
        "server_settings": settings,
    }
    return await _first_of(address, options)


async def _first_of(address: Address, options: Mapping[str, Any]) -> asyncpg.Connection[Any]:
    """Connect to the first host that can be used, the one that could be last time before all others.

    Each gets its own time, as with libpq's `connect_timeout`: a machine that is gone answers nothing.
    """
    if len(address.hosts) < 2:
        return await asyncpg.connect(address.dsn, **options)
    failed: Exception | None = None
    for host in sorted(address.hosts, key=lambda each: each != _used.get(address.hosts)):
        try:
            connection = await asyncpg.connect(address.at(host).dsn, **options)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched) as error:
            failed = error
        else:
            _used[address.hosts] = host
            return connection
    raise failed or OSError("no host")


_used: dict[tuple[tuple[str, int], ...], tuple[str, int]] = {}
"""Of each list of hosts the one that was connected to last."""

GRACE = 0.5
"""Seconds after a statement's time at which this side gives up, if the server has not."""
