"""Where the store is, and how patient it is: everything that the settings say about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.ledger.heads import HeadPlace
from store.sql.engines import Address


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Addresses are `sqlite:///path` or `postgresql://user:password@host/database`; times are in seconds.

    Without a ledger's own address it is in the main database on PostgreSQL; on SQLite it needs a file of its own, so
    that its commits and the data's do not wait for one another. The key store is never where the data is.

    `maintenance_url` names the role that owns the tables, and its password: with it, at the servers and in the
    databases of the other addresses, tables are upgraded, the ledger is sealed and pruned, and deleted rows are
    vacuumed. Without it the role that serves does all of that.
    """

    database_url: str
    key_store_url: str
    root_key_path: Path
    ledger_url: str | None = None
    maintenance_url: str | None = None
    read_deadline: float = 2.0
    patience: float = 5.0
    connections: int = 8
    keys_kept: int = 100_000
    key_max_age: float = 60.0
    id_key_version: int = 1
    head_place: HeadPlace | None = None
    """Where signed heads of the ledger are remembered beside the key store."""

    def __post_init__(self) -> None:
        """ValueError when the addresses do not fit together."""
        if self.key_store == self.database:
            raise ValueError("the key store must not be the main database: a copy of one would be a copy of both")
        if self.ledger.is_sqlite and self.ledger in (self.database, self.key_store):
            raise ValueError("the ledger needs an SQLite file of its own")

    @classmethod
    def local(cls, folder: Path) -> StoreConfig:
        """Everything in one folder, on SQLite."""
        return cls(
            database_url=f"sqlite:///{folder / 'data.db'}",
            key_store_url=f"sqlite:///{folder / 'keys.db'}",
            ledger_url=f"sqlite:///{folder / 'ledger.db'}",
            root_key_path=folder / "root.key",
        )

    @property
    def database(self) -> Address:
        """The customers' data."""
        return Address.parse(self.database_url)

    @property
    def key_store(self) -> Address:
        """The wrapped keys."""
        return Address.parse(self.key_store_url)

    @property
    def ledger(self) -> Address:
        """The record of who read what."""
        return Address.parse(self.ledger_url or self.database_url)

    def maintained(self, address: Address) -> Address:
        """The same database as its owner reaches it."""
        if self.maintenance_url is None or address.is_sqlite:
            return address
        owner = Address.parse(self.maintenance_url).url
        return Address(address.url.set(username=owner.username, password=owner.password))
