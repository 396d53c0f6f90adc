"""Values at rest brought to this release's form: in pages, resumable, by any number of replicas at once.

What is made from a customer's key, or sealed under it, no migration of the database alone can write. Each column's row
in `value_rewrites` says how far it is; each page and its mark are one transaction. Afterwards the former values are
taken out of the files: until then, and so until nothing of the former form is left, no gateway of this release serves.
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
from store.upgrade.reindexing import patiently

log = logging.getLogger(__name__)

PAGE = 500
"""Rows that one transaction writes anew."""
PATIENCE = 5.0
"""Seconds that readings of the former values are waited for."""
TELLS = 5.0
"""Seconds between two words of progress."""

LOST: Final = object()
"""In the place of a new value: nothing can be made."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A column whose values have another form from this release on."""

    column: Column[Any]
    source: Column[Any]
    """What the new value is made from."""
    anew: Callable[[SubjectKey, int, bytes], bytes | None]
    """The new value, by key, row and source; SealBrokenError where the source does not open."""
    lost: Callable[[], bytes | None]
    """What takes the place of a value of which nothing can be made: the former one must not stay."""

    @property
    def table(self) -> Table:
        """The column's."""
        return self.column.table


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a column."""

    value: str
    rewritten: int
    lost: int
    """Values whose customer is erased, or whose source does not open."""


def _fingerprint(key: SubjectKey, row_id: int, sealed: bytes) -> bytes:
    return card_fingerprint(key, key.open(card_vault.c.number, row_id, sealed).decode())


def _sealed(key: SubjectKey, row_id: int, resting: bytes) -> bytes:
    if resting.startswith(sealing.VERSION):  # No hash in text begins so.
        return resting
    return key.seal(credentials.c.password_hash, row_id, resting)


def _nothing(*_: object) -> None:
    """No password is the password that a hash which nobody can open stands for: a link leads to a new one. Marks of
    contexts are learned anew."""


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
"""Tables of short-lived rows that the migration has emptied: their hashes had a key of the house."""
FORMER_KEYS = ("contexts", "guesses", "slowdowns")
"""Keys of the house that made hashes of what can be guessed; nothing is made with them any more (D10)."""


async def rewrite_all(store: Store, tell: Tell, *, accept_loss: bool = False) -> list[Rewritten]:
    """Finish what is under way; what became of each column that this call has brought to its end.

    1. All rows; 2. the former values leave the files, and the former keys the key store; 3. gateways may serve. Killed
    at any point, the next call goes on. KeysLackingError, and the page stays as it was, for a customer of whom the key
    store has no row; with `accept_loss` they count as erased.
    """
    for name in REWRITES:
        await _rows_of(store, name, tell, accept_loss)  # 1
    under_way = await _under_way(store)
    if not under_way:
        return []
    for table in dict.fromkeys([*(REWRITES[each].table for each in under_way), *EMPTIED]):  # 2
        await _clean(store, table)
    await store.scrub_statistics()
    for key in FORMER_KEYS:
        await store.keys.destroy_of_house(key)
    return await _ended(store)  # 3


async def _rows_of(store: Store, name: str, tell: Tell, accept_loss: bool) -> None:
    told = monotonic()
    while (so_far := await patiently(lambda: _page(store, name, accept_loss))) is not None:
        if monotonic() - told >= TELLS:
            told = monotonic()
            tell(f"{name}: {so_far:,} rows are done.")


async def _page(store: Store, name: str, accept_loss: bool) -> int | None:
    """Write one page anew, under the lock of the column's own row: replicas take turns. How many rows of the column are
    done; None behind the last."""
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
    """What is to be written, and of how much of it nothing could be made."""
    changes, lost = list[dict[str, Any]](), 0
    keys = await store.keys.subjects([row.owner for row in rows])
    if not accept_loss:  # Destroyed or never there: only the former is an erasure.
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
    """What was changed since it was read is of this release's form already."""
    type_ = rewrite.column.type
    mine = rewrite.table.c.id == bindparam("which", type_=Id), rewrite.column == bindparam("former", type_=type_)
    change = update(rewrite.table).where(*mine).values({rewrite.column.name: bindparam("anew", type_=type_)})
    await connection.execute(change, changes)


async def _under_way(store: Store) -> list[str]:
    async with store.write() as connection:
        return [each for each in await connection.scalars(select(value_rewrites.c.value)) if each in REWRITES]


async def _clean(store: Store, table: Table) -> None:
    """Take the former values out of the files, whatever the table's size: nobody is served meanwhile."""
    try:
        await store.unseen(await store.point(), PATIENCE)
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
