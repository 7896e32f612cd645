"""The case beyond its confirmation: clocks, answers, tickets, blocks, alerts, exempt plates, the law's own rows."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Days from now in which a case of each state has to be looked at next, as the law table had them then.
WAITING = {"flagged": ("review", 30), "under_review": ("review", 30), "confirmed": ("send", 3)}


def upgrade() -> None:
    op.add_column("cases", sa.Column("before_dispute", sa.String(20), nullable=True))
    op.add_column("cases", sa.Column("addressee", sa.String(10), nullable=False, server_default="owner"))
    op.add_column("cases", sa.Column("addressee_personal", sa.Text, nullable=True))
    clocks = op.create_table(
        "clocks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("frozen_on", sa.Date, nullable=True),
        sa.Column("reminders", sa.Integer, nullable=False, server_default="0"),
        sa.Index("ix_clocks_status_due_at", "status", "due_at"),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("by", sa.String(10), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("personal", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime, nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.Column("decision", sa.String(20), nullable=True),
        sa.Column("decision_note", sa.Text, nullable=True),
    )
    op.create_table(
        "tickets",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("virtual_account", sa.String(20), nullable=False, unique=True),
        sa.Column("deposit_rupiah", sa.Integer, nullable=False),
        sa.Column("issued_at", sa.DateTime, nullable=False),
        sa.Column("issued_by", sa.String(80), nullable=False),
        sa.Column("hearing_on", sa.Date, nullable=True),
        sa.Column("hearing_place", sa.String(120), nullable=True),
        sa.Column("verdict_on", sa.Date, nullable=True),
        sa.Column("verdict_rupiah", sa.Integer, nullable=True),
        sa.Column("verdict_number", sa.String(60), nullable=True),
    )
    op.create_table(
        "blocks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("nrkb", sa.String(10), nullable=False, index=True),
        sa.Column("ground", sa.String(20), nullable=False),
        sa.Column("blocked_at", sa.DateTime, nullable=False),
        sa.Column("blocked_by", sa.String(80), nullable=False),
        sa.Column("suspended_at", sa.DateTime, nullable=True),
        sa.Column("released_at", sa.DateTime, nullable=True),
        sa.Column("release_ground", sa.String(20), nullable=True),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("raised_at", sa.DateTime, nullable=False),
        sa.Column("resolved_at", sa.DateTime, nullable=True),
        sa.Column("resolved_by", sa.String(80), nullable=True),
        sa.Column("note", sa.Text, nullable=True),
    )
    op.create_table(
        "merged_violations",
        sa.Column("violation_id", sa.String(36), primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("flagged", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "exempt_plates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("nrkb", sa.String(10), nullable=False, index=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date, nullable=True),
        sa.Column("added_by", sa.String(80), nullable=False),
        sa.Column("added_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "law_amendments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("table_name", sa.String(20), nullable=False),
        sa.Column("row_key", sa.String(120), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("row_values", sa.JSON, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("entered_by", sa.String(80), nullable=False),
        sa.Column("entered_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_cases_nrkb", "cases", ["nrkb"])
    _start_clocks(clocks)


def _start_clocks(clocks: sa.Table) -> None:
    # A case without a clock would wait for ever.
    cases = sa.table("cases", sa.column("id"), sa.column("state"), sa.column("flagged", sa.JSON))
    waiting = op.get_bind().execute(sa.select(cases).where(cases.c.state.in_(WAITING))).all()
    started = []
    for case in waiting:
        kind, days = WAITING[case.state]
        zone = ZoneInfo(case.flagged["timezone"])
        day = datetime.now(zone).date() + timedelta(days)
        due = datetime.combine(day + timedelta(1), time.min, zone).astimezone(UTC).replace(tzinfo=None)
        started.append({"case_id": case.id, "kind": kind, "day": day, "due_at": due, "status": "running"})
    op.bulk_insert(clocks, started)


def downgrade() -> None:
    # An older office knows nothing beyond the letter: what was closed stays closed, all else waits with its letter
    # sent.
    op.execute(
        "UPDATE cases SET state = 'rejected', reject_reason = 'other', reject_note = state "
        "WHERE state IN ('withdrawn', 'settled')"
    )
    op.execute(
        "UPDATE cases SET state = 'letter_sent' "
        "WHERE state NOT IN ('flagged', 'under_review', 'confirmed', 'rejected', 'letter_sent')"
    )
    op.execute(
        "UPDATE cases SET reject_reason = 'other', reject_note = 'lapsed' WHERE reject_reason = 'lapsed'"
    )
    op.drop_index("ix_cases_nrkb", "cases")
    for table in (
        "law_amendments", "exempt_plates", "merged_violations", "alerts", "blocks", "tickets", "answers", "clocks",
    ):  # fmt: skip
        op.drop_table(table)
    with op.batch_alter_table("cases") as cases:
        for column in ("before_dispute", "addressee", "addressee_personal"):
            cases.drop_column(column)
