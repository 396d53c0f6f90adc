"""A sanitised copy has the shape of its source, and nothing of anybody: on both stores, by a search of its files."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, Table, func, insert, select, update

from gateway import demo
from gateway.demo.copies.copying import Copy, Sanitiser
from gateway.demo.copies.invented import SHIFT_DAYS, SignInSecrets
from gateway.demo.copies.place import PlaceNotEmptyError, prepare
from gateway.demo.copies.rules import REGISTERED, UndeclaredCopyError, copied, makers
from gateway.http.pages import page_documents
from policy.categories import Category
from resolvers.signin.verdicts import SecondFactorRequired, SignedIn
from store.crypto.key_tables import subject_keys
from store.database.config import StoreConfig
from store.database.store import Store, open_store
from store.lookups.holders import PLACES
from store.sql.ids import new_id
from store.sql.metadata import Instant, instant, metadata, plain, sealed
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.invoices import invoice_lines, invoices
from store.tables.restrictions import notice_recipients, notices
from store.tables.services import services
from tests.postgres import PostgresServer
from tests.resolvers.opening import count, opened
from tests.signin.lobby import Lobby, totp
from tests.signin.people import Person
from tests.store.test_canaries import CONTROL, MARK, Filler, canary
from tests.stores import PATIENT

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class Marker(Filler):
    """A row for any table: marked texts wherever a person's may rest, and bytes that are found again."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.bytes = set[bytes]()
        self.ids = set[int]()

    def row(self, table: Any) -> dict[str, Any]:
        found = super().row(table)
        self.ids |= {value for name, value in found.items() if name.endswith("id") and _is_id(value)}
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                if "sealing" not in column.info:
                    found[column.name] = self._made[column] = secrets.token_bytes(column.type.length or 16)
                self.bytes.add(bytes(found[column.name]))
        return found

    def _plain(self, column: Column[Any]) -> Any:
        value = super()._plain(column)
        # The names of programs are the operator's words: the copy keeps them.
        words = isinstance(value, str) and column.table.name in REGISTERED and "choices" not in column.info
        return f"program-{self._number}"[: column.type.length] if words else value


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and value > 1 << 40


async def marked(store: Store) -> Marker:
    """A store with one customer who has a row in every table, all of it marked."""
    (key,) = await store.keys.create([new_id()])
    marker = Marker(key)
    for table in metadata.sorted_tables:
        async with store.write() as connection:
            await connection.execute(insert(table).values(marker.row(table)))
    async with store.write() as connection:  # The one relation without a foreign key.
        mine = select(notices.c.id).scalar_subquery()
        await connection.execute(update(notice_recipients).values(notice_id=mine))
    return marker


@asynccontextmanager
async def place(kind: str, folder: Path) -> AsyncIterator[tuple[StoreConfig, Path]]:
    """An empty place for a copy, with the folder of all its files, which on PostgreSQL is a server of its own."""
    if kind == "sqlite":
        yield replace(StoreConfig.local(folder / "copy"), **PATIENT), folder / "copy"
        return
    server = await asyncio.to_thread(PostgresServer)
    try:
        for name in ("copy", "copy_keys"):
            await asyncio.to_thread(server.run, f"CREATE DATABASE {name}")
        yield StoreConfig(server.url("copy"), server.url("copy_keys"), folder / "root.key", **PATIENT), server.folder
    finally:
        await asyncio.to_thread(server.remove)


@asynccontextmanager
async def copy_of(store: Store, config: StoreConfig) -> AsyncIterator[tuple[Store, Copy]]:
    """A sanitised copy, opened."""
    if config.database.is_sqlite:
        config.database.path.parent.mkdir(exist_ok=True)
    await prepare(config)
    target = await open_store(config)
    try:
        made = await Sanitiser(store.reader, target, await SignInSecrets.made(), NOW).run(lambda done: None)
        yield target, made
    finally:
        await target.close()


def kind_of(config: StoreConfig) -> str:
    """The kind of store that the test runs on."""
    return "sqlite" if config.database.is_sqlite else "postgresql"


def contents(folder: Path) -> Iterator[bytes]:
    """Every file of the copy."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


@pytest.mark.parametrize(
    "column",
    [plain("note", customers.c.locale.type, Category.PREFERENCE), plain("size", invoices.c.amount_minor.type, None)],
)
def test_a_plain_column_that_nobody_declared_is_refused(column: Column[Any]) -> None:
    table = Table("notes", metadata.__class__(), customers.c.id._copy(), column)
    with pytest.raises(UndeclaredCopyError, match=f"notes.{column.name}"):
        makers(table)


def test_a_category_without_a_generator_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.demo.copies.rules.GENERATORS", {})
    table = Table("notes", metadata.__class__(), customers.c.id._copy(), sealed("said", Category.PHONE))
    with pytest.raises(UndeclaredCopyError, match="PHONE"):
        makers(table)


async def test_nothing_of_the_source_is_in_any_file_of_the_copy(
    store: Store, store_config: StoreConfig, tmp_path: Path
) -> None:
    """Its texts, hashes, keyed marks, sealed values, keys and ids: the values of every column of every table."""
    marker = await marked(store)
    ((wrapped,),) = await store._parts.key_reader.fetch(
        store._parts.key_reader.prepare(select(subject_keys.c.wrapped)), {}
    )
    kind = kind_of(store_config)
    async with place(kind, tmp_path) as (config, folder):
        async with copy_of(store, config) as (target, made):
            assert made.rows == Counter({str(table.name): 1 for table in copied()}), "and every row has its relations"
            assert await count(target, credentials) == 1
            async with target.write() as connection:
                if kind == "postgresql":
                    await connection.exec_driver_sql("CHECKPOINT")
        files = list(contents(folder))
        assert any(b"development-copy" in content for content in files), "the search finds what does rest in plain"
        searched = {CONTROL[:10].encode(), MARK.encode(), bytes(wrapped), *marker.bytes}
        for number in marker.ids:
            searched |= {number.to_bytes(8, "big"), number.to_bytes(8, "little"), str(number).encode()}
        assert len(searched) > 100
        assert [each for each in searched if any(each in content for content in files)] == []
    assert canary(customers.c.email).startswith(MARK)


async def test_the_shape_is_kept(store: Store, store_config: StoreConfig, tmp_path: Path) -> None:
    """As many rows, of the same kinds and in the same states, as many of each customer; dates within the shift."""
    await demo.load(store, now=NOW, size=120)
    async with place(kind_of(store_config), tmp_path) as (config, _), copy_of(store, config) as (target, _):
        for table in copied():
            assert await count(target, table) == await count(store, table), table.name
        for table in (credentials, services, invoices, invoice_lines):
            assert await per_customer(target, table) == await per_customer(store, table)
        for column in (services.c.kind, services.c.status, invoices.c.status, invoices.c.currency):
            assert await shares(target, column) == await shares(store, column)
        before, after = await opened(store, customers), await opened(target, customers)
        emails = {row["email"] for row in after}
        assert len(emails) == 120 and not emails & {row["email"] for row in before}
        shifts = {
            (instant(made["created_at"]).date() - instant(row["created_at"]).date()).days
            for row, made in zip(before, after, strict=True)
        }
        assert len(shifts) > 20 and max(map(abs, shifts)) <= SHIFT_DAYS
        assert {instant(made["created_at"]).time() for made in after} == {NOW.time().min}


async def test_the_promises_of_the_source_hold(store: Store, store_config: StoreConfig, tmp_path: Path) -> None:
    """Each value that can be looked up is, under the copy's own keys; invoices add up; what is over stays over."""
    await demo.load(store, now=NOW, size=30)
    async with place(kind_of(store_config), tmp_path) as (config, _), copy_of(store, config) as (target, _):
        for lookup, at in PLACES.items():
            rows = [row for row in await opened(target, at.table) if row[at.value.name] is not None]
            assert rows, lookup
            if lookup.unique and lookup.name != "LOGIN":
                row = rows[0]
                held = await target.keys.lookups.find(lookup, target.keys.blind_index(lookup, row[at.value.name]))
                assert held.row_id == row["id"], lookup
        sums = Counter[int]()
        for line in await opened(target, invoice_lines):
            sums[line["invoice_id"]] += line["amount_minor"]
        assert {row["id"]: row["amount_minor"] for row in await opened(target, invoices)} == dict(sums)
        for table in copied():
            for row in await opened(target, table):
                for column in table.c:
                    if isinstance(column.type, Instant) and row[column.name] is not None:
                        assert instant(row[column.name]).hour == 0, column
        for column in (services.c.renews_at, services.c.terminated_at):
            assert await past(target, column) == await past(store, column), column


async def test_the_client_area_works_on_the_copy(store: Store, store_config: StoreConfig, tmp_path: Path) -> None:
    """A sign-in with the printed password and the printed secret of the authenticator, and the customer's invoices."""
    await demo.load(store, now=NOW, size=30)
    async with place(kind_of(store_config), tmp_path) as (config, _), copy_of(store, config) as (target, made):
        lobby, asked = Lobby(target, now=NOW), 0
        passwords = {str(platform): word for platform, word in made.signing.passwords.items()}
        for row in (each for each in await opened(target, credentials) if each["platform"] == "CLIENT_AREA"):
            person = Person(row["customer_id"], row["login_name"], passwords, "")
            found = await lobby.knock(person, person.password)
            if isinstance(found, SecondFactorRequired):
                pending = await lobby.authentication.pending.find(found.secret, lobby.now)
                assert pending is not None
                code, asked = totp(made.signing.totp_secret, at=lobby.now), asked + 1
                found = await lobby.authentication.by_code(pending, code, lobby.visitor, lobby.now)
            assert isinstance(found, SignedIn), found
            billed = Counter(each["customer_id"] for each in await opened(target, invoices))[person.id]
            answer = await lobby.ask(await lobby.grant(found), page_documents()["Invoices"])
            assert "errors" not in answer and len(answer["data"]["me"]["invoices"]["nodes"]) == billed
            if asked and billed > 1:
                break
        assert asked
        assert made.example in {row["login_name"] for row in await opened(target, credentials)}


async def test_a_place_with_anything_in_it_is_left_alone(store: Store, store_config: StoreConfig) -> None:
    await demo.load(store, now=NOW, size=3)
    with pytest.raises(PlaceNotEmptyError, match="root key"):
        await prepare(store_config)
    with pytest.raises(PlaceNotEmptyError, match="A row of"):
        await prepare(replace(store_config, root_key_path=store_config.root_key_path.with_name("another.key")))
    assert await count(store, customers) == 3


async def test_an_empty_store_gives_an_empty_copy(store: Store, tmp_path: Path) -> None:
    async with place("sqlite", tmp_path) as (config, _), copy_of(store, config) as (target, made):
        assert (made.rows, made.example, await count(target, customers)) == (Counter(), None, 0)


async def per_customer(store: Store, table: Table) -> list[int]:
    """How many rows customers have, in order."""
    query = select(func.count(table.c.id)).group_by(table.c.customer_id)
    async with store.write() as connection:
        return sorted((await connection.scalars(query)).all())


async def past(store: Store, column: Column[Any]) -> Counter[bool]:
    """How many dates of a column are over."""
    dates = [row[column.name] for row in await opened(store, column.table)]
    return Counter(instant(each) <= NOW for each in dates if each is not None)


async def shares(store: Store, column: Column[Any]) -> Counter[str]:
    """How often a column has each value."""
    async with store.write() as connection:
        return Counter((await connection.scalars(select(column))).all())
