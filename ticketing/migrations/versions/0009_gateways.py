"""Gateways, their keys and their cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateways",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "gateway_cameras",
        sa.Column("gateway", sa.String(64), sa.ForeignKey("gateways.name"), primary_key=True),
        sa.Column("camera_id", sa.String(63), primary_key=True),
    )
    op.create_table(
        "gateway_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("gateway", sa.String(64), sa.ForeignKey("gateways.name"), nullable=False, index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(64), nullable=False, unique=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("ends_at", sa.DateTime),
    )


def downgrade() -> None:
    for table in ("gateway_keys", "gateway_cameras", "gateways"):
        op.drop_table(table)
