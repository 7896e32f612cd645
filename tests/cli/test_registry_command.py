"""``etle registry import``, as a person runs it."""

import csv

from junction import etle
from stnk import RECORD as GOOD

from ticketing.registry import COLUMNS


def run(*arguments):
    command = etle("registry", "import", *arguments)
    out, err = command.communicate(timeout=120)
    return command.returncode, out, err


def write(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_good_rows_are_taken_in_and_bad_ones_are_told_and_listed(tmp_path):
    file = write(tmp_path / "stnk.csv", GOOD, {**GOOD, "nrkb": "B 2 A", "year": "x"})
    code, out, err = run(file, "--data", tmp_path / "data")
    assert (code, out) == (3, "1 STNK records taken in\n")
    assert "row 3, column year: 'x' is not a whole number" in err
    report = tmp_path / "data" / "register-faults" / "stnk.csv"
    assert str(report) in err
    assert report.read_text().count("\n") == 2


def test_what_is_no_register_file_is_refused_with_the_reason(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"nama;alamat\nRen\xe9;Jl. A\n")
    code, out, err = run(tmp_path / "a.csv", "--data", tmp_path / "data")
    assert (code, out) == (3, "")
    assert "Windows-1252" in err
    assert "nothing was taken in" in err
