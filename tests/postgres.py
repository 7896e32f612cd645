"""A PostgreSQL server of the tests' own: made in a temporary folder, reached by a socket there, gone with the tests.

``ETLE_TEST_POSTGRES_URL`` names another server to use instead: each test makes a database there and drops it.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = "ETLE_TEST_POSTGRES_URL"
# Where Debian, and others, keep what is not on the path.
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
PATIENCE_S = 60
# What is in the database is worth nothing after a crash: nothing waits for the disk.
QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=60",
)


class MissingError(Exception):
    """There is no server, and none can be started."""


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of a server while the block runs. Raises `MissingError`."""
    if given := os.environ.get(SERVER):
        yield given
        return
    programs, owner = _programs(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="etle-postgres-"))
    try:
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        _run([programs / "initdb", "-D", folder / "data", "-U", "etle", "-A", "trust", "-E", "UTF8", "--locale=C",
              "--no-sync"], owner)  # fmt: skip
        options = [part for option in QUICK for part in ("-c", option)]
        command = [programs / "postgres", "-D", folder / "data", "-k", folder, *options]
        if setpriv := shutil.which("setpriv"):
            # Where the tests are killed, their server goes with them.
            command = [setpriv, "--pdeathsig", "INT", *command]
        with (folder / "log").open("w") as log:
            started = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **owner)
        try:
            _wait(programs, folder, started)
            yield f"postgresql+psycopg://etle@/postgres?host={folder}"
        finally:
            started.terminate()
            _stop(started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for place in PLACES:
        found += sorted(Path("/").glob(place[1:]), key=lambda p: p.as_posix(), reverse=True)
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    raise MissingError("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")


def _owner() -> dict:
    """Give as whom to run: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for user in ("postgres", "nobody"):
        try:
            group = pwd.getpwnam(user).pw_gid
        except KeyError:
            continue
        return {"user": user, "group": group, "extra_groups": []}
    raise MissingError("PostgreSQL does not run as root, and there is no user 'postgres'")


def _run(command: list, owner: dict) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **owner)
    if done.returncode:
        raise MissingError(f"{Path(command[0]).name}: {done.stderr.strip()[-400:]}")


def _wait(programs: Path, folder: Path, started: subprocess.Popen) -> None:
    until = time.monotonic() + PATIENCE_S
    asked = [programs / "pg_isready", "-q", "-h", folder]
    while subprocess.run(asked, check=False).returncode:
        if started.poll() is not None or time.monotonic() > until:
            raise MissingError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-400:]}")
        time.sleep(0.05)


def _stop(started: subprocess.Popen) -> None:
    try:
        started.wait(5)
    except subprocess.TimeoutExpired:
        # A polite stop waits for every connection; this one does not.
        started.send_signal(2)
        started.wait(30)
