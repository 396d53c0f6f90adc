"""What rests of one customer in the stores, and what is found of it in files."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import LargeBinary, select

from store.crypto.key_tables import subject_keys
from store.crypto.lookup_tables import lookups
from store.database.config import StoreConfig
from store.database.store import Store
from store.records.holdings import holdings
from tests.journeys.remains import Remains, spellings
from tests.journeys.works import Works
from tests.stores import opened


class Resting:
    """Looks at the stores from outside; whoever tells a story fills in whom it is about."""

    works: Works
    id: str
    texts: dict[str, str]
    resting: dict[str, bytes]
    mark: str

    def key(self, store: Store) -> int:
        """The primary key in the customer's id."""
        found = store.keys.system.ids.decode(self.id)
        assert found is not None
        return found.key

    def on_store(self, work: Any) -> Any:
        """Look at the stores from this process."""
        settings, folder = self.works.estate.settings, self.works.stores
        config = StoreConfig.local(folder)
        if settings:
            names = ("GATEWAY_DATABASE_URL", "GATEWAY_KEY_STORE_URL", "GATEWAY_LEDGER_URL")
            data, keys, ledger = (settings[name] for name in names)
            config = StoreConfig(data, keys, folder / "root.key", ledger)

        async def run() -> Any:
            async with opened(config) as store:
                return await work(store)

        return asyncio.run(run())

    def note_what_rests(self) -> None:
        """Every ciphertext, index and hash, the wrapped key, and the key itself as the store's own code unwraps it."""

        async def found(store: Store) -> dict[str, bytes]:
            me, values = self.key(store), dict[str, bytes]()
            async with store.write() as connection:
                for each in (holding for holding in holdings() if holding.removed):
                    binary = [column for column in each.table.c if isinstance(column.type, LargeBinary)]
                    columns = [column for column in binary if "sealing" in column.info or not column.info["output"]]
                    for row in await connection.execute(select(*columns).where(each.of(me))) if columns else ():
                        for column, value in zip(columns, row, strict=True):
                            if value is not None and len(value) >= 12:
                                values[f"{column} {bytes(value).hex()[:8]}"] = bytes(value)
            K = subject_keys.c  # noqa: N806  (columns)
            reader = store.keys._reader
            marks = select(lookups.c.kind, lookups.c.mark, lookups.c.ref).where(lookups.c.customer_id == me)
            for kind, mark, ref in await reader.fetch(reader.prepare(marks), {}):
                values |= {f"look-up by {kind}": bytes(mark), f"what ties it {kind}": bytes(ref)}
            wanted = reader.prepare(select(K.root_version, K.wrapped, K.fingerprint).where(K.customer_id == me))
            ((version, wrapped, mark),) = await reader.fetch(wanted, {})
            self.mark = bytes(mark).hex()
            values["wrapped key"] = bytes(wrapped)
            key = store.keys._root.unwrap(version, f"subject:{me}", wrapped)
            return values | {f"key {number}": each for number, each in enumerate(sorted(spellings(key)))}

        self.resting |= self.on_store(found)

    def remains(self) -> dict[str, set[str]]:
        """What is found of them in which file."""
        return Remains(self.texts, self.resting).in_files(self.works.estate.files())

    def has_key(self) -> bool:
        """Whether the key that was destroyed is there again."""

        async def living(store: Store) -> bool:
            return (await store.keys.subjects([self.key(store)]))[0] is not None

        return bool(self.on_store(living))
