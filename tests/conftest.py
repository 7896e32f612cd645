"""What comes of the sample junction, run once for every test that needs it."""

import os

import pytest
from junction import Ran, done, first_seconds, import_register, run_junction


@pytest.fixture(scope="session")
def clean_run(tmp_path_factory) -> Ran:
    """The first seconds of the sample clip with its STNK records, run without disturbance."""
    folder = tmp_path_factory.mktemp("junction")
    clip = first_seconds(folder / "clip.mp4")
    import_register(folder / "data")
    return Ran(clip, folder / "data", done(run_junction(clip, folder / "data")))


@pytest.fixture(autouse=True)
def environment():
    """An office that is opened keeps the key of personal data it finds, or makes one: no test leaves its own behind."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


# Fixtures that take seconds to make, by the worker that makes each once.
SHARED = {
    "clean_run": "junction",
    "ran": "drawn",
    "written": "explained",
    "edge": "edge",
    "every_rule": "scene",
}


def pytest_collection_modifyitems(items):
    """Keep on one worker the tests that share what is costly; every other goes to whichever worker is free."""
    for item in items:
        for name in SHARED.keys() & set(item.fixturenames):
            item.add_marker(pytest.mark.xdist_group(SHARED[name]))


def pytest_terminal_summary(terminalreporter):
    """Say loudly what did not run: a skipped test looks like a green one."""
    reasons = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(r for r in reasons if "NOT RUN" in r):
        terminalreporter.section(reason, sep="#", red=True)
