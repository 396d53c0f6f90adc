"""Keys by which callers mark a change, so that it is made once however often it is sent."""

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
"""`mark` is a keyed fingerprint of caller and key, `request` one of what was asked, under the key of the customer who
asked or with the caller's own; `outcome` is the answer, sealed,
which names the rows that were changed by their ids. The row is written in the transaction of the change, its outcome in
the last one of the command, which usually is the same."""
