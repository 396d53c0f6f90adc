"""The typed error for every outage of a database; it never contains a statement or a value (D1)."""

from __future__ import annotations

import errno
import sqlite3
from enum import Enum

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class OutageCause(Enum):
    """The cause of an outage; its value is a sentence that may be shown to anyone."""

    DOWN = "The store cannot be reached."
    LOCKED = "The store is busy with another writer."
    ROLLED_BACK = "The store has ended a transaction in favour of another one. Repeat it."
    READ_ONLY = "The store accepts no writes at the moment."
    DISK_FULL = "The store has no room left."
    SLOW = "The store did not answer in time."
    DAMAGED = "The store's files cannot be read."
    NOT_PERMITTED = "The store's role may not do this: see GATEWAY_MAINTENANCE_URL and `gateway db grants`."
    POOLED = (
        "This needs sessions of the server's own, which a pooler in transaction mode does not keep: unset "
        "GATEWAY_DATABASE_POOLER, and set the addresses to the server itself."
    )
    STILL_SEEN = (
        "Somebody can still see what was removed, such as a dump, a report, a standby or a replication slot: see "
        "`gateway erasures doctor`."
    )
    NOT_MIGRATED = "The store is not at this release's version: run `gateway db upgrade`."
    NOT_REINDEXED = (
        "By what customers are found is to be made anew from their data, after a restore or in an upgrade: run "
        "`gateway db reindex`, in an upgrade `gateway db upgrade`."
    )
    LEDGER_BEHIND = (
        "The ledger lacks what was signed or recorded before: it was rolled back, or its server failed over to one "
        "that lacks it. Restore its newest copy, or go on without with `gateway ledger resume --because TEXT`."
    )

    @property
    def retry_after(self) -> int:
        """Seconds after which asking again is worth it."""
        # A lock or a slow statement is over soon; a server that is down takes longer to come back.
        return 1 if self in (OutageCause.LOCKED, OutageCause.ROLLED_BACK, OutageCause.SLOW) else 5


class StoreUnavailableError(Exception):
    """The store is temporarily unavailable; nothing was written in part, and it recovers without a restart."""

    def __init__(self, cause: OutageCause, detail: str = "") -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.detail = detail
        """For the operator's log only: the driver's error by type and code, such as `InvalidPasswordError 28P01`."""
        self.nothing_changed = False
        """True if a command failed before anything of it was sent to be committed."""

    @property
    def reason(self) -> str:
        """The sentence of the cause."""
        return self.cause.value

    @property
    def retry_after(self) -> int:
        """Seconds after which asking again is worth it."""
        return self.cause.retry_after


SQLITE_CAUSES = {
    sqlite3.SQLITE_BUSY: OutageCause.LOCKED,
    sqlite3.SQLITE_LOCKED: OutageCause.LOCKED,
    sqlite3.SQLITE_READONLY: OutageCause.READ_ONLY,
    sqlite3.SQLITE_PERM: OutageCause.READ_ONLY,
    sqlite3.SQLITE_FULL: OutageCause.DISK_FULL,
    sqlite3.SQLITE_IOERR: OutageCause.DOWN,
    sqlite3.SQLITE_CANTOPEN: OutageCause.DOWN,
    sqlite3.SQLITE_INTERRUPT: OutageCause.SLOW,
    sqlite3.SQLITE_CORRUPT: OutageCause.DAMAGED,
    sqlite3.SQLITE_NOTADB: OutageCause.DAMAGED,
}

# SQLSTATE class (the first two characters) or whole SQLSTATE: PostgreSQL manual, appendix A.
POSTGRESQL_CAUSES = {
    "08": OutageCause.DOWN,  # connection exception
    "57": OutageCause.DOWN,  # operator intervention, such as a shutdown
    "57014": OutageCause.SLOW,  # query cancelled, by `statement_timeout`
    "53": OutageCause.DOWN,  # insufficient resources, such as too many connections
    "53100": OutageCause.DISK_FULL,  # disk full
    "25006": OutageCause.READ_ONLY,  # read-only transaction: the server is a standby
    "40": OutageCause.ROLLED_BACK,  # transaction rollback: a deadlock or a serialization failure
    "40003": OutageCause.DOWN,  # statement completion unknown
    "55P03": OutageCause.LOCKED,  # lock not available, by `lock_timeout`
    "58": OutageCause.DOWN,  # system error
    "28": OutageCause.DOWN,  # invalid authorization: the password was changed on one side only
    "3D000": OutageCause.DOWN,  # the database does not exist
    "42501": OutageCause.NOT_PERMITTED,  # insufficient privilege
    "42P01": OutageCause.NOT_MIGRATED,  # undefined table
    "42703": OutageCause.NOT_MIGRATED,  # undefined column
    "XX": OutageCause.DAMAGED,  # internal error, such as data corrupted
}


SERVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The errors of asyncpg; InternalClientError also when the server's shutdown message was read but not processed."""

ROLLED_BACK = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""The server has rolled a transaction back (40P01, 40001), so that it can be repeated as a whole."""

STATEMENT_ERRORS = (sqlite3.Error, *SERVER_ERRORS, SQLAlchemyError)
"""The errors of a statement, through SQLAlchemy or without it."""

DRIVER_ERRORS = (*STATEMENT_ERRORS, OSError)
"""All errors of a database, down to the sockets (TimeoutError is an OSError). Catch these and raise `unavailable`."""


def unavailable(error: Exception) -> Exception:
    """Return the StoreUnavailableError for a driver's error, or the error itself when it is a programming error.

    Raise it `from None`: the driver's own message can contain a statement and values.
    """
    cause = cause_of(error)
    return error if cause is None else StoreUnavailableError(cause, _detail(error))


def each_its_own(failure: Exception) -> Exception:
    """Copy an exception for each of several waiting tasks: a shared one would collect the tracebacks of all of them."""
    return (
        StoreUnavailableError(failure.cause, failure.detail) if isinstance(failure, StoreUnavailableError) else failure
    )


def _detail(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    code = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None) or ""
    return f"{type(origin).__name__} {code}".strip()


def cause_of(error: BaseException) -> OutageCause | None:
    """Return the cause of a driver's or SQLAlchemy's error; None for a programming error, which is no outage."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return cause_of(error.orig) or (OutageCause.DOWN if error.connection_invalidated else None)
    if isinstance(error, sqlite3.Error):
        return _sqlite_cause(error)
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return POSTGRESQL_CAUSES.get(state) or POSTGRESQL_CAUSES.get(state[:2])
    # Before OSError, of which TimeoutError is a subclass.
    if isinstance(error, (TimeoutError, PoolTimeout)):
        return OutageCause.SLOW
    if isinstance(error, ValueError):  # asyncpg's own DataError: a value that no server has seen.
        return None
    if isinstance(error, (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return OutageCause.DISK_FULL if getattr(error, "errno", None) == errno.ENOSPC else OutageCause.DOWN
    if error.__cause__ is not None:  # SQLAlchemy's asyncpg adapter wraps what the driver raised.
        return cause_of(error.__cause__)
    return None


def _sqlite_cause(error: sqlite3.Error) -> OutageCause | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # The module raises this one itself, without a code of the library.
        return OutageCause.DOWN if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error) else None
    if code == sqlite3.SQLITE_ERROR and str(error).startswith("no such "):
        return OutageCause.NOT_MIGRATED
    return SQLITE_CAUSES.get(code & 0xFF)  # The low byte of an extended result code is the primary one.
