"""The hand-written endpoint with the gateway's duties, as one writes it without a gateway.

It verifies a token, holds each field's purposes against the token's, opens what is sealed under the key of each
customer, and writes a durable audit row with the pseudonyms before it answers. It has no GraphQL, no index of subjects,
no tree, no limits, and its update keeps no history.

`python -m benchmarks.duties --store STORE --keys STORE --root root.key --audit audit.db --port 9000`
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import sqlite3
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.rest import Database, InFile, OnServer, Row, answer, listed, payment, service
from benchmarks.sockets import shared_socket
from store.crypto.root_key import RootKeys
from store.crypto.sealing import next_nonce

SECRET = b"the endpoint's own, on loopback"
KEPT, SECONDS = 100_000, 60.0
"""Keys in memory, and for how long, as in the gateway."""

ONE = """SELECT id, customer_number, name, email, locale, phone, product_news, created_at, postal_address
    FROM customers WHERE id = $1"""
SERVICES = "SELECT id, kind, name, status, started_at FROM services WHERE customer_id = $1 ORDER BY id"
PAYMENTS = """SELECT id, kind, card_brand, card_last4, card_expiry, bank_name FROM payment_methods
    WHERE customer_id = $1 ORDER BY id"""
FIFTY = """SELECT id, customer_number, name, email, locale, postal_address FROM customers WHERE id > $1
    ORDER BY id LIMIT 51"""
OF_MANY = """SELECT customer_id, id, kind, name, status, started_at FROM services WHERE customer_id = ANY($1)
    ORDER BY customer_id, id"""
MANY = """SELECT id, customer_number, name, email, locale, created_at FROM customers WHERE id > $1
    ORDER BY id LIMIT 501"""
KEYS = "SELECT customer_id, root_version, wrapped FROM subject_keys WHERE customer_id = ANY($1) AND wrapped IS NOT NULL"
UPDATE = "UPDATE customers SET phone = $2, version = version + 1 WHERE id = $1 RETURNING id, name, phone"
INSERT = "INSERT INTO endpoint_audit (at, client, purpose, operation, fields, subjects) VALUES "

EVERYBODY, OWN = frozenset({"SELF_SERVICE", "INVOICING"}), frozenset({"SELF_SERVICE"})
FIELDS = dict.fromkeys(
    ("id", "customerNumber", "fullName", "email", "locale", "createdAt", "postalAddress", "services"), EVERYBODY
) | dict.fromkeys(("phone", "productNews", "paymentMethods"), OWN)
"""The purposes that each field may be read for."""
READ = {
    "W1": tuple(FIELDS),
    "W2": ("id", "customerNumber", "fullName", "email", "locale", "postalAddress", "services"),
    "W3": ("id", "customerNumber", "fullName", "email", "locale", "createdAt"),
    "W4": ("id", "fullName", "phone"),
}


def bearer(name: str, purpose: str) -> str:
    """A token for one purpose (HS256)."""
    claims = {"sub": name, "client": "bench", "purposes": [purpose], "exp": 4_000_000_000}
    parts = [urlsafe_b64encode(orjson.dumps(each)).rstrip(b"=") for each in ({"alg": "HS256"}, claims)]
    signature = urlsafe_b64encode(hmac.digest(SECRET, b".".join(parts), "sha256")).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


class RefusedError(Exception):
    """The token is not good, or its purposes do not allow a field."""


class Key:
    """A customer's key."""

    __slots__ = ("cipher", "pseudonym", "until")

    def __init__(self, key: bytes, until: float) -> None:
        self.cipher, self.until = AESGCM(key), until
        self.pseudonym = urlsafe_b64encode(hmac.digest(key, b"ledger", "sha256")[:16])[:22].decode()

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The plaintext of a value."""
        return self.cipher.decrypt(sealed[1:13], sealed[13:], place)

    def text(self, sealed: bytes, place: bytes) -> str:
        """The text of a value."""
        return self.open(sealed, place).decode()


Entry = tuple[int, str, str, str, str, list[str]]
"""When, by which client, for which purpose, which operation, which fields, and about whom."""


class Audit:
    """Writes durable rows: in a file, a thread commits for all that wait."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        columns = "id INTEGER PRIMARY KEY, at INTEGER, client TEXT, purpose TEXT, operation TEXT, fields TEXT, subjects"
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS endpoint_audit ({columns} TEXT)")
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1)

    async def write(self, entry: Entry) -> None:
        """Return once it is on the disk."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            rows = [(*entry[:5], orjson.dumps(entry[5]).decode()) for entry, _ in group]
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, rows)
            for _, done in group:
                done.set_result(None)
        self._flusher = None

    def _commit(self, rows: Sequence[tuple[Any, ...]]) -> None:
        values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
        self._connection.execute(INSERT + values, [value for row in rows for value in row])


class OnServerAudit:
    """The same on a server: with the change in one statement, or by itself."""

    def __init__(self, database: Database) -> None:
        self._rows = database.rows

    async def open(self) -> None:
        """Make the table."""
        columns = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint, client text, purpose text, operation"
        await self._rows(f"CREATE TABLE IF NOT EXISTS endpoint_audit ({columns} text, fields text, subjects text[])")

    async def write(self, entry: Entry) -> None:
        """Return once it is on the server's disk."""
        await self._rows(f"{INSERT}($1, $2, $3, $4, $5, $6)", *entry)

    async def update(self, key: int, phone: bytes, entry: Entry) -> Sequence[Row]:
        """The change and its row as one statement."""
        audited = f"WITH audited AS ({INSERT}($3, $4, $5, $6, $7, $8)) "
        return await self._rows(audited + UPDATE, key, phone, *entry)


class DutifulEndpoint:
    """The addresses of W1 to W4."""

    def __init__(self, data: Database, keys: Database, root: RootKeys, audit: Audit | OnServerAudit) -> None:
        self._data, self._store, self._root, self._audit = data, keys, root, audit
        self._file = isinstance(audit, Audit)
        self._kept: OrderedDict[int, Key] = OrderedDict()
        self._tokens: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        """One for each workload."""
        return [
            Route("/W1/{id:int}", self.whole),
            Route("/W2/{id:int}", self.page),
            Route("/W3/{id:int}", self.long_page),
            Route("/W4/{id:int}", self.update, methods=["POST"]),
        ]

    async def _rows(self, sql: str, *values: Any, database: Database | None = None) -> Sequence[Row]:
        if self._file:
            sql = sql.replace("= ANY($1)", "IN (SELECT value FROM json_each($1))").replace("$", "?")
        return await (database or self._data).rows(sql, *values)

    def _allowed(self, request: Request, workload: str, purpose: str) -> dict[str, Any]:
        """The claims of a good token whose purpose every field has; RefusedError."""
        token = request.headers.get("authorization", "")[7:]
        claims = self._tokens.get(token)
        if claims is None:
            signed, _, signature = token.rpartition(".")
            expected = urlsafe_b64encode(hmac.digest(SECRET, signed.encode(), "sha256")).rstrip(b"=").decode()
            if not hmac.compare_digest(expected, signature):
                raise RefusedError
            content = signed.partition(".")[2]
            claims = self._tokens[token] = orjson.loads(urlsafe_b64decode(content + "=="))
        fields = READ[workload]
        if claims["exp"] <= time.time() or purpose not in claims["purposes"]:
            raise RefusedError
        if any(purpose not in FIELDS[field] for field in fields):
            raise RefusedError
        return claims

    async def _keys(self, ids: Iterable[int]) -> dict[int, Key]:
        now, kept = time.monotonic(), self._kept
        missing = [id_ for id_ in ids if (key := kept.get(id_)) is None or key.until < now]
        if missing:
            for id_, version, wrapped in await self._rows(KEYS, missing, database=self._store):
                kept[id_] = Key(self._root.unwrap(version, f"subject:{id_}", wrapped), now + SECONDS)
            while len(kept) > KEPT:
                kept.popitem(last=False)
        return kept

    async def _record(self, claims: dict[str, Any], purpose: str, workload: str, subjects: list[str]) -> None:
        await self._audit.write(self._entry(claims, purpose, workload, subjects))

    def _entry(self, claims: dict[str, Any], purpose: str, workload: str, subjects: list[str]) -> Entry:
        return int(time.time()), claims["client"], purpose, workload, " ".join(READ[workload]), subjects

    async def whole(self, request: Request) -> Response:
        """A customer with everything."""
        claims, id_ = self._allowed(request, "W1", "SELF_SERVICE"), request.path_params["id"]
        rows = await self._rows(ONE, id_)
        key = (await self._keys([id_])).get(id_)
        if not rows or key is None:
            return answer({"customer": None})
        _, number, name, email, locale, phone, news, created, address = rows[0]
        at = b":%d:%d" % (id_, id_)
        shown = base(key, at, id_, number, name, email, locale) | {
            "phone": key.text(phone, b"customers.phone" + at), "productNews": bool(news), "createdAt": created,
            "postalAddress": place(key, at, address),
            "services": {"nodes": [a_service(key, id_, *row) for row in await self._rows(SERVICES, id_)]},
            "paymentMethods": [a_payment(key, id_, *row) for row in await self._rows(PAYMENTS, id_)],
        }  # fmt: skip
        await self._record(claims, "SELF_SERVICE", "W1", [key.pseudonym])
        return answer({"customer": shown})

    async def page(self, request: Request) -> Response:
        """Fifty customers with their services."""
        claims = self._allowed(request, "W2", "INVOICING")
        rows = await self._rows(FIFTY, request.path_params["id"])
        shown = rows[:50]
        ids = [row[0] for row in shown]
        keys = await self._keys(ids)
        of: dict[int, list[dict[str, Any]]] = {id_: [] for id_ in ids}
        for owner, *rest in await self._rows(OF_MANY, ids):
            of[owner].append(a_service(keys[owner], owner, *rest))
        edges = []
        for id_, *values, address in shown:
            key, at = keys[id_], b":%d:%d" % (id_, id_)
            node = base(key, at, id_, *values)
            edges.append({"node": node | {"postalAddress": place(key, at, address), "services": {"nodes": of[id_]}}})
        await self._record(claims, "INVOICING", "W2", [keys[id_].pseudonym for id_ in ids])
        return listed(edges, rows, shown)

    async def long_page(self, request: Request) -> Response:
        """Five hundred customers."""
        claims = self._allowed(request, "W3", "INVOICING")
        rows = await self._rows(MANY, request.path_params["id"])
        shown = rows[:500]
        keys = await self._keys([row[0] for row in shown])
        edges = []
        for id_, *values, created in shown:
            node = base(keys[id_], b":%d:%d" % (id_, id_), id_, *values)
            edges.append({"node": node | {"createdAt": created}})
        await self._record(claims, "INVOICING", "W3", [keys[row[0]].pseudonym for row in shown])
        return listed(edges, rows, shown)

    async def update(self, request: Request) -> Response:
        """Change the phone number, durably."""
        claims, id_ = self._allowed(request, "W4", "SELF_SERVICE"), request.path_params["id"]
        phone = orjson.loads(await request.body())["phone"]
        key, at = (await self._keys([id_]))[id_], b":%d:%d" % (id_, id_)
        nonce = next_nonce()
        sealed = b"\x01" + nonce + key.cipher.encrypt(nonce, phone.encode(), b"customers.phone" + at)
        entry = self._entry(claims, "SELF_SERVICE", "W4", [key.pseudonym])
        if isinstance(self._audit, OnServerAudit):
            rows = await self._audit.update(id_, sealed, entry)
        else:
            rows = await self._rows(UPDATE, id_, sealed)
            await self._audit.write(entry)
        _, name, resting = rows[0]
        found = {"id": str(id_), "fullName": full_name(key, at, name)}
        return answer({"updateProfile": {"customer": found | {"phone": key.text(resting, b"customers.phone" + at)}}})


def full_name(key: Key, at: bytes, sealed: bytes) -> str:
    """Both parts of the name."""
    return " ".join(orjson.loads(key.open(sealed, b"customers.name" + at)))


def base(key: Key, at: bytes, id_: int, number: bytes, name: bytes, email: bytes, locale: str) -> dict[str, Any]:
    """What every page shows of a customer."""
    return {
        "id": str(id_),
        "customerNumber": key.text(number, b"customers.customer_number" + at),
        "fullName": full_name(key, at, name),
        "email": key.text(email, b"customers.email" + at),
        "locale": locale,
    }


def place(key: Key, at: bytes, sealed: bytes) -> dict[str, Any]:
    """The postal address."""
    street, _, code, city, _, country = orjson.loads(key.open(sealed, b"customers.postal_address" + at))
    return {"street": street, "city": city, "postalCode": code, "country": country}


def a_service(key: Key, owner: int, id_: int, kind: str, name: bytes, status: str, started: Any) -> dict[str, Any]:
    """One service."""
    return service(id_, kind, key.text(name, b"services.name:%d:%d" % (owner, id_)), status, started)


def a_payment(
    key: Key, owner: int, id_: int, kind: str, brand: bytes, last4: bytes, expiry: bytes, bank: bytes
) -> dict[str, Any]:
    """One payment method, by its kind."""
    at = b":%d:%d" % (owner, id_)
    if kind == "BANK_TRANSFER":
        return payment(id_, kind, "", "", 0, 0, key.text(bank, b"payment_methods.bank_name" + at))
    month, year = orjson.loads(key.open(expiry, b"payment_methods.card_expiry" + at))
    opened = [key.text(each, name + at) for each, name in ((brand, BRAND), (last4, LAST4))]
    return payment(id_, kind, opened[0], opened[1], int(month), int(year), "")


BRAND, LAST4 = b"payment_methods.card_brand", b"payment_methods.card_last4"


def application(data: str, keys: str, root: Path, audit: Path) -> Starlette:
    """The application over a store."""
    in_file = data.startswith("sqlite:///")
    stores: list[Database] = [
        InFile(each.removeprefix("sqlite:///")) if in_file else OnServer(each) for each in (data, keys)
    ]
    audited = Audit(audit) if in_file else OnServerAudit(stores[0])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for each in stores:
            await each.open()
        if isinstance(audited, OnServerAudit):
            await audited.open()
        yield
        for each in stores:
            await each.close()

    async def refused(_: Request, __: Exception) -> Response:
        return Response(status_code=403)

    routes = DutifulEndpoint(stores[0], stores[1], RootKeys(root), audited).routes()
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={RefusedError: refused})


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("store", "keys"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("root", "audit"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    config = uvicorn.Config(
        application(given.store, given.keys, given.root, given.audit), http="httptools", loop="uvloop", ws="none",
        access_log=False, log_level="warning", proxy_headers=False, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve([shared_socket(given.port)]))


if __name__ == "__main__":
    main()
