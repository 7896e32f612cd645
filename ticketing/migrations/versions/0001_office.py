"""The first tables: STNK records, cases, audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vehicles",
        sa.Column("nrkb", sa.String(10), primary_key=True),
        sa.Column("personal", sa.Text, nullable=False),
        sa.Column("make", sa.String(60), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("vehicle_class", sa.String(30), nullable=False),
        sa.Column("model_class", sa.String(60), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("cylinder_cc", sa.Integer, nullable=False),
        sa.Column("colour", sa.String(40), nullable=False),
        sa.Column("plate_colour", sa.String(10), nullable=False),
        sa.Column("fuel", sa.String(20), nullable=False),
        sa.Column("location_code", sa.String(10), nullable=False),
        sa.Column("valid_until", sa.Date, nullable=False),
        sa.Column("registration_year", sa.Integer, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("violation_id", sa.String(36), nullable=False, unique=True),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("rule", sa.String(40), nullable=False, index=True),
        sa.Column("camera_id", sa.String(64), nullable=False, index=True),
        sa.Column("occurred_at", sa.DateTime, nullable=False, index=True),
        sa.Column("flagged", sa.JSON, nullable=False),
        sa.Column("law", sa.JSON, nullable=False),
        sa.Column("nrkb", sa.String(10), sa.ForeignKey("vehicles.nrkb"), nullable=True),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("what", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False, index=True),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    for table in ("audit", "cases", "vehicles"):
        op.drop_table(table)
