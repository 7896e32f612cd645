"""The shipped detector on the sample junction, killed in the middle and run again."""

import pytest
from junction import done, import_register, run_junction
from sqlalchemy import create_engine, text

from pipeline.evidence import EvidenceStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def cases(data):
    engine = create_engine(f"sqlite:///{data / 'etle.sqlite3'}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT violation_id, rule, nrkb, state FROM cases")).all()
    engine.dispose()
    return sorted(tuple(row) for row in rows)


def test_killed_in_the_middle_and_run_again_the_cases_are_those_of_one_clean_run(clean_run, tmp_path):
    data = tmp_path / "killed"
    import_register(data)
    killed = run_junction(clean_run.clip, data)
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    assert 0 < len(cases(data)) < len(cases(clean_run.data))
    assert done(run_junction(clean_run.clip, data)) == clean_run.lines
    assert cases(data) == cases(clean_run.data)
    stores = [EvidenceStore(folder) for folder in (clean_run.data, data)]
    assert sorted(stores[1].violation_ids()) == sorted(stores[0].violation_ids())
    assert stores[1].verify() == []
