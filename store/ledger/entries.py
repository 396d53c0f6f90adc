"""The ledger's table, and the format of one entry."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Index, Integer, LargeBinary

from policy.retention import RetentionRule
from store.sql.metadata import Instant, ledger_metadata, plain, table

ledger_entries = table(
    "ledger_entries",
    RetentionRule.LEDGER,
    plain("sequence", BigInteger().with_variant(Integer(), "sqlite"), None, primary_key=True, autoincrement=True),
    plain("entry", LargeBinary, None),
    plain("at", Instant, None),
    # To find a period. Times come nearly in order, so PostgreSQL needs a block range index only, which costs an insert
    # nothing.
    Index(None, "at", postgresql_using="brin"),
    within=ledger_metadata,
    sqlite_autoincrement=True,
)
"""Append-only: triggers refuse updates, and deletes unless the leaf is pruned (`store.ledger.pruning`).
`entry` is canonical JSON, with pseudonyms of customers only. Numbers increase, with gaps on PostgreSQL; a number is
never reused."""

EVENT_ACT = "OPERATOR_ACT"
"""An operator's act (`store.accesses.acts`). In the index of subjects the event itself is the key; it cannot collide
with a pseudonym, which is longer."""

RELEASED = "RELEASED"
"""The state of an act's entry that names the released version of the notice or the record."""

PAPER_RELEASED = "PAPER_RELEASED"
"""A further key of such an entry in the index of subjects."""

EVENT_ERASED = "CUSTOMER_ERASED"
"""A certified erasure, with its number and the fingerprint of the destroyed key. The event is its key in the index of
subjects, as for an act."""

EVENT_RESUMED = "LEDGER_RESUMED"
RESUMED = b'"event":"LEDGER_RESUMED"'
"""The entry with which a ledger continues under another name after a rollback (`store.ledger.resuming`)."""

EVENT_GAP = "LEDGER_GAP"
GAP = b'"event":"LEDGER_GAP"'
"""The entry that says from when to when entries may be missing, since the server failed over to one that lacked them
(`store.ledger.failover`)."""

EVENT_KEY_ADDED = "LEDGER_KEY_ADDED"
KEY_ADDED = b'"event":"LEDGER_KEY_ADDED"'
"""The entry that introduces the key that signs from the next checkpoint on, which the former key signs as well."""

EVENT_PRUNED = "LEDGER_PRUNED"
PRUNED = b'"event":"LEDGER_PRUNED"'
"""The bytes that identify an entry about pruning: in a text of any other entry the quotes would be escaped."""


def canonical(entry: Mapping[str, Any], random: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Return the entry as canonical JSON (RFC 8785) with a nonce of 16 random bytes, so that no leaf hash can be
    guessed.

    Keys are sorted and ASCII, and numbers are whole, so that orjson's output is the canonical one; else TypeError. An
    `orjson.Fragment` is a part that is in canonical form already.
    """
    nonce = urlsafe_b64encode(random(16))[:22].decode()
    _check(entry)
    return orjson.dumps({**entry, "nonce": nonce}, option=orjson.OPT_SORT_KEYS)


# By exact type: floats are excluded, since orjson's form of them is not always the canonical one.
_PLAIN = frozenset({str, int, bool, type(None), orjson.Fragment})


def _check(value: Any) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is list or kind is tuple:
        for inner in value:
            if type(inner) is not str:
                _check(inner)
    elif kind is dict:
        for key, inner in value.items():
            if not (type(key) is str and key.isascii()):
                raise TypeError("keys of a ledger entry are ASCII texts")
            _check(inner)
    else:
        raise TypeError(f"a ledger entry holds texts, whole numbers and lists, not {kind.__name__}")
