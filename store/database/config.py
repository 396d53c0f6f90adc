"""The configuration of the store: addresses, timeouts and limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.ledger.heads import HeadPlace
from store.sql.addresses import Address

FEWEST = 10
"""The fewest connections to PostgreSQL with which one process can work."""


@dataclass(frozen=True, slots=True)
class Pools:
    """How many connections each pool of one process has to PostgreSQL; none is borrowed from another.

    A request that holds a connection for writing may need one for reading a key, so a common pool could be used up by
    requests which all wait for each other.
    """

    readers: int
    writers: int
    key_readers: int
    key_writers: int

    SINGLE = 6
    """One each: to append to the ledger, to read it, two to seal it, and one for the owner of either database."""

    @classmethod
    def of(cls, connections: int) -> Pools:
        """Share them out; ValueError for fewer than FEWEST."""
        if connections < FEWEST:
            raise ValueError(f"a process needs {FEWEST} connections to PostgreSQL")
        shared = connections - cls.SINGLE
        writers, key_readers, key_writers = (max(1, shared * part // 24) for part in (6, 6, 4))
        return cls(shared - writers - key_readers - key_writers, writers, key_readers, key_writers)


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Addresses are `sqlite:///path` or `postgresql://user:password@host/database`; times are in seconds.

    Without `ledger_url` the ledger is in the main database on PostgreSQL; on SQLite it needs a file of its own, so that
    its commits and those of the data do not block each other. The key store is never in the main database.

    `maintenance_url` has the role that owns the tables, and its password: tables are upgraded, the ledger is sealed and
    pruned, and deleted rows are vacuumed with this role, on the servers and databases of the other addresses. Without
    it the serving role does all of that.

    `connections` is the most that one process has to PostgreSQL at a time (`Pools`). `pooled`: the
    addresses lead to a pooler which gives each transaction another session (`store.sql.addresses`).
    """

    database_url: str
    key_store_url: str
    root_key_path: Path
    ledger_url: str | None = None
    maintenance_url: str | None = None
    read_deadline: float = 2.0
    lock_timeout: float = 5.0
    connections: int = 30
    keys_kept: int = 100_000
    key_max_age: float = 60.0
    id_key_version: int = 1
    pooled: bool = False
    head_place: HeadPlace | None = None
    """A further place, beside the key store, that stores the ledger's signed tree heads; None: no further place."""

    def __post_init__(self) -> None:
        """ValueError when two parts of the store share a database that they must not share."""
        # Compared as URLs: two names of one database are beyond this check.
        if self.key_store == self.database:
            raise ValueError("the key store must not be the main database: a copy of one would be a copy of both")
        # Two connections of one process that write to the same file would block each other.
        if self.ledger.is_sqlite and self.ledger in (self.database, self.key_store):
            raise ValueError("the ledger needs an SQLite file of its own")

    @property
    def pools(self) -> Pools:
        """The sizes of the pools."""
        return Pools.of(self.connections)

    @classmethod
    def local(cls, folder: Path) -> StoreConfig:
        """Make a configuration with everything in one folder, on SQLite."""
        return cls(
            database_url=f"sqlite:///{folder / 'data.db'}",
            key_store_url=f"sqlite:///{folder / 'keys.db'}",
            ledger_url=f"sqlite:///{folder / 'ledger.db'}",
            root_key_path=folder / "root.key",
        )

    @property
    def database(self) -> Address:
        """The address of the customer data."""
        return Address.parse(self.database_url, self.pooled)

    @property
    def key_store(self) -> Address:
        """The address of the wrapped keys."""
        return Address.parse(self.key_store_url, self.pooled)

    @property
    def ledger(self) -> Address:
        """The address of the access ledger."""
        return Address.parse(self.ledger_url or self.database_url, self.pooled)

    def maintained(self, address: Address) -> Address:
        """Return the address of the same database with the role of its owner."""
        if self.maintenance_url is None or address.is_sqlite:
            return address
        return address.owned_by(Address.parse(self.maintenance_url))
