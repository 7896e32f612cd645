"""Passages at the ends of measured road sections."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passages",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("latitude", sa.Float, nullable=False),
        sa.Column("longitude", sa.Float, nullable=False),
        sa.Column("timezone", sa.String(20), nullable=False),
        sa.Column("plate", sa.String(10), nullable=False, index=True),
        sa.Column("vehicle_class", sa.String(20), nullable=False),
        sa.Column("plate_colour", sa.String(10)),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("seen_at_sigma_s", sa.Float, nullable=False),
        sa.Column("clock_bias_s", sa.Float, nullable=False),
        sa.Column("evidence_sha256", sa.String(64), nullable=False),
        sa.Column("kept_at", sa.DateTime, nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("passages")
