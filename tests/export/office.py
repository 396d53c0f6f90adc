"""Where exports are made and fetched: the whole road over a real store, with a clock that tests turn."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import insert, select
from starlette.routing import Router

from gateway.api.exports import list_routes
from gateway.http.middleware import LastResort
from gateway.tokens.tokens import Basis
from policy.purposes import Purpose
from schema.model.meanings import meanings
from store.crypto.subject_key import SubjectKey
from store.database.config import StoreConfig
from store.database.store import open_store
from store.ledger.sealer import Tree
from store.sql.ids import new_id
from store.tables.consents import consents
from store.tables.disclosures import disclosures
from store.tables.exports import export_parts, exports, open_part
from tests.gateway.desk import Clock, Desk
from tests.ledger.logs import Log
from tests.promises.gate import Answer, Gate, own
from workers.exports.worker import ExportController, Exporter

REQUEST = "mutation ($l: LanguageTag) { requestExport(input: {language: $l}) { export { id state language expiresAt }"
REQUEST += " userErrors { code field } } }"


@dataclass
class Office:
    """One replica: the API, a worker, the address of the exports and the ledger's sealer."""

    gate: Gate
    log: Log
    told: list[int] = field(default_factory=list)
    registered: bool = False

    def __post_init__(self) -> None:
        self.store = self.gate.store
        self.meanings = meanings(self.gate.api.model)
        self.desk = Desk(self.store, Clock(self.gate.clock.now.timestamp()))
        self.worker = self.another()
        routes = list_routes(self.store, self.desk.authenticator, self.gate.api.model, self.gate.clock)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(LastResort(Router(routes=routes))), base_url="https://data.example"
        )

    def another(self) -> Exporter:
        """One more worker."""

        async def tell(connection: Any, key: SubjectKey, now: Any, until: Any) -> None:
            self.told.append(key.customer_id)

        house = ExportController("Quarkwerke", "https://data.example", tell)
        return Exporter(self.store, self.meanings, house, self.gate.clock, pause=0.01)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.gate.clock.now += timedelta(**time)
        self.desk.clock.time = self.gate.clock.now.timestamp()

    def customer(self, place: int = 0) -> int:
        """Somebody."""
        return self.gate.ids[place]

    async def key(self, place: int = 0) -> SubjectKey:
        """Their key."""
        (key,) = await self.store.keys.subjects([self.customer(place)])
        assert key is not None
        return key

    async def ask(self, query: str, place: int = 0, **variables: Any) -> Answer:
        """One operation by somebody who signed in just now."""
        who = replace(own(self.customer(place)), authenticated_at=int(self.gate.clock.now.timestamp()))
        return await self.gate.ask(query, who, variables=variables)

    async def request(self, place: int = 0, language: str | None = None) -> str:
        """Ask for an export; its id."""
        answer = (await self.ask(REQUEST, place, l=language)).data["requestExport"]
        assert answer["userErrors"] == [], answer
        return str(answer["export"]["id"])

    async def made(self, place: int = 0, language: str | None = None) -> str:
        """Have an export made; its id."""
        id_ = await self.request(place, language)
        assert await self.worker.step()
        return id_

    async def token(self, place: int | None = 0, ago: int = 10) -> str:
        """Of somebody who signed in so many seconds ago; of a tool for None."""
        if not self.registered:
            self.registered = True
            await self.desk.register("phone", purposes=(Purpose.SELF_SERVICE,), scopes="[]")
            await self.desk.register("billing")
        if place is None:
            return (await self.desk.token()).decode()
        at = int(self.desk.clock()) - ago
        basis = Basis(self.customer(place), 1, 1, at, ("pwd",))
        signer = await self.desk.tokens.signer()
        return signer.sign("phone", ("purpose:self_service",), 600, self.customer(place), basis=basis)

    async def fetch(self, id_: str, form: str = "json", place: int | None = 0, **more: Any) -> httpx.Response:
        """What the address answers."""
        headers = {"authorization": f"Bearer {await self.token(place, **more)}"}
        return await self.http.get(f"/exports/{id_}", params={"form": form}, headers=headers)

    async def grow(self, count: int, place: int = 0) -> None:
        """Give somebody so much that an export of it has several pieces."""
        row = {
            "customer_id": self.customer(place), "kind": "PRODUCT_NEWS", "state": "GIVEN", "wording_hash": bytes(32),
            "language": "en", "source": "x" * 60, "at": self.gate.clock.now,
        }  # fmt: skip
        async with self.store.write() as connection:
            rows = [row | {"id": new_id(), "wording_version": str(number)} for number in range(count)]
            await connection.execute(insert(consents), rows)

    async def document(self, place: int = 0, form: str = "JSON") -> Any:
        """The newest export of somebody, opened in place."""
        text = await self.text(place, form)
        return json.loads(text) if form != "HTML" else text

    async def text(self, place: int = 0, form: str = "JSON") -> str:
        """The same as it is written."""
        key = await self.key(place)
        rows = await self.parts(place, form)
        pieces = [
            open_part(key, each.export_id, (each.attempt, form, each.position), at == len(rows), each.content)
            for at, each in enumerate(rows, 1)
        ]
        return b"".join(pieces).decode()

    async def parts(self, place: int, form: str) -> list[Any]:
        """The sealed pieces of the newest export, in order."""
        P, E = export_parts.c, exports.c  # noqa: N806
        async with self.store.write() as connection:
            newest = select(E.id).where(E.customer_id == self.customer(place)).order_by(E.id.desc()).limit(1)
            query = select(export_parts).where(P.export_id == newest.scalar_subquery(), P.form == form)
            return list((await connection.execute(query.order_by(P.attempt, P.position))).all())

    async def disclose(self, place: int = 0, **more: Any) -> None:
        """Note that somebody's data was given to an authority."""
        row = {
            "id": new_id(),
            "customer_id": self.customer(place),
            "recipient_kind": "AUTHORITY",
            "recipient_name": "Oberschnüffelamt",
            "purpose": "LEGAL_REQUEST",
            "legal_basis": "A6_1_C",
            "fields": '["Customer.fullName"]',
            "trigger": "LEG-1",
            "at": self.gate.clock.now,
        } | more
        async with self.store.write() as connection:
            await connection.execute(insert(disclosures).values(row))

    async def read_by(self, client: str, purpose: str, place: int = 0, **more: Any) -> None:
        """Note in the ledger that a tool read somebody's data."""
        entry = {
            "version": 1,
            "at": int(self.gate.clock.now.timestamp()),
            "client": client,
            "purpose": purpose,
            "reference": None,
            "operation": "0" * 64,
            "fields": ["Customer.fullName", "Invoice.number"],
            "subjects": [(await self.key(place)).pseudonym],
        } | more
        await self.store.ledger.append(entry)

    async def seal(self) -> None:
        """Have what was appended become leaves, signed."""
        await self.log.sealer.seal_all()


def export_key(id_: str) -> str:
    """An id that nobody has."""
    return "Export_1" + 32 * "5" if id_ == "nobody's" else id_


@asynccontextmanager
async def opened_office(config: StoreConfig, size: int = 3) -> AsyncIterator[Office]:
    """An office for the length of a block."""
    store, tree = await open_store(config), Tree.at(config.ledger)
    try:
        office = Office(await Gate.of(store, size), Log(store, tree))
        yield office
        await office.http.aclose()
    finally:
        await tree.close()
        await store.close()
