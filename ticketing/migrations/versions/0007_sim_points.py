"""SIM points."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sim_points",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, unique=True),
        sa.Column("licence", sa.String(64), nullable=False, index=True),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sim_points")
