"""What comes of the sample junction, run once for every test that needs it."""

import os

import pytest
from browser import WIDTHS, Browser, Doors, chromium, served
from junction import SAMPLE, Ran, done, import_register, moment, run_junction
from portal_office import BANK, import_owner
from xdist.scheduler import LoadScopeScheduling

from cli.office import open_office
from pipeline.cameras import register_camera
from ticketing.crypto import ENVIRONMENT


@pytest.fixture(scope="session")
def clean_run(tmp_path_factory) -> Ran:
    """The seconds of the sample clip that hold most violations, with its STNK records, run without disturbance."""
    folder = tmp_path_factory.mktemp("junction")
    clip = moment(folder / "clip.mp4", 43.0, 50.5, every=2)
    import_register(folder / "data")
    return Ran(clip, folder / "data", done(run_junction(clip, folder / "data")))


@pytest.fixture(scope="session")
def shared_doors(tmp_path_factory) -> Doors:
    """One server for all walks: the sample camera, its STNK records and one more, and a bank."""
    data = tmp_path_factory.mktemp("doors") / "data"
    register_camera(data, SAMPLE / "camera.yaml")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in BANK.items():
            patched.setenv(name, value)
        patched.delenv(ENVIRONMENT, raising=False)
        with open_office(data) as office, office.session() as session:
            office.import_register(SAMPLE / "stnk.csv")
            import_owner(session, tmp_path_factory.mktemp("register") / "stnk.csv")
        with served(data) as address:
            yield Doors(data, address)


@pytest.fixture
def doors(shared_doors, environment) -> Doors:
    """The shared server, its environment that of one test."""
    return shared_doors


@pytest.fixture(params=WIDTHS)
def browser(request):
    """Chromium at the width of a telephone, and at that of a desk."""
    with chromium() as started:
        yield Browser(started, request.param)


@pytest.fixture(autouse=True)
def environment():
    """An office that is opened keeps the key of personal data it finds, or makes one: no test leaves its own behind."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


# Test files that share fixtures which take seconds to make, by the worker that makes each once.
TOGETHER = {
    "tests/test_end_to_end.py": "doors",
    "tests/test_portal_end_to_end.py": "doors",
    "tests/cli/test_explain_command.py": "junction",
    "tests/cli/test_killed_run.py": "junction",
    "tests/pipeline/test_loop.py": "junction",
    "tests/pipeline/test_explain.py": "explained",
    "tests/api/test_edge_violations.py": "edge",
    "tests/detectors/test_yolo.py": "export",
}


class Together(LoadScopeScheduling):
    """Sends each test to whichever worker is free, but those of `TOGETHER` to one."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.split("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Together(config, log)


def pytest_terminal_summary(terminalreporter):
    """Say loudly what did not run: a skipped test looks like a green one."""
    reasons = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(r for r in reasons if "NOT RUN" in r):
        terminalreporter.section(reason, sep="#", red=True)
