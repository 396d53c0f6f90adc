"""The whole story of one customer, with a worker that is killed again and again (R31-R36, D5, F1)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select

from audits.reports.erasures import erasure_facts
from policy.purposes import Purpose
from store.database.config import StoreConfig
from store.ledger.export import LedgerExporter
from store.ledger.verify import check_export
from store.records.holdings import holdings
from tests.erasure.house import REQUEST, House, opened_house
from tests.erasure.test_killed import MOMENTS, died
from tests.ledger.logs import Log
from tests.promises.gate import Gate, grant
from workers.certificates.certificates import verified
from workers.erasure.worker import LEASE

pytestmark = pytest.mark.anyio

ONE = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
TOOLS = (
    grant(Purpose.INVOICING, client="billing"),
    grant(Purpose.SERVICE_COMMUNICATION, client="support"),
    grant(Purpose.SERVICE_PROVISION, client="shop"),
)


async def resting(house: House, place: int) -> list[bytes]:
    """Every ciphertext and fingerprint of a customer, as it rests."""
    found: list[bytes] = []
    async with house.store.write() as connection:
        for each in holdings():
            binary = [column for column in each.table.c if isinstance(column.type, LargeBinary)]
            # The hash of a wording is everybody's.
            columns = [column for column in binary if "sealing" in column.info or not column.info["output"]]
            if columns:
                rows = await connection.execute(select(*columns).where(each.of(house.gate.ids[place])))
                found += [bytes(value) for row in rows for value in row if value is not None]
    return [value for value in found if len(value) >= 16]


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the stores, the logs of the databases too."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield path.name, path.read_bytes()


def holding(folder: Path, values: list[bytes]) -> dict[str, int]:
    """How many of these values are found in each file."""
    counts = {name: sum(value in content for value in values) for name, content in contents(folder)}
    return {name: count for name, count in counts.items() if count}


async def verified_ledger(house: House, log: Log) -> Any:
    """What an auditor finds who has nothing but the public key."""
    await log.sealer.seal_all()
    exporter = LedgerExporter(house.tree.reader)
    head = await exporter.head(0)
    pages = [page async for _, page in exporter.pages(head)]
    return check_export(io.BytesIO(b"".join(pages)), [key.verifier for key in await house.keys.all()])


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_whole_story(store_config: StoreConfig, seed: int) -> None:
    folder, random = store_config.root_key_path.parent, Random(seed)
    async with opened_house(store_config, 2) as house:
        log = Log(house.store, house.tree)
        for who in TOOLS:
            answer = await house.gate.ask(ONE, who, variables={"id": house.gate.id(0)})
            assert answer.data["customer"]["fullName"]
        ((_, mark),) = (await house.store.keys.fingerprints([house.gate.ids[0]])).items()
        values = await resting(house, 0)
        assert holding(folder, values)
        await house.end_services(0)
        await house.ask(REQUEST, 0)
        values += await resting(house, 0)
        house.wait(days=5)
        for step, when in sorted(random.sample(MOMENTS[:-1], 4), key=MOMENTS.index):
            await died(store_config, house, step, when)
            house.wait(seconds=LEASE.length.total_seconds() + 1)
        row = await house.until_done(0)
        assert holding(folder, values) == {}
        person = Gate(house.store, house.gate.people[:1], house.gate.ids[:1])
        plain = [value.encode() for value in person.values()]
        assert plain and holding(folder, plain) == {}
        facts = verified(row.certificate, [key.verifier for key in await house.keys.all()])
        assert facts["inTime"] is True and facts["keyFingerprint"] == mark.hex()
        report = await verified_ledger(house, log)
        assert report.findings == [] and report.entries >= 4
        audited = await erasure_facts(house.store.reader)
        assert [(each.state, each.late()) for each in audited] == [("ERASED", False)]
        assert await house.left(1)
