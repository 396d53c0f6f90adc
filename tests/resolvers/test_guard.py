"""(R35) The one guard: whose rows pass, whom it notes, whom it stops, what it opens; on rows that were really read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.demo.population import population
from resolvers.customers.registration import register
from resolvers.disclosures.registries import NEEDED
from resolvers.reads.fetches import Projection, Row
from resolvers.reads.guard import CustomerLimitError, DamagedValueError, OpenedRecord, SubjectTracker
from resolvers.reads.pages import PageOf, Span
from store.database.store import Store
from store.tables.customers import customers
from store.tables.domains import domains

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
C, D = customers.c, domains.c
PEOPLE = Projection(customers, frozenset({C.email, C.locale, C.phone}))
DETAILS = {D.registrant_name: "Registrant.name", D.registrant_email: "Registrant.email"}
DOMAINS = Projection(domains, frozenset({*NEEDED, *DETAILS, D.name}), handed=DETAILS)


@pytest.fixture
async def ids(store: Store) -> list[int]:
    """Six customers of the demo."""
    return list(await register(store, population(NOW, 6), now=NOW))


async def read(store: Store, projection: Projection) -> tuple[PageOf, Sequence[Row]]:
    page = PageOf(store.reader, projection)
    return page, await page.rows(None, Span(100), {})


async def pseudonyms(store: Store, ids: Iterable[int]) -> list[str]:
    return [key.pseudonym for key in await store.keys.subjects(list(ids)) if key is not None]


async def test_each_row_comes_with_its_owner_s_key_and_each_owner_is_noted_once(store: Store, ids: list[int]) -> None:
    page, rows = await read(store, PEOPLE)
    revealed = SubjectTracker(store.keys)
    for _ in range(2):
        passed = await revealed.admit(rows, page.layout)
        assert [(row[0], key.customer_id) for row, key in passed] == [(each, each) for each in sorted(ids)]
    assert list(revealed.subjects) == await pseudonyms(store, sorted(ids))


async def test_a_row_without_a_key_is_not_there_and_nobody_is_noted_for_it(store: Store, ids: list[int]) -> None:
    page, rows = await read(store, PEOPLE)
    gone, *stay = sorted(ids)
    await store.keys.destroy(gone)
    revealed = SubjectTracker(store.keys)
    assert [row[0] for row, _ in await revealed.admit(rows, page.layout)] == stay
    assert revealed.known[gone] is None and list(revealed.subjects) == await pseudonyms(store, stay)
    assert [row[0] for row, _ in await revealed.admit(rows, page.layout)] == stay, "also where it was met before"


async def test_a_key_is_asked_for_once(store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []
    subjects = store.keys.subjects

    async def counted(owners: Sequence[int]) -> object:
        asked.append(list(owners))
        return await subjects(owners)

    monkeypatch.setattr(store.keys, "subjects", counted)
    revealed = SubjectTracker(store.keys)
    await revealed.add_owners([ids[0], ids[1], ids[0]])
    await revealed.add_owners([ids[1]])
    await revealed.add_owners([])
    await revealed.add_owners([ids[2], ids[1]])
    assert asked == [[ids[0], ids[1]], [ids[2]]]


@pytest.mark.parametrize("change", [-1, 1])
async def test_keys_that_do_not_match_the_owners_one_by_one_stop_the_reading(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    """When the key store answers with too few or too many keys, nobody can say whose key is whose."""
    subjects = store.keys.subjects

    async def other_number(owners: Sequence[int]) -> object:
        return (await subjects([*owners, ids[5]]))[: len(owners) + change]

    monkeypatch.setattr(store.keys, "subjects", other_number)
    revealed = SubjectTracker(store.keys)
    with pytest.raises(ValueError, match="zip"):
        await revealed.add_owners(ids[:3])
    assert not revealed.subjects


async def test_whoever_may_read_no_more_customers_is_stopped_before_any_is_noted(store: Store, ids: list[int]) -> None:
    """(G13) The judge hears of all that the operation has met, those of before included."""
    heard: list[list[str]] = []

    def judge(subjects: Iterable[str]) -> None:
        heard.append(list(subjects))
        if len(heard[-1]) > 3:
            raise CustomerLimitError(17.5, 3)

    names = await pseudonyms(store, ids)
    revealed = SubjectTracker(store.keys, judge)
    await revealed.add_owners(ids[:2])
    await revealed.add_owners(ids[1:3])
    with pytest.raises(CustomerLimitError, match=r"^more than 3 customers in an hour$") as stopped:
        await revealed.add_owners(ids[2:5])
    assert (stopped.value.retry_after, stopped.value.most) == (17.5, 3)
    assert heard == [names[:2], names[:3], names[:5]]
    assert list(revealed.subjects) == names[:3] and set(revealed.known) == set(ids[:3])


async def test_who_is_gone_is_not_counted_for_the_limit(store: Store, ids: list[int]) -> None:
    await store.keys.destroy(ids[0])
    heard: list[list[str]] = []
    await SubjectTracker(store.keys, lambda subjects: heard.append(list(subjects))).add_owners(ids[:2])
    assert heard == [await pseudonyms(store, [ids[1]])]


async def test_a_value_is_opened_with_its_owner_s_key_or_given_as_it_rests(store: Store, ids: list[int]) -> None:
    people = dict(zip(ids, population(NOW, 6), strict=True))
    page, rows = await read(store, PEOPLE)
    for row, key in await SubjectTracker(store.keys).admit(rows, page.layout):
        record = OpenedRecord("Customer", row, page.layout, key)
        person = people[record.id]
        assert record.owner == record.id == row[0] and record.type_name == "Customer"
        assert (record.value(C.email), record.value(C.locale)) == (person.email, person.locale)
        assert record.value(C.phone) == person.phone and record.value(C.email) is record.value(C.email)
    assert {person.phone is None for person in people.values()} == {True, False}, "an empty value is none to be opened"


async def test_a_damaged_value_says_which_column_and_nothing_of_it(store: Store, ids: list[int]) -> None:
    async with store.write() as connection:
        await connection.execute(update(customers).where(C.id == ids[0]).values(email=b"\x01" * 40))
    page, rows = await read(store, PEOPLE)
    (row, key), *_ = await SubjectTracker(store.keys).admit([each for each in rows if each[0] == ids[0]], page.layout)
    with pytest.raises(DamagedValueError, match=r"^customers\.email$"):
        OpenedRecord("Customer", row, page.layout, key).value(C.email)


async def test_what_leaves_for_a_registry_is_noted_by_domain(store: Store, ids: list[int]) -> None:
    """(R23, R25) The details that held something, once for each domain, without what was recorded already."""
    async with store.write() as connection:
        await connection.execute(update(domains).values(registrant_email=None))
    page, rows = await read(store, DOMAINS)
    assert rows
    revealed, at = SubjectTracker(store.keys), page.layout.at
    first = rows[0]
    revealed.disclosed[first[0]] = frozenset({"Registrant.name"})
    for _ in range(2):
        revealed.record_handover(rows, page.layout)
    assert list(revealed.handed) == [row[0] for row in rows]
    for row in rows:
        over = revealed.handed[row[0]]
        assert (over.owner, over.tld, over.kind) == (
            row[page.layout.owner_at],
            row[at[D.tld]],
            row[at[D.registrant_kind]],
        )
        assert over.owner in ids and over.owner != row[0]
        assert over.shown == ({} if row is first else {D.registrant_name: "Registrant.name"})
