#!/bin/sh
# Installs what some tests need from Debian's packages: Chromium, for the pages, and PostgreSQL's server, which the tests
# start themselves in a folder of their own (tests/postgres.py). Never fails the run: what could not be had is said
# loudly, and the tests that need it say so too when they are skipped.
set -u

have() { command -v "$1" >/dev/null 2>&1; }

have_postgres() {
    have initdb && return 0
    for found in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$found" ] && return 0
    done
    return 1
}

loud() {
    echo "############################################################" >&2
    echo "## $1" >&2
    echo "## The tests that need it will be SKIPPED." >&2
    echo "############################################################" >&2
}

# needed PACKAGE: installs it, or says why not.
needed() {
    if ! have apt-get; then
        loud "$1 is missing, and this is no Debian: install it, so that its programs are on the path."
        return
    fi
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        if have sudo && sudo -n true 2>/dev/null; then
            as_root="sudo -n"
        else
            loud "$1 is missing, and installing it needs root: apt-get install $1"
            return
        fi
    fi
    echo "installing $1 from Debian's packages (for the tests) ..." >&2
    log=$(mktemp)
    if ! {
        $as_root apt-get update -q &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1"
    } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        loud "$1 could not be installed (see above)."
    fi
    rm -f "$log"
}

have chromium || needed chromium
have_postgres || needed postgresql
exit 0
