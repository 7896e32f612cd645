"""The notices that follow a confirmation letter: e-tilang, receipt, STNK block and release. One A4 page each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, blocks, letters, money, references, states
from ticketing.case_models import BlockRow, TicketRow
from ticketing.errors import GuardError, NotFoundError
from ticketing.letter import facts
from ticketing.letter_page import Fact, addressed, facts_table, page, pictures_block, words_of
from ticketing.letter_style import GREY, boxed, style
from ticketing.models import CaseRow, VehicleRow
from ticketing.money_models import MoneyRow
from ticketing.owner import view_of
from ticketing.types import OwnerView
from ticketing.wording import day_words, rupiah, time_words

TEXT = Path(__file__).with_name("notices.yaml")
TILANG, RECEIPT, BLOCK, RELEASE = "tilang", "receipt", "block", "release"
KINDS = (TILANG, RECEIPT, BLOCK, RELEASE)
# What of the case stands in a notice of money or of the block.
BRIEF = ("reference", "plate", "vehicle", "violation", "article", "occurred", "place")


def notice_for(
    session: Session,
    case_id: int,
    kind: str,
    pictures: Sequence[bytes],
    portal_url: str,
    *,
    who: str,
    now: datetime,
) -> tuple[bytes, letters.Addressee, str]:
    """Make a notice of a case; making it is on the audit trail. The block's and release's go to the vehicle's owner.

    Args:
        kind: one of `KINDS`; of several payments or blocks the last is meant.
        pictures: up to four JPEGs; a receipt or release needs none.

    Returns:
        The PDF, whom it goes to, and what it is of (a payment's number, a block's), by which it goes out once.

    Raises:
        NotFoundError: there is no such case, or no record of its vehicle.
        GuardError: the case has no ticket, payment or block to tell of.
        PictureError: a picture cannot be used.
    """
    case = session.get(CaseRow, case_id, populate_existing=True)
    record = session.get(VehicleRow, case.nrkb) if case and case.nrkb else None
    if case is None or record is None:
        raise NotFoundError(f"there is no case {case_id} with a vehicle")
    of, own = _own_facts(session, case, kind)
    to, view = letters.addressee_of(session, case), view_of(case, record)
    if kind in (BLOCK, RELEASE):
        # By the driver's code the owner could answer as the driver.
        to, view = letters.owner_of(session, case), replace(view, reference=references.owners(case))
    pdf = notice_pdf(kind, view, to.name, to.address, own, pictures, portal_url, now)
    audit.record(session, now, who, "notice made", f"case {case.id}", {"kind": kind, "of": of})
    return pdf, to, of


def notice_pdf(
    kind: str,
    view: OwnerView,
    name: str,
    address: str,
    own: Mapping[str, Fact],
    pictures: Sequence[bytes],
    portal_url: str,
    now: datetime,
) -> bytes:
    """Set a notice on one A4 page.

    Args:
        view: the case; without a reference where whom it goes to has none.
        own: the facts of this kind, after those of the case; values are safe markup.
        now: its date, shown in the camera's zone.

    Raises:
        PictureError: there are more than four pictures, or one is no JPEG.
    """
    words = words_of(TEXT, kind)
    dated = day_words(now.astimezone(ZoneInfo(view.timezone)).date())[0]
    by = day_words(view.pay_by)
    known = {
        "violation_id": view.violation_id,
        "manifest": view.evidence_manifest_sha256,
        "pay_by": by[0],
        "pay_by_en": by[1],
    }
    of_case = facts(words, view)
    shown = of_case if kind == TILANG else {k: of_case[k] for k in BRIEF if k in of_case}

    def body(fill: Mapping[str, str]) -> list[Flowable]:
        closing = words.filled("closing", fill)
        with_pictures = kind in (TILANG, BLOCK) or bool(pictures)
        return [
            addressed(words, name, address, dated),
            Spacer(1, 3 * mm),
            words.both("opening", fill, 8.5),
            Spacer(1, 1.5 * mm),
            facts_table(words, {**shown, **own}),
            Spacer(1, 2 * mm),
            *(pictures_block(words, pictures, fill) if with_pictures else []),
            Paragraph(closing[0], style(8)),
            Paragraph(f"<i>{closing[1]}</i>", style(7, colour=GREY)),
            Spacer(1, 2 * mm),
            boxed(words.both("warning", fill, 7.6)),
            Spacer(1, 3 * mm),
            words.both("signed", fill, 7.6),
        ]

    return page(words, view.office, view.reference, portal_url, body, known)


def message_for(case: CaseRow, portal_url: str) -> str:
    """Give what a telephone is told of a confirmed case, in both languages: no attachment, no request to pay."""
    if case.reference is None or case.nrkb is None:
        raise GuardError(f"case {case.id} was never confirmed: nobody is told of it")
    at = time_words(case.occurred_at, case.flagged["timezone"])
    reference = references.written(case.reference)
    fill = {
        "office": case.flagged["office"], "plate": case.nrkb, "place": case.flagged["street"], "occurred": at[0],
        "occurred_en": at[1], "reference": reference, "link": f"{portal_url.rstrip('/')}/t/{reference}",
    }  # fmt: skip
    first, second = words_of(TEXT).pair("message")
    return f"{first.format_map(fill)}\n\n{second.format_map(fill)}"


def _own_facts(session: Session, case: CaseRow, kind: str) -> tuple[str, dict[str, Fact]]:
    if kind == TILANG:
        return _tilang(session, case)
    if kind == RECEIPT:
        return _receipt(session, case)
    if kind in (BLOCK, RELEASE):
        return _block(session, case, kind)
    raise GuardError(f"{kind[:40]!r} is no notice; known: {', '.join(KINDS)}")


def _tilang(session: Session, case: CaseRow) -> tuple[str, dict[str, Fact]]:
    ticket = session.get(TicketRow, case.id)
    if ticket is None or case.pay_by is None or case.state in states.ENDS:
        raise GuardError(f"case {case.id} has no open ticket to send")
    own: dict[str, Fact] = {
        "deposit": f"<b>{rupiah(ticket.deposit_rupiah)}</b>",
        "account": f"<b>{_in_groups(ticket.virtual_account)}</b>",
        "pay_by": day_words(case.pay_by),
        "officer": escape(ticket.issued_by),
    }
    if ticket.hearing_on is not None:
        place = escape(ticket.hearing_place or "")
        first, second = day_words(ticket.hearing_on)
        own["hearing"] = (f"{first}, {place}", f"{second}, {place}")
    return ticket.virtual_account, own


def _receipt(session: Session, case: CaseRow) -> tuple[str, dict[str, Fact]]:
    payments = select(MoneyRow).where(MoneyRow.case_id == case.id, MoneyRow.kind == money.PAYMENT)
    paid = session.scalars(payments.order_by(MoneyRow.id.desc())).first()
    if paid is None:
        raise GuardError(f"nothing was paid for case {case.id}: there is no receipt")
    account = money.account(session, case)
    return paid.reference, {
        "paid": f"<b>{rupiah(paid.amount_rupiah)}</b>",
        "paid_at": time_words(paid.at, case.flagged["timezone"]),
        "payment": escape(paid.reference),
        "due": rupiah(account.due),
        "refundable": rupiah(account.refundable),
    }


def _block(session: Session, case: CaseRow, kind: str) -> tuple[str, dict[str, Fact]]:
    rows = select(BlockRow).where(BlockRow.case_id == case.id).order_by(BlockRow.id.desc())
    block = session.scalars(rows).first()
    in_effect = block is not None and block.released_at is None and block.suspended_at is None
    if block is None or (not in_effect if kind == BLOCK else block.released_at is None):
        raise GuardError(
            f"case {case.id} has no {'block in effect' if kind == BLOCK else 'released block'} to tell of"
        )
    zone = case.flagged["timezone"]
    if block.released_at is None:
        return str(block.id), {
            "ground": blocks.WORDS[block.ground], "blocked_at": time_words(block.blocked_at, zone),
        }  # fmt: skip
    return str(block.id), {
        "ground": blocks.WORDS[block.release_ground or states.SETTLED],
        "released_at": time_words(block.released_at, zone),
    }


def _in_groups(number: str) -> str:
    return " ".join(number[k : k + 5] for k in range(0, len(number), 5))
