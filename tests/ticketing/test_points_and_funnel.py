"""SIM points, repeat offenders, where cases end, hard examples."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from case_ways import FLAG, HEARING, NOON
from domain import POINTS, POINTS_REVOKED, POINTS_WITHHELD, H
from sqlalchemy import text

from ticketing import answers, audit, cases, desk, exempt, funnel, letters, points, schedule, tickets
from ticketing.case_models import PointRow
from ticketing.errors import ReasonError
from ticketing.models import AuditRow

DAY = timedelta(days=1)
SINCE, UNTIL = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def judged(session, confirmed):
    """Have a case of a rule judged."""

    def make(rule="no_helmet", licence="1234-5678 9012", fine=100_000, kind="admit"):
        case = confirmed(rule=rule)
        letters.send_letter(session, case, "ani", now=NOON)
        answers.answer(session, case, kind, answers.Statement("ya", "Budi", "Jl. 2", "", licence), now=NOON)
        tickets.issue(session, case, "ani", now=NOON)
        tickets.set_hearing(session, case, "ani", HEARING, "PN", now=NOON)
        tickets.give_verdict(session, case, "ani", fine, 0, "1", now=NOON + 30 * DAY)
        session.commit()
        return case

    return make


def test_a_driver_who_admitted_gets_the_rules_points_and_is_not_named_by_them(session, judged):
    case, other = judged("no_helmet"), judged("phone_use")
    found = points.points_of(session, "123456789012", "ani", now=NOON)
    assert found.total == POINTS["no_helmet"] + POINTS["phone_use"]
    assert found.events == (
        (case, H, POINTS["no_helmet"]),
        (other, H, POINTS["phone_use"]),
    )
    assert (found.withheld, found.revoked) == (False, False)
    stored = session.execute(text("select * from sim_points")).all()
    assert not any("123456789012" in str(value) for row in stored for value in row)
    assert session.query(AuditRow).filter_by(what="points looked up").count() == 1


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"rule": "red_light"}, "leave this rule's points open"),
        ({"licence": " - "}, "no licence number"),
        ({"fine": 0}, None),
    ],
)
def test_no_points_where_the_law_the_licence_or_the_verdict_gives_none(session, judged, how, why):
    judged(**how)
    assert session.query(PointRow).count() == 0
    told = [row.detail["why"] for row in session.query(AuditRow).filter_by(what="no points")]
    assert [why in t for t in told] == ([True] if why else [])


def test_an_owner_who_never_answered_gets_no_points(session, confirmed):
    case = confirmed(rule="no_helmet")
    letters.send_letter(session, case, "ani", now=NOON)
    session.commit()
    schedule.run_due(session.get_bind(), NOON + 9 * DAY)
    session.expire_all()
    tickets.issue(session, case, "ani", now=NOON + 9 * DAY)
    tickets.set_hearing(session, case, "ani", HEARING, "PN", now=NOON + 9 * DAY)
    tickets.give_verdict(session, case, "ani", 50_000, 0, "1", now=NOON + 30 * DAY)
    assert session.query(PointRow).count() == 0


def test_at_twelve_the_licence_is_to_be_withheld_and_at_eighteen_revoked(session, judged):
    for times in range(1, 5):
        judged("phone_use")
        found = points.points_of(session, "123456789012", "ani", now=NOON)
        total = times * POINTS["phone_use"]
        assert (found.total, found.withheld, found.revoked) == (
            total, total >= POINTS_WITHHELD, total >= POINTS_REVOKED,
        )  # fmt: skip
    assert found.revoked
    with pytest.raises(ReasonError):
        points.points_of(session, " - ", "ani", now=NOON)


def test_the_funnel_counts_how_far_cases_came(session, in_state, flag, register):
    in_state("paid"), in_state("not_mine")
    won = in_state("contested")
    answers.decide(session, won, "ani", "accept", "benar", now=NOON)
    rejected = flag(rule="no_helmet", camera_id="cam2")
    desk.open_case(session, rejected, "budi", now=NOON)
    desk.reject(session, rejected, "budi", "view_blocked", "", now=NOON)
    flag(rule="speeding", camera_id="cam3", occurred_at=datetime(2026, 8, 18, 17, 30, tzinfo=UTC))
    flag(occurred_at=datetime(2026, 9, 1, tzinfo=UTC))
    by_camera = funnel.funnel(session, "camera", SINCE, UNTIL)
    cam = by_camera["cam"]
    assert (cam.captured, cam.flagged, cam.confirmed, cam.answered, cam.contested, cam.won, cam.paid) == (
        3, 3, 3, 3, 2, 1, 1,
    )  # fmt: skip
    assert by_camera["cam2"].rejected == {"view_blocked": 1}
    assert {k: v.flagged for k, v in funnel.funnel(session, "rule", SINCE, UNTIL).items()} == {
        "no_helmet": 1, "red_light": 3, "speeding": 1,
    }  # fmt: skip
    assert {k: v.flagged for k, v in funnel.funnel(session, "officer", SINCE, UNTIL).items()} == {
        "-": 1, "ani": 3, "budi": 1,
    }  # fmt: skip
    # 17:30 UTC on the 18th is the 19th in Jakarta.
    assert {k: v.flagged for k, v in funnel.funnel(session, "day", SINCE, UNTIL).items()} == {
        "2026-08-18": 4, "2026-08-19": 1,
    }  # fmt: skip


def test_a_capture_by_another_camera_counts_as_captured_not_as_flagged(session, register, flag):
    register()
    flag()
    other = replace(FLAG, violation_id="v-2", camera_id="cam2", latitude=-6.21)
    cases.flag_violation(session, other, NOON)
    counts = funnel.funnel(session, "camera", SINCE, UNTIL)
    assert (counts["cam"].captured, counts["cam"].flagged) == (2, 1)


def test_repeat_offenders_are_listed_without_what_was_withdrawn_or_is_disputed(session, in_state, confirmed):
    in_state("paid"), in_state("silent"), in_state("withdrawn"), in_state("not_mine")
    confirmed(plate_text="B2A")
    found = funnel.repeat_offenders(session, SINCE, 2, "ani", now=NOON)
    assert found == [funnel.Repeat("B1234ABC", 2, ("red_light",), date(2026, 8, 18))]
    assert session.query(AuditRow).filter_by(what="repeat offenders looked up").one().who == "ani"


def test_what_officers_rejected_or_corrected_is_exported_and_names_nobody(
    session, engine, flag, register, tmp_path
):
    register()
    rejected, corrected, _fine = flag(), flag(plate_accepted=False, plate_text="B1284ABC"), flag()
    desk.open_case(session, rejected, "ani", now=NOON)
    desk.reject(session, rejected, "ani", "picture_quality", "kabur", now=NOON)
    desk.open_case(session, corrected, "ani", now=NOON)
    desk.correct_plate(session, corrected, "ani", "B 1234 ABC", now=NOON)
    exempt.add(session, "admin", "B 7 A", "ambulans", date(2026, 1, 1), now=NOON)
    flag(plate_text="B7A")
    assert len(funnel.export_hard_examples(session, SINCE, tmp_path / "hard.csv")) == 2
    with (tmp_path / "hard.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["reason"], r["note"], r["plate_read"], r["plate_corrected"]) for r in rows] == [
        ("picture_quality", "kabur", "B1234ABC", ""),
        ("", "", "B1284ABC", "B1234ABC"),
    ]
    assert "Siti" not in (tmp_path / "hard.csv").read_text()
    assert audit.verify(session) == []
