"""The country of a domain's owner rests beside the address, since ICANN has it published without the address."""

import sqlalchemy as sa
from alembic import op

revision = "main_0034"
down_revision = "main_0033"


def upgrade() -> None:
    op.add_column("domains", sa.Column("registrant_country", sa.LargeBinary(), nullable=True))
