"""The append-only record of who read what and why, durable before the answer leaves."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary

from policy.retention import RetentionRule
from store.metadata import Instant, ledger_metadata, plain, table

ledger_entries = table(
    "ledger_entries",
    RetentionRule.LEDGER,
    plain("sequence", BigInteger().with_variant(Integer(), "sqlite"), None, primary_key=True, autoincrement=True),
    plain("entry", LargeBinary, None),
    plain("at", Instant, None),
    within=ledger_metadata,
    sqlite_autoincrement=True,
)
"""`entry` is canonical JSON (RFC 8785) with a nonce of 16 bytes; customers stand in it by pseudonym only."""
