#!/usr/bin/env bash
# Runs many seeds of the simulator, optimised, on all processors: what is run at night.
#
# Usage: simulate.sh [SEEDS] [OPTION...]    Default: 1000000. Options are dtmd_sim's, for example --profile mysql
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

seeds=1000000
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
    seeds=$1
    shift
fi
((seeds > 0)) || fail "SEEDS: expected 1 or more, got $seeds"

say "building the simulator in build/simulate (the first time takes minutes)"
mkdir -p build
if ! cmake -S . -B build/simulate -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Release \
    >build/simulate-configure.log 2>&1; then
    cat build/simulate-configure.log >&2
    fail "configuring failed, see above"
fi
cmake --build build/simulate --parallel "$(build_jobs)" --target dtmd_sim

say "$seeds seeds"
exec build/simulate/tests/simulation/dtmd_sim --seeds "1-$seeds" --jobs "$(nproc)" "$@"
