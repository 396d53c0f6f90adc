"""Fast reads: statements are compiled once by SQLAlchemy Core and run on the raw driver.

A row has the driver's own values, unconverted, since conversion costs more than reading:

| column type | SQLite (`sqlite3`) | PostgreSQL (`asyncpg`) |
|---|---|---|
| `Instant` | text `YYYY-MM-DDTHH:MM:SSZ` | aware `datetime`, UTC |
| `Boolean` | `0` or `1` | `False` or `True` |
| sealed, `LargeBinary` | `bytes` | `bytes` |
| others | the same | the same |

A row is a `tuple` on SQLite and an `asyncpg.Record` on PostgreSQL: both unpack, index by number, and have a length.
`store.sql.metadata.instant` and `bool` turn either form into one. `PreparedStatement.kinds` says which column needs
which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Boolean, ColumnElement, Delete, Dialect, Insert, LargeBinary, Select, Update, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import String, TypeDecorator, TypeEngine

from store.sql.metadata import Instant

Row = Sequence[Any]


class _ListOf(TypeDecorator[Sequence[Any]]):
    """A list as one parameter, so that the statement's text does not depend on its length."""

    impl = String
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use an array on PostgreSQL, JSON text on SQLite."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """Return the list itself for an array, its JSON for `json_each`."""
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.dumps(value).decode()


class _AnyOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Return itself: it already is a comparison, and an appended `= 1` would keep SQLite from using an index."""
        return self


@compiles(_AnyOf, "postgresql")
def _any_of_postgresql(element: _AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    # Not IN: its list of parameters would need another prepared statement for each length.
    return f"{compiler.process(column, **options)} = ANY({compiler.process(values, **options)})"


@compiles(_AnyOf, "sqlite")
def _any_of_sqlite(element: _AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    left, right = compiler.process(column, **options), compiler.process(values, **options)
    # One parameter, so one statement for any length, and no limit of SQLite on the number of parameters.
    return f"{left} IN (SELECT value FROM json_each({right}))"  # noqa: S608  (two compiled expressions)


def any_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Compare a column with a list that is bound at run time as `name`; TypeError unless it is numbers or texts."""
    if isinstance(column.type, (LargeBinary, Instant)):
        raise TypeError("JSON carries no bytes and no instants: look up one at a time")
    return _AnyOf(column, bindparam(name, type_=_ListOf(column.type)))


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """A statement that is ready for the driver.

    `parameters` are the names of the values for `fetch`, in the order of the text. `columns` are the names of a row's
    values, `kinds` their stored forms: "instant", "bool" or "" (nothing to convert).
    """

    sql: str
    parameters: tuple[str, ...]
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    source: str
    """The name of the table that the first column is of, or that is changed; empty without one."""
    bind: Callable[[Mapping[str, Any]], tuple[Any, ...]] = field(repr=False)


def compile_statement(statement: Select[Any] | Update | Insert | Delete, dialect: Dialect) -> PreparedStatement:
    """Compile a statement for a dialect, with a function that puts its parameters in order."""
    compiled: Any = statement.compile(dialect=dialect)
    asked = [name for name, bind in compiled.binds.items() if bind.required]
    whole = compiled.construct_expanded_state(dict.fromkeys(asked))  # Lists written into the statement, spelt out.
    order = tuple(whole.positiontup or ())
    fixed = {name: whole.parameters[name] for name in order if name not in asked}
    columns = tuple(statement.selected_columns) if isinstance(statement, Select) else ()
    return PreparedStatement(
        sql=whole.statement,
        parameters=tuple(dict.fromkeys(name for name in order if name in asked)),
        columns=tuple(column.key or "" for column in columns),
        kinds=tuple(_kind(column.type) for column in columns),
        source=_source(statement, columns),
        bind=_binder(order, fixed, _processors(compiled, whole, order, dialect)),
    )


def _source(statement: Select[Any] | Update | Insert | Delete, columns: Sequence[Any]) -> str:
    # By the columns, as the clause itself is known only once the statement is compiled for its dialect.
    if not isinstance(statement, Select):
        return str(getattr(statement.table, "name", ""))
    names = (getattr(getattr(column, "table", None), "name", None) for column in columns)
    return next((str(name) for name in names if name is not None), "")


def _processors(
    compiled: SQLCompiler, whole: ExpandedState, order: Sequence[str], dialect: Dialect
) -> dict[str, Callable[[Any], Any]]:
    """Return the converters from Python values to the driver's, for the few parameters that need one."""
    found: dict[str, Callable[[Any], Any]] = dict(whole.processors)
    for name in order:
        type_ = compiled.binds[name].type if name in compiled.binds else None
        # sqlite3 takes bytes as they are; SQLAlchemy's own processor for them only wraps.
        if type_ is None or isinstance(type_, LargeBinary):
            continue
        if process := type_.dialect_impl(dialect).bind_processor(dialect):
            found[name] = process
    return found


def _kind(type_: TypeEngine[Any]) -> str:
    return "instant" if isinstance(type_, Instant) else "bool" if isinstance(type_, Boolean) else ""


def _binder(
    order: tuple[str, ...], fixed: Mapping[str, Any], processors: Mapping[str, Callable[[Any], Any]]
) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return the cheapest function that turns named values into the driver's tuple."""
    if not order:
        return lambda values: ()
    if not processors and not any(name in fixed for name in order):
        if len(order) == 1:
            only = order[0]
            return lambda values: (values[only],)
        return itemgetter(*order)
    if len(order) == 1 and order[0] in processors:
        only, process = order[0], processors[order[0]]
        return lambda values: (process(values[only]),)
    return _general_binder(order, fixed, processors)


def _general_binder(
    order: tuple[str, ...], fixed: Mapping[str, Any], processors: Mapping[str, Callable[[Any], Any]]
) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    def keep(value: Any) -> Any:
        return value

    steps = [(name, name in fixed, fixed.get(name), processors.get(name, keep)) for name in order]

    def bind(values: Mapping[str, Any]) -> tuple[Any, ...]:
        # Faster with a list than with a generator.
        return tuple([process(given if known else values[name]) for name, known, given, process in steps])

    return bind


Fetch = Callable[[PreparedStatement, Mapping[str, Any]], Awaitable[Sequence[Row]]]


class Reader(ABC):
    """Reads one database. Statements are prepared once and run often; nothing here writes."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.listeners: list[Callable[[str], None]] = []
        """Callbacks for the text of every statement that is run (tests count and compare them)."""

    def prepare(self, select: Select[Any]) -> PreparedStatement:
        """Compile a statement; its named parameters are the `bindparam`s and `any_of`s without a value of their own."""
        return compile_statement(select, self.dialect)

    @abstractmethod
    async def fetch(self, prepared: PreparedStatement, values: Mapping[str, Any]) -> Sequence[Row]:
        """Return all rows; StoreUnavailableError when the store cannot answer or exceeds the deadline."""

    def observe(self, around: Callable[[Fetch], Fetch]) -> None:
        """Run every later `fetch` through a function that, for example, takes its time."""
        self.fetch = around(self.fetch)  # type: ignore[method-assign, assignment]  # Free where nobody observes.

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    def _notify(self, sql: str) -> None:
        for listener in self.listeners:
            listener(sql)
