"""A gateway over a real store with a few customers, and everything that it was asked and ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from gateway.demo.population import population
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.registration import register
from schema.api.api import Api
from schema.documents.limits import Limits
from schema.documents.requests import Request, RequestOutcome
from store.crypto.cursors import ListPlace
from store.database.store import Store

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWN = Purpose.SELF_SERVICE
ON_SQLITE = ("sqlite-compiled", "sqlite-graphql-core")
"""The gateways of a promise about reads that is the same on every store: both executors."""
REFUSING = ("sqlite-compiled",)
"""The gateway of a promise that is kept before anything is executed."""
PATIENT = Limits(seconds=120)
"""A machine that is busy with other work is no finding."""


def grant(
    *purposes: Purpose,
    subject: int | None = None,
    scopes: Sequence[str] = (),
    withhold: bool | Refusal = False,
    documents_only: bool = False,
    introspection: bool = False,
    max_page: int = 100,
    client: str = "tests",
    authenticated_at: int | None = None,
    third_party: bool = False,
) -> Grant:
    """What a verified token allows."""
    return Grant(
        token_id="token",
        client_id=client,
        subject=subject,
        purposes=frozenset(purposes),
        scopes=frozenset(scopes),
        expires_at=2**40,
        refusal=withhold if isinstance(withhold, Refusal) else Refusal.WITHHOLD if withhold else Refusal.REFUSE,
        documents_only=documents_only,
        introspection=introspection,
        max_page=max_page,
        authenticated_at=authenticated_at,
        third_party=third_party,
    )


def own(subject: int, **facts: Any) -> Grant:
    """A customer's own token."""
    return grant(OWN, subject=subject, **facts)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and what it cost the databases."""

    kind: RequestOutcome
    raw: bytes
    personal: bool
    statements: tuple[str, ...]
    """Run on the customers' data."""
    key_statements: tuple[str, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The decoded answer."""
        return orjson.loads(self.raw)

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert self.kind is RequestOutcome.OK and "errors" not in self.body, self.raw
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The `extensions` of each error."""
        return [each["extensions"] for each in self.body.get("errors", ())]

    @property
    def codes(self) -> list[str]:
        """The code of each error."""
        return [each["code"] for each in self.errors]


@dataclass(slots=True)
class Clock:
    """The moment that the gateway believes in."""

    now: datetime = TODAY

    def __call__(self) -> datetime:
        """The moment."""
        return self.now


@cache
def demo_people(size: int) -> Sequence[NewCustomer]:
    """The first of the demo's customers, made once: half a second of hashing for each hundred."""
    return population(TODAY, size=size)


@dataclass(slots=True, repr=False)
class Gate:
    """The API over a store whose customers are known by heart."""

    store: Store
    people: Sequence[NewCustomer]
    ids: Sequence[int]
    clock: Clock = field(default_factory=Clock)
    api: Api = field(init=False)
    _statements: list[str] = field(default_factory=list)
    _key_statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = Api(self.store, PATIENT, clock=self.clock)
        self.store.reader.listeners.append(self._statements.append)
        self.store.keys._reader.listeners.append(self._key_statements.append)

    @classmethod
    async def of(cls, store: Store, size: int) -> Gate:
        """Register so many of the demo's customers."""
        people = demo_people(size)
        return cls(store, people, await register(store, people, now=TODAY))

    def id(self, place: int, type_name: str = "Customer") -> str:
        """The global id of the customer at this place."""
        return self.outside(type_name, self.ids[place], self.ids[place])

    def outside(self, type_name: str, key: int, owner: int | None = None) -> str:
        """The id of a row as the world outside knows it; of nobody's when no owner is named."""
        return self.store.keys.system.ids(type_name, 2**61 if owner is None else owner, key)

    def cursor(self, coordinate: str, key: int, who: Grant, descending: bool = False) -> str:
        """The cursor of a row in a list, as this caller gets it."""
        return self.store.keys.system.cursors.sealer(ListPlace(who.client_id, who.subject, coordinate, descending))(key)

    async def ask(self, query: str | None, who: Grant, **request: Any) -> Answer:
        """Execute a request, and note what it ran."""
        self._statements.clear()
        self._key_statements.clear()
        # Tests read English, whatever language an invented customer speaks.
        outcome = await self.api.execute(Request(query=query, **{"language": "en"} | request), who)
        return Answer(
            outcome.kind, outcome.body, outcome.personal, tuple(self._statements), tuple(self._key_statements)
        )

    async def entries(self) -> list[dict[str, Any]]:
        """Everything in the ledger, oldest first."""
        from sqlalchemy import select

        from store.ledger.entries import ledger_entries

        reader = self.store.ledger_reader
        rows = await reader.fetch(
            reader.prepare(select(ledger_entries.c.entry).order_by(ledger_entries.c.sequence)), {}
        )
        return [orjson.loads(row[0]) for row in rows]

    def values(self) -> frozenset[str]:
        """Every text of the customers that is nobody else's word: what must not be found where it does not belong."""
        return frozenset(text for person in self.people for text in _texts(person) if len(text) > 5)


SPOKEN = frozenset({"name", "street", "street2", "postal_code", "city", "email", "phone", "login_name", "ip_address"})
"""The fields of the newcomers whose values are seeded, not words of a catalogue."""
MORE = frozenset(
    {"given", "family", "customer_number", "registrant_name", "registrant_email", "registrant_phone", "card_number",
     "paypal_account", "number", "secret", "password_hash", "device"}
)  # fmt: skip


def _texts(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if name in SPOKEN | MORE:
            yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each, name)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _texts(getattr(value, each.name), each.name)
