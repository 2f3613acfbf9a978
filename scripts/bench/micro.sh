#!/usr/bin/env bash
# The microbenchmarks, tests/bench/micro_*.cpp: what single steps cost, without network and disk.
#
# Usage: micro.sh [--filter REGEX] [--record]       --record writes the table into docs/performance.md
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

bash scripts/install-packages.sh --build --bench
configure_and_build release micro_bench
# Debian's own: it is the one that finds Debian's packages, whatever else is on PATH.
python=/usr/bin/python3
[[ -x $python ]] || python=python3
export PYTHONDONTWRITEBYTECODE=1
exec "$python" scripts/bench/micro.py build/release/tests/bench/micro_bench "$@"
