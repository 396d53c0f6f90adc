"""Which columns still have values in the form of an earlier release: see `store.upgrade.rewriting`."""

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
"""`value` is a column; its rows behind the id `after` are still to be written anew, until it is `done`; the row goes
once the former values are out of the files. `lost` counts values of which nothing could be made. No gateway of this
release starts to serve while there is a row."""
