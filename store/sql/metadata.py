"""The three sets of tables of the store, and the functions that declare columns with their data category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from policy.categories import Category
from policy.recipients import Recipient
from policy.retention import RetentionRule

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)
"""Tables of customer data: the main database."""
ledger_metadata = MetaData(naming_convention=NAMING)
"""Tables of the access ledger: a file of its own on SQLite, the main database on PostgreSQL."""
key_metadata = MetaData(naming_convention=NAMING)
"""Tables of the wrapped keys: always in a database of their own, so that a backup of the data alone is useless."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""A 63-bit number of `store.sql.ids.new_id`. INTEGER on SQLite, where such a primary key is the rowid itself."""


class Instant(TypeDecorator[datetime]):
    """A time in whole seconds of UTC; `timestamptz` on PostgreSQL, text `YYYY-MM-DDTHH:MM:SSZ` on SQLite.

    SQLAlchemy takes and returns aware datetimes on both. The raw driver under `store.sql.reading` returns the stored
    form: the text on SQLite, an aware datetime on PostgreSQL.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use text on SQLite, which has no type for times; the text sorts chronologically."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Convert to UTC without fractions; ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        if dialect.name == "sqlite":
            # Whole seconds on both stores: texts with fractions would sort differently from those without.
            return instant_text(value)
        return value.astimezone(UTC).replace(microsecond=0)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware datetime in UTC, from either form."""
        if value is None:
            return None
        return instant(value)


def instant_text(moment: datetime) -> str:
    """Return the stored form of an Instant column on SQLite; the texts sort chronologically."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def instant(resting: str | datetime) -> datetime:
    """Convert a value that `store.sql.reading` fetched from an Instant column to an aware UTC datetime."""
    if isinstance(resting, str):
        return datetime.fromisoformat(resting)
    return resting.astimezone(UTC)


Opened = str | list[str | None]


@dataclass(frozen=True, slots=True)
class Sealing:
    """The plaintext form of a sealed (encrypted) column: one text, or several parts that are always read together."""

    category: Category
    parts: Mapping[str, Category]
    output: bool

    def encode(self, value: str | Sequence[str | None] | Mapping[str, str | None]) -> bytes:
        """Return the plaintext to encrypt: UTF-8, or with parts a JSON list in their order; ValueError for another
        shape."""
        if not self.parts:
            if not isinstance(value, str):
                raise ValueError("this column seals one text")
            return value.encode()
        if isinstance(value, Mapping):
            if unknown := value.keys() - self.parts.keys():
                raise ValueError(f"unknown parts: {sorted(unknown)}")
            return orjson.dumps([value.get(part) for part in self.parts])
        if isinstance(value, str) or len(value) != len(self.parts):
            raise ValueError(f"this column seals the parts {list(self.parts)}")
        return orjson.dumps(list(value))

    def decode(self, plaintext: bytes) -> Opened:
        """Return the text, or the list of parts in the order of `parts` (an unknown part is None)."""
        return orjson.loads(plaintext) if self.parts else plaintext.decode()


def sealed(
    name: str,
    category: Category,
    parts: Mapping[str, Category] | None = None,
    output: bool = True,
    nullable: bool = True,
    forwarded_to: Recipient | None = None,
) -> Column[bytes]:
    """Declare a column encrypted under the customer's key; `output=False` means that no API may ever return it.

    `forwarded_to` names a recipient to which the gateway itself sends it all the same, as a card to a payment affiliate
    (R22).
    """
    info = {"sealing": Sealing(category, dict(parts or {}), output), "category": category, "output": output}
    info["forwarded"] = forwarded_to
    return Column(name, LargeBinary, nullable=nullable, info=info)


def is_text(column: Column[Any]) -> bool:
    """Whether it holds one text, sealed or not: neither parts that are sealed together, nor a number or a moment."""
    sealing = column.info.get("sealing")
    return isinstance(column.type, String) if sealing is None else not sealing.parts


def blind(name: str, category: Category, unique: bool = False, nullable: bool = False) -> Column[bytes]:
    """Declare a column of keyed hashes, which only allow testing encrypted values for equality."""
    info = {"category": category, "output": False}
    return Column(name, LargeBinary(16), nullable=nullable, unique=unique or None, info=info)


def reference(name: str, category: Category) -> Column[bytes]:
    """Declare the random number that links an encrypted value to its look-up in the key store
    (`store.crypto.lookup_tables`).

    It is independent of the value. A new value gets a new one; null if the value cannot be looked up.
    """
    return Column(name, LargeBinary(8), nullable=True, info={"category": category, "output": False})


def plain(
    name: str,
    type_: Any,
    category: Category | None,
    *extra: Any,
    nullable: bool = False,
    output: bool = True,
    **options: Any,
) -> Column[Any]:
    """Declare a column that is stored unencrypted, with its category; None: it is not personal data."""
    return Column(name, type_, *extra, nullable=nullable, info={"category": category, "output": output}, **options)


def one_of_several(name: str, relation: str) -> Column[int]:
    """Declare a column with the key of a row in one of several tables, so that no foreign key names the table; outside
    it is a global id of this relation."""
    column = plain(name, Id, None, nullable=True)
    column.info["relation"] = relation
    return column


def of_staff(name: str, type_: Any, nullable: bool = False) -> Column[Any]:
    """Declare a column with the member of staff who acted on a customer's row: personal data of theirs, never shown."""
    column = plain(name, type_, Category.ACCESS_HISTORY, nullable=nullable, output=False)
    column.info["staff"] = True
    return column


def choice(
    name: str, choices: Sequence[str], category: Category | None, nullable: bool = False, **options: Any
) -> Column[str]:
    """Declare a column for a word of a closed list; `table` adds a CHECK constraint for it."""
    column = plain(name, String(max(map(len, choices))), category, nullable=nullable, **options)
    column.info["choices"] = tuple(choices)
    return column


def identity() -> Column[int]:
    """Declare the primary key of nearly every table."""
    return plain("id", Id, None, primary_key=True, autoincrement=False)


def owner(nullable: bool = False, bound: bool = True) -> Column[int]:
    """Declare the customer that a row belongs to; `bound=False` for records that must outlive the customer's row."""
    key = (ForeignKey("customers.id"),) if bound else ()
    return plain("customer_id", Id, Category.CUSTOMER_ID, *key, nullable=nullable)


def table(
    name: str,
    retention: RetentionRule,
    *parts: Any,
    within: MetaData = metadata,
    embargo: str | None = None,
    **options: Any,
) -> Table:
    """Declare a table with its retention rule; `embargo` names the column with the time until which the customer must
    not learn of a row."""
    checks = [_one_of(part) for part in parts if isinstance(part, Column) and "choices" in part.info]
    info = {"retention": retention, "embargo": embargo}
    return Table(name, within, *parts, *checks, info=info, **options)


def _one_of(column: Column[str]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in column.info["choices"])
    # The naming convention expands the name to ck_<table>_<column>.
    return CheckConstraint(f"{column.name} IN ({listed})", name=column.name)


def customer_table(
    name: str,
    retention: RetentionRule,
    *parts: Any,
    bound: bool = True,
    single: bool = False,
    embargo: str | None = None,
) -> Table:
    """Declare a table of rows that belong to customers, with an index for keyset pagination of one customer's rows.

    `single` allows one row for each customer. Nothing cascades: an erasure that forgets a table fails on the foreign
    key instead of succeeding silently.
    """
    # By customer and id: one customer's rows are read in pages, in the order of their ids.
    index = Index(None, "customer_id", unique=True) if single else Index(None, "customer_id", "id")
    return table(name, retention, identity(), owner(bound=bound), *parts, index, embargo=embargo)


NAME_PARTS = {"given": Category.NAME, "family": Category.NAME}
ADDRESS_PARTS = {
    "street": Category.STREET,
    "street2": Category.STREET,
    "postal_code": Category.POSTAL_CODE,
    "city": Category.CITY,
    "region": Category.REGION,
    "country": Category.COUNTRY,
}
