"""The progress of rewriting columns with values in the form of an earlier release: see `store.upgrade.rewriting`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, String

from policy.retention import RetentionRule
from store.sql.metadata import Id, plain, table

value_rewrites = table(
    "value_rewrites",
    RetentionRule.KEYS,
    plain("value", String(40), None, primary_key=True),
    plain("after", Id, None),
    plain("rewritten", BigInteger, None),
    plain("lost", BigInteger, None),
    plain("done", Boolean, None),
)
"""`value` is a column; its rows after the id `after` are still to be rewritten, until it is `done`; the row is deleted
once the former values are removed from the files. `lost` counts values that could not be converted. No gateway of this
release serves while there is a row."""
