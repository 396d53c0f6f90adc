"""Amounts are in minor units of their currency, no longer in hundredths of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0029"
down_revision = "main_0028"

# As of this migration, and not from `policy`, whose list grows.
WHOLE = ("BIF", "BYR", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF")  # fmt: skip
THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
TEN_THOUSANDTHS = ("CLF", "UYW")


def upgrade() -> None:
    invoices = sa.table("invoices", sa.column("currency", sa.String), sa.column("amount_cents", sa.BigInteger))
    currency, amount = invoices.c.currency, invoices.c.amount_cents
    odd = sa.select(sa.func.count()).select_from(invoices).where(currency.in_(WHOLE), amount % 100 != 0)
    if count := op.get_bind().scalar(odd):
        # Which whole amount was meant, only those who wrote the invoices know.
        raise RuntimeError(
            f"{count} invoices are in hundredths of a currency that has none (JPY, …): correct them first."
        )
    for codes, changed in ((WHOLE, amount / 100), (THOUSANDTHS, amount * 10), (TEN_THOUSANDTHS, amount * 100)):
        op.execute(invoices.update().where(currency.in_(codes)).values(amount_cents=changed))
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.alter_column("amount_cents", new_column_name="amount_minor")
