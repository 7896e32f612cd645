#!/bin/sh
# Installs what some tests need from Debian's packages: Chromium, for the pages. Never fails the run: what could not be had
# is said loudly, and the tests that need it say so too when they are skipped.
set -u

have() { command -v "$1" >/dev/null 2>&1; }

loud() {
    echo "############################################################" >&2
    echo "## $1" >&2
    echo "## The tests that need it will be SKIPPED." >&2
    echo "############################################################" >&2
}

if have chromium; then
    exit 0
fi
if ! have apt-get; then
    loud "Chromium is missing, and this is no Debian: install it so that 'chromium' is on the path."
    exit 0
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    if have sudo && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        loud "Chromium is missing, and installing it needs root: apt-get install chromium"
        exit 0
    fi
fi
echo "installing Chromium from Debian's packages (for the tests of the pages) ..." >&2
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { $as_root apt-get update -q && $as_root apt-get install -q -y --no-install-recommends chromium; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    loud "Chromium could not be installed (see above)."
fi
rm -f "$log"
exit 0
