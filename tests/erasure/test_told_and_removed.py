"""What an export tells and what an erasure removes are the same, for every table (R30, R35, A18, GDPR Art. 15, 17)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from policy.erasing import Step
from store.accesses.posting_index import PostingIndex
from store.database.config import StoreConfig
from store.database.schemas import SCHEMAS
from store.database.store import open_store
from store.ledger.sealer import Tree
from store.records.declared import DECLARED, DETACHED, ExportDetail, Fate, Whose
from tests.erasure.everywhere import Everywhere, peopled
from tests.erasure.house import House, opened_box
from tests.ledger.logs import Log
from workers.certificates.certificates import verified
from workers.erasure.worker import LEASE

pytestmark = pytest.mark.anyio

SECTIONS = dict.fromkeys(("ledger_entries", "ledger_postings", "ledger_runs"), "accesses")
"""Tables that an export tells under another name."""


@pytest.fixture
async def everywhere(store_config: StoreConfig, tmp_path: Path) -> AsyncIterator[Everywhere]:
    store, tree = await open_store(store_config), Tree.at(store_config.maintained(store_config.ledger))
    try:
        async with opened_box() as box:
            house = House(await peopled(store), tree, box)
            yield await Everywhere.settled(house, Log(store, tree), tmp_path)
    finally:
        await tree.close()
        await store.close()


async def half_way(found: Everywhere) -> None:
    """The erasure begins, and the recipients are listed; the key is still there."""
    house = found.house
    house.wait(days=4)
    claimed = await house.worker.claim(house.gate.clock.now)
    case = next(case for case, _ in claimed if case.customer_id == found.person.id)
    for step in (Step.TOKENS, Step.RECIPIENTS):
        now = house.gate.clock.now
        await house.worker._steps.do(case, step, now, now + LEASE.length)


def texts(value: Any) -> Iterator[str]:
    """Every text within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


async def test_what_is_told_is_removed_or_certified_and_nothing_else_goes(everywhere: Everywhere) -> None:
    found, store = everywhere, everywhere.house.store
    other = await found.house.left(1)
    await found.lives()
    await half_way(found)
    document = json.loads(await found.exported())
    counts, before, apart = await found.counts(), await found.totals(), await found.apart()

    # The customer has a row in every table that can hold one.
    (key,) = await store.keys.subjects([found.person.id])
    assert key is not None
    pseudonym = key.pseudonym
    read = (await PostingIndex(store.ledger_reader).newest([pseudonym], 10**9, 100))[pseudonym]
    for table, said in DECLARED.items():
        if said.whose in (Whose.COLUMN, Whose.PARENT) and table != "subject_keys":
            assert counts.get(table) or apart[table], f"nothing makes a row in {table}"
        elif said.whose is Whose.FINGERPRINT:
            assert before[table], f"nothing makes a row in {table}"
    assert len(read) >= 2

    # The export has every table and every column of it, and every row as often as it is there.
    sections = {each["name"]: each for each in document["holdings"]}
    told = {name for name, said in DECLARED.items() if said.export is not ExportDetail.NOTHING}
    assert {SECTIONS.get(name, name) for name in told} == sections.keys()
    parts = counts.pop("export_parts")
    assert 0 < sections["export_parts"]["count"] <= parts, "of itself it tells what there was when it got there"
    assert sections["export_parts"]["fields"]["content"]["withheld"] == "SECRET"
    for name, count in counts.items():
        assert sections[name]["count"] == count, name
        assert ("records" in sections[name]) is (DECLARED[name].export is ExportDetail.RECORDS), name
    columns = {table.name: set(table.c.keys()) for schema in SCHEMAS for table in schema.tables.sorted_tables}
    for name in told - SECTIONS.keys():
        assert sections[name]["fields"].keys() == columns[name], name

    # Then the rest of the erasure.
    found.house.wait(seconds=LEASE.length.total_seconds() + 1)
    row = await found.house.until_done(0)
    facts = verified(row.certificate, [each.verifier for each in await found.house.keys.all()])
    fates = {name: each for each in facts["fields"] for name in each["fields"]}
    assert sum(len(each["fields"]) for each in facts["fields"]) == len(fates), "each field has one fate"
    after, left = await found.totals(), await found.counts() | await found.apart()

    # Every row and every value that was told is gone, or stands in the certificate as kept, with the reason.
    for name in told - SECTIONS.keys():
        said = DECLARED[name]
        if said.fate is Fate.ROWS:
            assert left[name] == 0, name
            continue
        kept = {field["source"] for field in sections[name]["fields"].values()}
        kept -= {f"{name}.id", f"{name}.{said.parent}", f"{name}.erasure_id"}
        gone = {f"{name}.{column}" for column in DETACHED} if said.fate is Fate.DETACHED else {"subject_keys.wrapped"}
        gone |= {"erasures.requested_because", "erasures.cancelled_because"}
        for source in kept - gone:
            assert fates[source]["fate"] == "KEPT" and len(fates[source]["because"]) > 20, source
        for source in kept & gone:
            assert fates[source]["fate"] in ("ERASED", "KEY_DESTROYED"), source
    assert fates["ledger_entries.entry"]["fate"] == fates["ledger_postings.marks"]["fate"] == "KEPT"
    rests = await found.dump()
    stays = {text for name in told if DECLARED.get(name) and DECLARED[name].fate is not Fate.ROWS
             for text in texts(sections[SECTIONS.get(name, name)].get("records", []))}  # fmt: skip
    shown = {text for name in told if DECLARED[name].fate is Fate.ROWS and name != "outbox"
             for text in texts(sections[SECTIONS.get(name, name)].get("records", []))}  # fmt: skip
    person = {text for text in shown - stays if len(text) > 7 and not _is_a_word(text)}
    assert len(person) > 20
    assert any(found.person.login in text for text in person)
    everybodys = row.certificate + await others(found)  # The certificate tells of an order that has ended, too.
    assert [text for text in person if text in rests and text not in everybodys] == []
    assert await store.keys.subjects([found.person.id]) == [None]

    # Nothing went that was not told; of nobody else anything.
    for name, count in before.items():
        if after[name] < count:
            assert name in told, f"{name} was not told, and rows of it went"
            assert DECLARED[name].whose is not Whose.NOBODY
    ended = {source for source, each in fates.items() if each["fate"] in ("ERASED", "KEY_DESTROYED")}
    assert ended <= {field["source"] for each in sections.values() for field in each["fields"].values()}
    assert await found.house.left(1) == other


def _is_a_word(text: str) -> bool:
    """Moments, words of the schema and ids say nothing of anybody by themselves, and others have the same."""
    return (text[0].isdigit() and text.endswith("Z")) or text.replace("_", "").isupper()


async def others(found: Everywhere) -> str:
    """What rests that is about nobody: the operator's registers."""
    reader = found.house.store.reader
    names = {name for name, said in DECLARED.items() if said.whose is Whose.NOBODY}
    tables = [table for schema in SCHEMAS[:1] for table in schema.tables.sorted_tables if table.name in names]
    rows = [row for table in tables for row in await reader.fetch(reader.prepare(select(*table.c)), {})]
    return "\n".join(str(value) for row in rows for value in row)
