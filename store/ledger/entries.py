"""The ledger's table, and the form of one entry."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, LargeBinary

from policy.retention import RetentionRule
from store.sql.metadata import Instant, ledger_metadata, plain, table

ledger_entries = table(
    "ledger_entries",
    RetentionRule.LEDGER,
    plain("sequence", BigInteger().with_variant(Integer(), "sqlite"), None, primary_key=True, autoincrement=True),
    plain("entry", LargeBinary, None),
    plain("at", Instant, None),
    within=ledger_metadata,
    sqlite_autoincrement=True,
)
"""Append-only: triggers refuse to change a row, and to delete one unless its leaf is pruned (`store.ledger.pruning`).
`entry` is canonical JSON; customers stand in it by pseudonym only. Numbers rise, and may skip on PostgreSQL; a number
is never used twice."""

EVENT_ACT = "OPERATOR_ACT"
"""An operator's act (`store.accesses.acts`). In the index of subjects it stands for itself: no pseudonym is as
short."""

RELEASED = "RELEASED"
"""The state of the entry of an act that says which version of the notice or the record it has released."""

PAPER_RELEASED = "PAPER_RELEASED"
"""By this, too, such an entry is found in the index of subjects: no pseudonym is as short."""

EVENT_ERASED = "CUSTOMER_ERASED"
"""That an erasure was certified: its number and the fingerprint of the destroyed key. It stands for itself in the index
of subjects, as an act does."""

EVENT_RESUMED = "LEDGER_RESUMED"
RESUMED = b'"event":"LEDGER_RESUMED"'
"""The entry with which a ledger that was rolled back goes on under another name (`store.ledger.resuming`)."""

EVENT_KEY_ADDED = "LEDGER_KEY_ADDED"
KEY_ADDED = b'"event":"LEDGER_KEY_ADDED"'
"""The entry that introduces the key which signs from the next checkpoint on, together with the one before."""

EVENT_PRUNED = "LEDGER_PRUNED"
PRUNED = b'"event":"LEDGER_PRUNED"'
"""What the bytes of an entry contain that records a pruning, and no other: in a text the quotes would be escaped."""


def canonical(entry: Mapping[str, Any], random: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """The entry as canonical JSON (RFC 8785) with a nonce of 16 random bytes, without which a leaf could be guessed.

    Keys are sorted and ASCII, and numbers are whole, so that orjson's form is the canonical one; TypeError otherwise.
    An `orjson.Fragment` stands for a part that was put into canonical form before.
    """
    nonce = urlsafe_b64encode(random(16))[:22].decode()
    _check(entry)
    return orjson.dumps({**entry, "nonce": nonce}, option=orjson.OPT_SORT_KEYS)


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
