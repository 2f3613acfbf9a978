#!/usr/bin/env bash
# Whether the cost of a transaction stays what it is: scripts/bench/scale.py, with all that it needs built and installed.
# Without options: the embedded store, about ten minutes.
#
# Usage: scale.sh [--part connections|branches|finished|waiting|outage] [--store STORE] [--finished 0,1e6,1e7]
#                 [-d SECONDS] [--record] ...       (--help: all)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

builds=1
for option in "$@"; do
    case "$option" in
        --binary | --binary=* | -h | --help) builds=0 ;;
    esac
done
if ((builds)); then
    bash scripts/install-packages.sh --build --bench
    configure_and_build release dtmd
fi
# Debian's own: it is the one that finds Debian's packages, whatever else is on PATH.
python=/usr/bin/python3
[[ -x $python ]] || python=python3
export PYTHONDONTWRITEBYTECODE=1
exec "$python" scripts/bench/scale.py "$@"
