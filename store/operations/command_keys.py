"""Idempotency keys of mutations: a repeated request is executed once."""

from __future__ import annotations

from sqlalchemy import LargeBinary, Text

from policy.retention import RetentionRule
from store.sql.metadata import Instant, identity, plain, table

command_keys = table(
    "command_keys",
    RetentionRule.COMMAND_KEYS,
    identity(),
    plain("mark", LargeBinary(16), None, unique=True, output=False),
    plain("request", LargeBinary(16), None, output=False),
    plain("outcome", Text, None, nullable=True),
    plain("at", Instant, None, index=True),
)
"""`mark` is a keyed hash of client and idempotency key, `request` one of the request, under the key of the customer who
sent it or with the client's own; `outcome` is the encrypted answer, which contains the ids of changed rows. The row is
written in the transaction of the change, its outcome in the last one of the mutation, which usually is the same."""
