#!/usr/bin/env bash
# How many transactions a second this machine does on each store, and what one costs: scripts/bench/matrix.py, with all
# that it needs built and installed. Without options: the whole matrix, about ten minutes.
#
# Usage: bench.sh [--store embedded|memory|mysql|postgres|redis] [--mode saga|tcc|msg|xa|workflow] [-c CONNECTIONS]
#                 [--sync 0|1] [--protocol http|grpc] [-d SECONDS] [--load bench|wrk] [--record] ...   (--help: all)
# For example: bench.sh --store mysql --mode saga -c 32 --sync 0 -d 10
#              bench.sh --record        writes docs/performance.md and its plots
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Debian's own: it is the one that finds Debian's packages, whatever else is on PATH.
python=/usr/bin/python3
[[ -x $python ]] || python=python3

builds=1
for option in "$@"; do
    case "$option" in
        --binary | --binary=* | --from | --from=* | -h | --help) builds=0 ;;
    esac
done
if ((builds)); then
    bash scripts/install-packages.sh --build --bench
    configure_and_build release dtmd
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$python" scripts/bench/matrix.py "$@"
