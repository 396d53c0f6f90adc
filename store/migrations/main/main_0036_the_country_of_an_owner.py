"""The country of a domain's owner rests beside the address, since ICANN has it published without the address."""

import sqlalchemy as sa
from alembic import op

revision = "main_0036"
down_revision = "main_0035"


def upgrade() -> None:
    op.add_column("domains", sa.Column("registrant_country", sa.LargeBinary(), nullable=True))
