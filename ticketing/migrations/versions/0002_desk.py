"""The officer desk: officers, locks, corrections, decisions, references; the end of the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    ("locked_by", sa.String(80)),
    ("locked_until", sa.DateTime),
    ("plate_corrected", sa.String(10)),
    ("class_corrected", sa.String(30)),
    ("colour_corrected", sa.String(10)),
    ("reference", sa.String(10)),
    ("confirmed_at", sa.DateTime),
    ("confirmed_by", sa.String(80)),
    ("answer_by", sa.Date),
    ("pay_by", sa.Date),
    ("rejected_at", sa.DateTime),
    ("rejected_by", sa.String(80)),
    ("reject_reason", sa.String(40)),
    ("reject_note", sa.Text),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("cases", sa.Column(name, kind, nullable=True))
    op.create_index("ix_cases_reference", "cases", ["reference"], unique=True)
    op.create_table(
        "officers",
        sa.Column("login", sa.String(80), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("wrong_tries", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.DateTime, nullable=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    last = op.get_bind().execute(sa.text("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")).first()
    rows, digest = (last.id, last.hash) if last else (0, "0" * 64)
    op.bulk_insert(head, [{"id": 1, "rows": rows, "hash": digest}])


def downgrade() -> None:
    # Without its reference a confirmed case can be no owner's, so an officer has to decide it again; one that was
    # rejected stays so. The audit trail keeps both.
    op.execute("UPDATE cases SET state = 'flagged' WHERE state NOT IN ('flagged', 'rejected')")
    op.drop_table("audit_head")
    op.drop_table("officers")
    op.drop_index("ix_cases_reference", "cases")
    with op.batch_alter_table("cases") as cases:
        for name, _ in COLUMNS:
            cases.drop_column(name)
