"""The endpoint to compare with, as one writes it by hand: Starlette, the raw driver, plain columns, no questions asked.

`python -m benchmarks.rest --store sqlite:///plain.db --port 9000`
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.sockets import shared_socket

Row = Sequence[Any]

ONE = """SELECT id, customer_number, full_name, email, phone, locale, product_news, created_at, street, city,
    postal_code, country FROM customer WHERE id = $1"""
SERVICES = "SELECT id, kind, name, status, started_at FROM service WHERE customer_id = $1 ORDER BY id"
PAYMENTS = """SELECT id, kind, brand, last4, exp_month, exp_year, bank_name FROM payment_method WHERE customer_id = $1
    ORDER BY id"""
FIFTY = """SELECT id, customer_number, full_name, email, locale, street, city, postal_code, country FROM customer
    WHERE id > $1 ORDER BY id LIMIT 51"""
SERVICES_OF_MANY = """SELECT customer_id, id, kind, name, status, started_at FROM service WHERE customer_id = ANY($1)
    ORDER BY customer_id, id"""
FIVE_HUNDRED = """SELECT id, customer_number, full_name, email, locale, created_at FROM customer WHERE id > $1
    ORDER BY id LIMIT 501"""
UPDATE = "UPDATE customer SET phone = $2, version = version + 1 WHERE id = $1 RETURNING id, full_name, phone"


class Database(ABC):
    """Rows by a statement."""

    @abstractmethod
    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row."""

    async def open(self) -> None:  # noqa: B027  (a file has nothing to do)
        """Connect."""

    async def close(self) -> None:  # noqa: B027  (a file has nothing to do)
        """Let go."""


class InFile(Database):
    """SQLite on one connection in the event loop, which is the fastest way."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=64)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "mmap_size = 268435456"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row; a list of keys goes in as JSON."""
        given = [orjson.dumps(value).decode() if isinstance(value, list) else value for value in values]
        return self._connection.execute(sql, given).fetchall()


class OnServer(Database):
    """PostgreSQL on a pool of ten connections that are not reset between two reads."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._pool: Any = None

    async def open(self) -> None:
        """Make the pool."""

        async def leave(_: Any) -> None:
            return

        options = {"min_size": 10, "max_size": 10, "max_inactive_connection_lifetime": 0}
        self._pool = await asyncpg.create_pool(self._address, reset=leave, **options)

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Every row."""
        async with self._pool.acquire() as connection:
            found: Sequence[Row] = await connection.fetch(sql, *values)
            return found


class Endpoint:
    """The addresses."""

    def __init__(self, database: Database, in_file: bool) -> None:
        self._rows = database.rows
        self._file = in_file

    def _sql(self, text: str) -> str:
        if not self._file:
            return text
        return text.replace("= ANY($1)", "IN (SELECT value FROM json_each($1))").replace("$", "?")

    def routes(self) -> list[Route]:
        """One for each workload, with the statements in the store's own form."""
        self._one, self._services, self._payments = map(self._sql, (ONE, SERVICES, PAYMENTS))
        self._fifty, self._of_many, self._many = map(self._sql, (FIFTY, SERVICES_OF_MANY, FIVE_HUNDRED))
        self._update = self._sql(UPDATE)
        return [
            Route("/W1/{id:int}", self.whole),
            Route("/T1/{id:int}", self.point),
            Route("/W2/{id:int}", self.page),
            Route("/W3/{id:int}", self.long_page),
            Route("/W4/{id:int}", self.update, methods=["POST"]),
        ]

    async def whole(self, request: Request) -> Response:
        """A customer with everything."""
        key = request.path_params["id"]
        rows = await self._rows(self._one, key)
        if not rows:
            return answer({"customer": None})
        id_, number, name, email, phone, locale, news, created, street, city, code, country = rows[0]
        return answer({"customer": {
            "id": str(id_), "customerNumber": number, "fullName": name, "email": email, "phone": phone,
            "locale": locale, "productNews": bool(news), "createdAt": created,
            "postalAddress": {"street": street, "city": city, "postalCode": code, "country": country},
            "services": {"nodes": [service(*row) for row in await self._rows(self._services, key)]},
            "paymentMethods": [payment(*row) for row in await self._rows(self._payments, key)],
        }})  # fmt: skip

    async def point(self, request: Request) -> Response:
        """What a billing tool reads of a customer."""
        key = request.path_params["id"]
        rows = await self._rows(self._one, key)
        if not rows:
            return answer({"customer": None})
        id_, number, name, email, _, locale, _, created, street, city, code, country = rows[0]
        return answer({"customer": {
            "id": str(id_), "customerNumber": number, "fullName": name, "email": email, "locale": locale,
            "createdAt": created,
            "postalAddress": {"street": street, "city": city, "postalCode": code, "country": country},
            "services": {"nodes": [service(*row) for row in await self._rows(self._services, key)]},
        }})  # fmt: skip

    async def page(self, request: Request) -> Response:
        """Fifty customers with their services."""
        rows = await self._rows(self._fifty, request.path_params["id"])
        shown = rows[:50]
        of: dict[int, list[dict[str, Any]]] = {row[0]: [] for row in shown}
        for owner, *rest in await self._rows(self._of_many, list(of)):
            of[owner].append(service(*rest))
        edges = [
            {"node": {
                "id": str(id_), "customerNumber": number, "fullName": name, "email": email, "locale": locale,
                "postalAddress": {"street": street, "city": city, "postalCode": code, "country": country},
                "services": {"nodes": of[id_]},
            }}
            for id_, number, name, email, locale, street, city, code, country in shown
        ]  # fmt: skip
        return listed(edges, rows, shown)

    async def long_page(self, request: Request) -> Response:
        """Five hundred customers."""
        rows = await self._rows(self._many, request.path_params["id"])
        shown = rows[:500]
        edges = [
            {"node": {
                "id": str(id_), "customerNumber": number, "fullName": name, "email": email, "locale": locale,
                "createdAt": created,
            }}
            for id_, number, name, email, locale, created in shown
        ]  # fmt: skip
        return listed(edges, rows, shown)

    async def update(self, request: Request) -> Response:
        """Change the phone number, durably."""
        phone = orjson.loads(await request.body())["phone"]
        rows = await self._rows(self._update, request.path_params["id"], phone)
        found = {"id": str(rows[0][0]), "fullName": rows[0][1], "phone": rows[0][2]} if rows else None
        return answer({"updateProfile": {"customer": found}})


def service(id_: int, kind: str, name: str, status: str, started: Any) -> dict[str, Any]:
    """One service."""
    return {"id": str(id_), "kind": kind, "name": name, "state": status, "startedAt": started}


def payment(id_: int, kind: str, brand: str, last4: str, month: int, year: int, bank: str) -> dict[str, Any]:
    """One payment method, by its kind."""
    if kind == "BANK_TRANSFER":
        return {"id": str(id_), "kind": kind, "bankName": bank}
    return {"id": str(id_), "kind": kind, "brand": brand, "last4": last4, "expMonth": month, "expYear": year}


def listed(edges: list[dict[str, Any]], rows: Sequence[Row], shown: Sequence[Row]) -> Response:
    """A page."""
    cursor = b64encode(b"%d" % shown[-1][0]).decode() if shown else None
    info = {"hasNextPage": len(rows) > len(shown), "endCursor": cursor}
    return answer({"customers": {"edges": edges, "pageInfo": info}})


def answer(data: dict[str, Any]) -> Response:
    """JSON."""
    return Response(orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z), media_type="application/json")


def application(address: str) -> Starlette:
    """The application over a store."""
    in_file = address.startswith("sqlite:///")
    database = InFile(address.removeprefix("sqlite:///")) if in_file else OnServer(address)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open()
        yield
        await database.close()

    return Starlette(routes=Endpoint(database, in_file).routes(), lifespan=lifespan)


def main() -> None:
    """Serve until told to stop, as fast as the gateway is served."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    config = uvicorn.Config(
        application(given.store), http="httptools", loop="uvloop", ws="none", access_log=False, log_level="warning",
        proxy_headers=False, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve([shared_socket(given.port)]))


if __name__ == "__main__":
    main()
