"""The three sets of tables of the store, and the words a column uses to say what rests in it."""

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
"""What customers entrusted to us: the main database."""
ledger_metadata = MetaData(naming_convention=NAMING)
"""Who read what and why: its own file on SQLite, the main database on PostgreSQL."""
key_metadata = MetaData(naming_convention=NAMING)
"""The wrapped keys: always a database of its own, so that a backup of the data alone is useless."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""A 63-bit number of `store.sql.ids.new_id`. INTEGER on SQLite, where such a primary key is the row's own address."""


class Instant(TypeDecorator[datetime]):
    """A moment in whole seconds of UTC; `timestamptz` on PostgreSQL, text `YYYY-MM-DDTHH:MM:SSZ` on SQLite.

    SQLAlchemy takes and gives aware datetimes on both. The raw driver under `store.sql.reading` gives what rests:
    the text on SQLite, an aware datetime on PostgreSQL.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, which has no type for time; it sorts as time does."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """UTC, without fractions; a naive datetime is a mistake and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        if dialect.name == "sqlite":
            return instant_text(value)
        return value.astimezone(UTC).replace(microsecond=0)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """An aware datetime in UTC, from either form."""
        if value is None:
            return None
        return instant(value)


def instant_text(moment: datetime) -> str:
    """What rests in an Instant column on SQLite; texts sort as the moments do."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def instant(resting: str | datetime) -> datetime:
    """The aware UTC datetime of a value that `store.sql.reading` fetched from an Instant column, on either store."""
    if isinstance(resting, str):
        return datetime.fromisoformat(resting)
    return resting.astimezone(UTC)


Opened = str | list[str | None]


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a sealed column holds once it is opened: one text, or several parts that are always read together."""

    category: Category
    parts: Mapping[str, Category]
    output: bool

    def encode(self, value: str | Sequence[str | None] | Mapping[str, str | None]) -> bytes:
        """The plaintext to seal: UTF-8, or with parts a JSON list in their order; ValueError for another shape."""
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
        """The text, or the list of parts in the order of `parts` (a part not known is None)."""
        return orjson.loads(plaintext) if self.parts else plaintext.decode()


def sealed(
    name: str,
    category: Category,
    parts: Mapping[str, Category] | None = None,
    output: bool = True,
    nullable: bool = True,
    forwarded_to: Recipient | None = None,
) -> Column[bytes]:
    """A column of ciphertexts under the customer's key; `output=False` says that no API may ever give it out.

    `forwarded_to` names who receives it from the gateway itself all the same, as a payment affiliate a card (R22).
    """
    info = {"sealing": Sealing(category, dict(parts or {}), output), "category": category, "output": output}
    info["forwarded"] = forwarded_to
    return Column(name, LargeBinary, nullable=nullable, info=info)


def is_text(column: Column[Any]) -> bool:
    """Whether it holds one text, sealed or not: neither parts that are sealed together, nor a number or a moment."""
    sealing = column.info.get("sealing")
    return isinstance(column.type, String) if sealing is None else not sealing.parts


def blind(name: str, category: Category, unique: bool = False, nullable: bool = False) -> Column[bytes]:
    """A keyed fingerprint by which a sealed value is compared with another one, and nothing more."""
    info = {"category": category, "output": False}
    return Column(name, LargeBinary(16), nullable=nullable, unique=unique or None, info=info)


def reference(name: str, category: Category) -> Column[bytes]:
    """The random number that ties a sealed value to its look-up in the key store (`store.crypto.lookup_tables`).

    It says nothing about the value. A new value has a new one; null where the value cannot be looked up.
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
    """A column that rests unsealed; the category says whose kind of data it is, None says: not personal data."""
    return Column(name, type_, *extra, nullable=nullable, info={"category": category, "output": output}, **options)


def of_staff(name: str, type_: Any, nullable: bool = False) -> Column[Any]:
    """A column that says who of the staff did something on a customer's row: their datum, which nobody is told."""
    column = plain(name, type_, Category.ACCESS_HISTORY, nullable=nullable, output=False)
    column.info["staff"] = True
    return column


def choice(
    name: str, choices: Sequence[str], category: Category | None, nullable: bool = False, **options: Any
) -> Column[str]:
    """A word out of a closed list; its table has the database check it too."""
    column = plain(name, String(max(map(len, choices))), category, nullable=nullable, **options)
    column.info["choices"] = tuple(choices)
    return column


def identity() -> Column[int]:
    """The primary key of nearly every table."""
    return plain("id", Id, None, primary_key=True, autoincrement=False)


def owner(nullable: bool = False, bound: bool = True) -> Column[int]:
    """Whose row it is; `bound=False` for records that must outlive the customer's row."""
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
    """A table with its retention rule; `embargo` names the column until which nobody may tell the customer of a row."""
    checks = [_one_of(part) for part in parts if isinstance(part, Column) and "choices" in part.info]
    info = {"retention": retention, "embargo": embargo}
    return Table(name, within, *parts, *checks, info=info, **options)


def _one_of(column: Column[str]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in column.info["choices"])
    return CheckConstraint(f"{column.name} IN ({listed})", name=column.name)


def customer_table(
    name: str,
    retention: RetentionRule,
    *parts: Any,
    bound: bool = True,
    single: bool = False,
    embargo: str | None = None,
) -> Table:
    """A table of rows that belong to customers, indexed for keyset pages of one customer's rows.

    `single` allows a customer one row. Nothing cascades: an erasure that forgets a table fails on the foreign key
    instead of passing in silence.
    """
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
