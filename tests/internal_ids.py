"""Finds what no text may show: the number of a row or a customer, in any spelling, or the moment in it (G16)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress

from sqlalchemy import BigInteger, select

from store.database.store import Store
from store.sql.ids import COUNTER_BITS, EPOCH_MS, LANE_BITS
from store.sql.metadata import metadata

TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
LEAST = 2**40
"""Smaller numbers stand in texts of their own accord."""


async def internal_ids(store: Store) -> frozenset[int]:
    """Every primary key and foreign key of the main database that was made by `store.sql.ids`."""
    found: set[int] = set()
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if isinstance(column.type, BigInteger)]
        if columns:
            rows = await store.reader.fetch(store.reader.prepare(select(*columns)), {})
            found.update(value for row in rows for value in row if value is not None and value >= LEAST)
    return frozenset(found)


def shown(text: str, ids: Iterable[int]) -> list[int]:
    """Which of the numbers a text shows: in digits, in hexadecimal, in base64, or as the moment they begin with."""
    wanted = set(ids)
    plain = {int(each) for each in re.findall(r"\d{10,20}", text)}
    found = plain & (wanted | {_moment(each) for each in wanted})
    for content in _decoded(text):
        found |= {int(each) for each in re.findall(rb"\d{10,20}", content)} & wanted
        found |= {int.from_bytes(content[at : at + 8], "big") for at in range(len(content) - 7)} & wanted
        found |= {int.from_bytes(content[at : at + 8], "little") for at in range(len(content) - 7)} & wanted
    return sorted(found)


def _moment(id_: int) -> int:
    return (id_ >> LANE_BITS + COUNTER_BITS) + EPOCH_MS


def _decoded(text: str) -> Iterator[bytes]:
    for token in TOKEN.findall(text):
        part = token.rpartition("_")[2]
        for each in {token, part, part[1:]}:
            with suppress(ValueError):
                yield urlsafe_b64decode(each.replace("+", "-").replace("/", "_") + "=" * (-len(each) % 4))
            if re.fullmatch("(?:[0-9a-fA-F]{2})+", each):
                yield bytes.fromhex(each)
