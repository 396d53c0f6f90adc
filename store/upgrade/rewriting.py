"""Rewrites stored values in this release's form: in pages, resumable, by any number of replicas at once.

Values that depend on a customer's key cannot be rewritten by a migration in SQL. Each column has a row in
`value_rewrites` with its progress, which is updated in the transaction of each page. Afterwards the former values are
removed from the files; until then no gateway of this release serves.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from sqlalchemy import Column, Table, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto import sealing
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import HASH_BYTES, SubjectKey
from store.database.store import Store
from store.operations.value_rewrites import value_rewrites
from store.sql.horizon import StillVisibleError
from store.sql.metadata import Id
from store.tables.credentials import credentials
from store.tables.oauth import oauth_families, slowdowns
from store.tables.payments import card_fingerprint, card_vault
from store.tables.signin import email_links, guesses, reset_links, session_proofs
from store.upgrade.lacking_keys import require_rows
from store.upgrade.reindexing import with_retries

log = logging.getLogger(__name__)

PAGE = 500
"""Rows in one transaction."""
TIMEOUT = 5.0
"""Maximum wait for readers of the former values, in seconds."""
REPORT_EVERY = 5.0
"""Seconds between two progress reports."""

LOST: Final = object()
"""Marks a value for which no new form can be made."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A column whose values have another form from this release on."""

    column: Column[Any]
    source: Column[Any]
    """The column from which the new value is made."""
    anew: Callable[[SubjectKey, int, bytes], bytes | None]
    """Makes the new value from key, row and source; SealBrokenError if the source does not decrypt."""
    lost: Callable[[], bytes | None]
    """Makes the replacement for a value that cannot be converted: the former one must not stay."""

    @property
    def table(self) -> Table:
        """The table of the column."""
        return self.column.table


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The result for one column."""

    value: str
    rewritten: int
    lost: int
    """Values whose customer is erased, or whose source does not decrypt."""


def _fingerprint(key: SubjectKey, row_id: int, sealed: bytes) -> bytes:
    return card_fingerprint(key, key.open(card_vault.c.number, row_id, sealed).decode())


def _sealed(key: SubjectKey, row_id: int, resting: bytes) -> bytes:
    if resting.startswith(sealing.VERSION):  # Encrypted already: no password hash begins with this byte.
        return resting
    return key.seal(credentials.c.password_hash, row_id, resting)


def _nothing(*_: object) -> None:
    """Return no value: a password hash that cannot be decrypted matches no password, and a reset link leads to a new
    one. Contexts are learned again."""


def _no_card() -> bytes:
    return secrets.token_bytes(HASH_BYTES)


REWRITES: Final = {
    str(each.column): each
    for each in (
        Rewrite(card_vault.c.fingerprint, card_vault.c.number, _fingerprint, _no_card),
        Rewrite(credentials.c.password_hash, credentials.c.password_hash, _sealed, _nothing),
        Rewrite(session_proofs.c.contexts, session_proofs.c.contexts, _nothing, _nothing),
        Rewrite(oauth_families.c.contexts, oauth_families.c.contexts, _nothing, _nothing),
    )
}
EMPTIED = (guesses, slowdowns, reset_links, email_links)
"""Tables of short-lived rows that the migration has emptied: their hashes used a system key."""
FORMER_KEYS = ("contexts", "guesses", "slowdowns")
"""Former system keys for hashes of guessable values; not used any more (D10)."""


async def rewrite_all(store: Store, report: Report, *, accept_loss: bool = False) -> list[Rewritten]:
    """Finish the rewriting under way; returns the result of each column that this call has finished.

    1. Rewrite all rows; 2. remove the former values from the files, and the former keys from the key store; 3. allow
    gateways to serve. If it is killed, the next call continues. KeysLackingError, without changing the page, if the key
    store lacks a customer; with `accept_loss` such customers count as erased.
    """
    for name in REWRITES:
        await _rows_of(store, name, report, accept_loss)  # 1
    under_way = await _under_way(store)
    if not under_way:
        return []
    for table in dict.fromkeys([*(REWRITES[each].table for each in under_way), *EMPTIED]):  # 2
        await _clean(store, table)
    await store.scrub_statistics()
    for key in FORMER_KEYS:
        await store.keys.destroy_system(key)
    return await _ended(store)  # 3


async def _rows_of(store: Store, name: str, report: Report, accept_loss: bool) -> None:
    reported = monotonic()
    while (so_far := await with_retries(lambda: _page(store, name, accept_loss))) is not None:
        if monotonic() - reported >= REPORT_EVERY:
            reported = monotonic()
            report(f"{name}: {so_far:,} rows are done.")


async def _page(store: Store, name: str, accept_loss: bool) -> int | None:
    """Rewrite one page, under a row lock that serialises the replicas; returns the number of rows done so far, None
    after the last page."""
    rewrite = REWRITES[name]
    mine = update(value_rewrites).where(value_rewrites.c.value == name)
    async with store.write() as connection:
        at = (
            await connection.execute(select(value_rewrites).where(value_rewrites.c.value == name).with_for_update())
        ).one_or_none()
        if at is None or at.done:
            return None
        rows = await _resting(connection, rewrite, at.after)
        if not rows:
            await connection.execute(mine.values(done=True))
            return None
        changes, lost = await _changes(store, rewrite, rows, accept_loss)
        if changes:
            await _write(connection, rewrite, changes)
        done, gone = at.rewritten + len(changes) - lost, at.lost + lost
        await connection.execute(mine.values(after=rows[-1].id, rewritten=done, lost=gone))
    return int(done + gone)


async def _resting(connection: AsyncConnection, rewrite: Rewrite, after: int) -> Sequence[Any]:
    id_, owner = rewrite.table.c.id, rewrite.table.c.customer_id
    columns = id_, owner.label("owner"), rewrite.source.label("source"), rewrite.column.label("former")
    return (await connection.execute(select(*columns).where(id_ > after).order_by(id_).limit(PAGE))).all()


async def _changes(
    store: Store, rewrite: Rewrite, rows: Sequence[Any], accept_loss: bool
) -> tuple[list[dict[str, Any]], int]:
    """Return the changes to be written, and how many of them lose their value."""
    changes, lost = list[dict[str, Any]](), 0
    keys = await store.keys.subjects([row.owner for row in rows])
    if not accept_loss:  # The key was destroyed by an erasure, or is missing, which must not be taken for one.
        await require_rows(store, [row.owner for row, key in zip(rows, keys, strict=True) if key is None])
    for row, key in zip(rows, keys, strict=True):
        if row.former is None:
            continue
        former = bytes(row.former)
        anew = _anew(rewrite, key, row)
        if anew is LOST:
            anew, lost = rewrite.lost(), lost + 1
        if anew != former:
            changes.append({"which": row.id, "former": former, "anew": anew})
    return changes, lost


def _anew(rewrite: Rewrite, key: SubjectKey | None, row: Any) -> Any:
    if key is None:
        return LOST
    try:
        return rewrite.anew(key, row.id, bytes(row.source))
    except SealBrokenError:
        log.warning("A value of customer %s does not open: %s is emptied.", key.customer_id, rewrite.column)
        return LOST


async def _write(connection: AsyncConnection, rewrite: Rewrite, changes: Sequence[dict[str, Any]]) -> None:
    """Write the changes, except where the value was changed since it was read: then it is in this release's form."""
    type_ = rewrite.column.type
    mine = rewrite.table.c.id == bindparam("which", type_=Id), rewrite.column == bindparam("former", type_=type_)
    # The former value is part of the condition: a row that was changed meanwhile is not overwritten.
    change = update(rewrite.table).where(*mine).values({rewrite.column.name: bindparam("anew", type_=type_)})
    await connection.execute(change, changes)


async def _under_way(store: Store) -> list[str]:
    async with store.write() as connection:
        return [each for each in await connection.scalars(select(value_rewrites.c.value)) if each in REWRITES]


async def _clean(store: Store, table: Table) -> None:
    """Remove the former values from the files, whatever the table's size, since no requests are served meanwhile."""
    try:
        await store.unseen(await store.point(), TIMEOUT)
    except StillVisibleError as seen:
        log.warning("Former values of %s stay in the files for now: %s (%s)", table.name, seen.reason, seen.detail)
    await store.scrub(table, whole=True)


async def _ended(store: Store) -> list[Rewritten]:
    gone = delete(value_rewrites).where(value_rewrites.c.done, value_rewrites.c.value.in_(list(REWRITES)))
    async with store.write() as connection:
        ended = (
            await connection.execute(
                gone.returning(value_rewrites.c.value, value_rewrites.c.rewritten, value_rewrites.c.lost)
            )
        ).all()
    return [Rewritten(*each) for each in ended]
