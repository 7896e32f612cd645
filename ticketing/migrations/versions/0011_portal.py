"""The contact centre."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reference", sa.String(10), nullable=False, unique=True),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("topic", sa.String(30), nullable=False),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=True, index=True),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("promise_due_at", sa.DateTime, nullable=True),
        sa.Column("escalated_at", sa.DateTime, nullable=True),
        sa.Column("origin", sa.String(64), nullable=True, index=True),
        sa.Column("place", sa.String(200), nullable=True),
        sa.Column("latitude", sa.Float, nullable=True),
        sa.Column("longitude", sa.Float, nullable=True),
        sa.Column("unit", sa.String(60), nullable=True),
        sa.Column("unit_sent_at", sa.DateTime, nullable=True),
        sa.Column("outcome", sa.String(30), nullable=True),
        sa.Column("closed_at", sa.DateTime, nullable=True),
        sa.Column("closed_by", sa.String(80), nullable=True),
        sa.Index("ix_contacts_status_promise_due_at", "status", "promise_due_at"),
    )
    op.create_table(
        "contact_messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("contact_id", sa.Integer, sa.ForeignKey("contacts.id"), nullable=False, index=True),
        sa.Column("by", sa.String(10), nullable=False),
        sa.Column("who", sa.String(80), nullable=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "contact_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.Integer, sa.ForeignKey("contact_messages.id"), nullable=False, index=True),
        *_file_columns(),
    )


def _file_columns() -> "list[sa.Column[object]]":
    return [
        sa.Column("file_name", sa.String(120), nullable=False),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    ]


def downgrade() -> None:
    for table in ("contact_files", "contact_messages", "contacts"):
        op.drop_table(table)
