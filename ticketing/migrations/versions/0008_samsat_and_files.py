"""Files with an objection, blocks on their way to Samsat, what was seen of the body, and the bank's long numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "objection_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("personal", sa.Text, nullable=False),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("by", sa.String(10), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "samsat_orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("block_id", sa.Integer, sa.ForeignKey("blocks.id"), nullable=False, index=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("ground", sa.String(20), nullable=False),
        sa.Column("key", sa.String(32), nullable=False, unique=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.DateTime, nullable=False),
        sa.Column("receipt", sa.String(80), nullable=True),
        sa.Column("last_fault", sa.Text, nullable=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Index("ix_samsat_orders_status_next_try_at", "status", "next_try_at"),
    )
    op.add_column("cases", sa.Column("body_colour_corrected", sa.String(40), nullable=True))
    op.add_column("cases", sa.Column("make_corrected", sa.String(60), nullable=True))
    _lengths(128)


def downgrade() -> None:
    # A number that has no place any more is shortened in the middle, where two stay two.
    for table, column in (("money", "reference"), ("letters", "of")):
        op.execute(
            f"UPDATE {table} SET {column} = substr({column}, 1, 31) || '~' || "  # noqa: S608
            f"substr({column}, length({column}) - 31) WHERE length({column}) > 64"
        )
    _lengths(64)
    op.drop_column("cases", "make_corrected")
    op.drop_column("cases", "body_colour_corrected")
    op.drop_table("samsat_orders")
    op.drop_table("objection_files")


def _lengths(length: int) -> None:
    for table, column in (("money", "reference"), ("letters", "of")):
        with op.batch_alter_table(table) as changed:
            changed.alter_column(column, type_=sa.String(length), existing_nullable=False)
