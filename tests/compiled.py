"""Compiles a statement once for all stores of a run: each test has a store of its own, which would compile hundreds.

A statement that is written in the same way, with the same values in it, has the same text and the same parameters on
every store of a kind; a process that serves compiles it once, too.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine

from store.crypto import lookups
from store.sql import engines, reading
from store.sql.reading import PreparedStatement, compile_statement

make_async_engine = engines.create_async_engine


class CompiledCache(dict[Any, Any]):
    """What SQLAlchemy's engines have compiled, by the kind of database where they would say which engine."""

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled for any engine of this kind."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


_shared = CompiledCache()
_prepared: dict[Any, PreparedStatement] = {}


def _engine(url: str, **options: Any) -> AsyncEngine:
    options["execution_options"] = {"compiled_cache": _shared} | options.get("execution_options", {})
    return make_async_engine(url, **options)


def _compiled(statement: Any, dialect: Dialect) -> PreparedStatement:
    found = statement._generate_cache_key()  # Written for SQLAlchemy 2.1; None of what must not be kept.
    if found is None:
        return compile_statement(statement, dialect)
    try:
        values = tuple((each.required, type(each.value), each.value) for each in found.bindparams)
        key = (dialect.name, found.key, values)
        known = _prepared.get(key)
    except TypeError:  # A value that is no key, such as a list.
        return compile_statement(statement, dialect)
    if known is None:
        known = _prepared[key] = compile_statement(statement, dialect)
    return known


@cache
def share() -> None:
    """From now on, in this process."""
    engines.create_async_engine = _engine  # type: ignore[assignment]
    for module in (reading, lookups):
        module.compile_statement = _compiled  # type: ignore[attr-defined]
