"""The desk: officers' second factor, sessions that can be ended, reviews by more than one officer."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("officers", sa.Column("disabled_at", sa.DateTime, nullable=True))
    op.add_column("officers", sa.Column("totp_sealed", sa.Text, nullable=True))
    op.add_column("officers", sa.Column("totp_since", sa.DateTime, nullable=True))
    op.add_column("officers", sa.Column("totp_step", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("stage", sa.String(12), nullable=False, server_default="first"))
    op.add_column("cases", sa.Column("opened_at", sa.DateTime, nullable=True))
    op.create_table(
        "desk_sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("login", sa.String(80), sa.ForeignKey("officers.login"), nullable=False, index=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime, nullable=True),
        sa.Column("ended_why", sa.String(20), nullable=True),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("officer", sa.String(80), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("nrkb", sa.String(10), nullable=True),
        sa.Column("plate_corrected", sa.String(10), nullable=True),
        sa.Column("class_corrected", sa.String(30), nullable=True),
        sa.Column("colour_corrected", sa.String(10), nullable=True),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("decided_at", sa.DateTime, nullable=False),
        sa.Index("ix_reviews_officer_decided_at", "officer", "decided_at"),
    )


def downgrade() -> None:
    # An older desk knows no second officer: what waits for one is decided by whoever opens it next.
    op.drop_table("reviews")
    op.drop_table("desk_sessions")
    for column in ("stage", "opened_at"):
        op.drop_column("cases", column)
    for column in ("disabled_at", "totp_sealed", "totp_since", "totp_step"):
        op.drop_column("officers", column)
