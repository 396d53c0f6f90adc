"""The hot path: statements compiled once by SQLAlchemy Core, run on the raw driver.

What a row holds is what the driver gives, unconverted, since converting costs more than reading:

| column type | SQLite (`sqlite3`) | PostgreSQL (`asyncpg`) |
|---|---|---|
| `Instant` | text `YYYY-MM-DDTHH:MM:SSZ` | aware `datetime`, UTC |
| `Boolean` | `0` or `1` | `False` or `True` |
| sealed, `LargeBinary` | `bytes` | `bytes` |
| others | the same | the same |

A row is a `tuple` on SQLite and an `asyncpg.Record` on PostgreSQL; both unpack, index by number and have a length.
"""
