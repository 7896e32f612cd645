"""STNK records taken in from CSV: good rows in, bad rows listed, resumed where cut off; what is none refused whole."""

import csv
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stnk import RECORD as GOOD

from ticketing import register_import
from ticketing.errors import RegistryImportError
from ticketing.models import RegisterImportRow, VehicleRow
from ticketing.register_import import import_csv
from ticketing.registry import COLUMNS, find

NOW = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)


def write(path, *rows, columns=COLUMNS, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def plates(n, start=1):
    return [{**GOOD, "nrkb": f"B {k} ABC"} for k in range(start, start + n)]


def listed(report):
    with report.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_bad_row_is_listed_with_row_column_and_reason_and_the_rest_is_taken_in(session, tmp_path):
    bad = {**GOOD, "nrkb": "B 0123 ABCD", "year": "dua ribu"}
    file = write(tmp_path / "stnk.csv", GOOD, bad, {**GOOD, "nrkb": "B 2 A"})
    done = import_csv(session, file, report=tmp_path / "faults" / "stnk.csv")
    assert (done.taken, done.refused) == (2, 1)
    assert [(r["row"], r["nrkb"], r["column"], r["reason"]) for r in listed(tmp_path / "faults" / "stnk.csv")] == [
        ("3", "B 0123 ABCD", "nrkb",
         "'B 0123 ABCD' is not a plate: region code, 1 to 4 digits without leading zero, up to 3 letters"),
        ("3", "B 0123 ABCD", "year", "'dua ribu' is not a whole number up to 99999"),
    ]  # fmt: skip
    assert find(session, "B1234ABC") and find(session, "B2A")


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("vehicle_class", "car", "is unknown"),
        ("year", "dua ribu", "whole number"),
        ("year", "٢٠٢٠", "whole number"),
        ("cylinder_cc", "1" * 30, "whole number"),
        ("owner_address", "", "no letter can be sent"),
        ("owner_name", "Siti\x00Lestari", "control character"),
        ("owner_address", "Jl. Melati 1\nJakarta", "line break"),
        ("type", "x" * 121, "longer than 120"),
        ("valid_until", "31-01-2028", "YYYY-MM-DD"),
        ("nrkb", "'; DROP TABLE vehicles; --", "is not a plate"),
    ],
)
def test_each_wrong_column_is_named(session, tmp_path, column, value, why):
    done = import_csv(session, write(tmp_path / "stnk.csv", {**GOOD, column: value}))
    assert (done.taken, done.refused) == (0, 1)
    assert done.faults[0].column == column
    assert why in done.faults[0].reason


def test_no_personal_value_stands_in_the_report(session, tmp_path):
    row = {**GOOD, "owner_name": "Siti\x01Rahasia"}
    import_csv(session, write(tmp_path / "a.csv", row), report=tmp_path / "r.csv")
    assert "Rahasia" not in (tmp_path / "r.csv").read_text()


def test_a_plate_that_stands_twice_is_taken_once_however_far_apart(session, tmp_path, monkeypatch):
    monkeypatch.setattr(register_import, "BATCH", 2)
    rows = [{**GOOD, "owner_name": "Satu"}, *plates(4), {**GOOD, "owner_name": "Dua", "nrkb": "b1234abc"}]
    done = import_csv(session, write(tmp_path / "a.csv", *rows))
    assert (done.taken, done.refused) == (5, 1)
    assert "further up" in done.faults[0].reason
    assert find(session, "B1234ABC").owner_name == "Satu"


def test_a_row_with_cells_too_many_or_an_open_quote_is_a_bad_row(session, tmp_path):
    file = write(tmp_path / "a.csv", GOOD)
    with file.open("a") as more:
        more.write('B 2 A,"Siti\nB 3 A,Budi\n')
    done = import_csv(session, file)
    assert (done.taken, done.refused) == (1, 1)
    assert "quote left open" in done.faults[0].reason


def refused(session, file, why):
    with pytest.raises(RegistryImportError) as caught:
        import_csv(session, file)
    assert why in " ".join(caught.value.faults)
    assert session.query(VehicleRow).count() == 0
    assert session.query(RegisterImportRow).count() == 0


def test_a_file_without_a_column_is_refused_whole(session, tmp_path):
    columns = [c for c in COLUMNS if c != "owner_name"]
    refused(session, write(tmp_path / "a.csv", GOOD, columns=columns), "missing columns: owner_name")


def test_a_file_in_windows_1252_with_200_columns_is_refused_whole(session, tmp_path):
    rows = [*plates(5000), {**GOOD, "owner_name": "René"}]
    wide = [*COLUMNS, *(f"x{k}" for k in range(180))]
    refused(session, write(tmp_path / "a.csv", *rows, columns=wide), "200 columns")
    refused(
        session, write(tmp_path / "b.csv", *rows, columns=wide, encoding="cp1252"), "looks like Windows-1252"
    )
    refused(session, write(tmp_path / "c.csv", *rows, encoding="cp1252"), "row 5002: the file is not UTF-8")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "missing columns"),
        (";".join(COLUMNS).encode(), "semicolons"),
        ((",".join(COLUMNS) + ",nrkb\n").encode(), "twice: nrkb"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
        (b"x" * (3 << 20), "a line of a megabyte"),
        (",".join(COLUMNS).encode("utf-16"), "not UTF-8"),
        ((",".join(COLUMNS) + '\n"' + "x,\n" * 100_000).encode(), "quote left open"),
    ],
)
def test_what_is_no_register_file_is_refused_with_the_reason(session, tmp_path, data, why):
    (tmp_path / "a.csv").write_bytes(data)
    refused(session, tmp_path / "a.csv", why)


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(engine, session, tmp_path, monkeypatch):
    monkeypatch.setattr(register_import, "BATCH", 10)
    bad = [{**GOOD, "nrkb": f"B 0{k}"} for k in range(3)]
    file = write(tmp_path / "a.csv", *plates(15), bad[0], *plates(10, 100), bad[1], *plates(10, 200), bad[2])
    whole = tmp_path / "whole.csv"
    report = tmp_path / "faults.csv"
    seen = []

    def cut(rows, total):
        seen.append((rows, total))
        if rows == 20:
            # The next batch is listed in the report, and then the power fails before it is kept.
            monkeypatch.setattr(register_import, "_upsert", power_fails)

    def power_fails(*_):
        raise KeyboardInterrupt

    real = register_import._upsert
    with pytest.raises(KeyboardInterrupt):
        import_csv(session, file, report=report, keep=session.commit, progress=cut)
    session.rollback()
    with report.open("a") as torn:
        torn.write("28,B 01,nrkb,of a batch that was not kept\n")
    assert session.query(VehicleRow).count() == 19
    monkeypatch.setattr(register_import, "_upsert", real)
    done = import_csv(session, file, report=report, keep=session.commit, progress=lambda *at: seen.append(at))
    assert (done.taken, done.refused, done.resumed_after) == (35, 3, 20)
    assert seen == [(10, 38), (20, 38), (30, 38), (38, 38)]
    session.execute(VehicleRow.__table__.delete())
    import_csv(session, file, report=whole)
    assert report.read_text() == whole.read_text()
    assert session.query(VehicleRow).count() == 35


def test_the_same_file_again_brings_the_records_up_to_date(session, tmp_path):
    file = write(tmp_path / "a.csv", GOOD)
    import_csv(session, file)
    session.get(VehicleRow, "B1234ABC").colour = "merah"
    session.flush()
    assert import_csv(session, file).taken == 1
    session.expire_all()
    assert find(session, "B1234ABC").colour == "hitam"


cells = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), cells, max_size=4), max_size=8))
def test_every_row_is_taken_in_or_listed_whatever_stands_in_it(session, tmp_path, changes):
    rows = [{**GOOD, "nrkb": f"B {k} X", **change} for k, change in enumerate(changes, 1)]
    file = write(tmp_path / "a.csv", *rows)
    report = tmp_path / "r.csv"
    done = import_csv(session, file, report=report)
    lines = {line["row"] for line in listed(report)}
    assert done.taken + done.refused == len(rows)
    assert len(lines) == done.refused
    session.rollback()
