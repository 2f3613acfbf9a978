#!/usr/bin/env bash
# How much of src/txn and src/engine the simulator reaches, and which lines it does not.
#
# Usage: coverage.sh [SEEDS]    Default: 3000. Needs: scripts/install-packages.sh --build --coverage
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

seeds=${1:-3000}
[[ "$seeds" =~ ^[1-9][0-9]*$ ]] || fail "SEEDS: expected a number from 1 on, got '$seeds'"
command -v llvm-cov-19 >/dev/null && command -v llvm-profdata-19 >/dev/null ||
    fail "llvm-cov-19 is missing: run scripts/install-packages.sh --coverage"

folder=build/coverage
mkdir -p build
say "building with coverage in $folder (the first time takes minutes)"
if ! cmake -S . -B $folder -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS="-fprofile-instr-generate -fcoverage-mapping" >build/coverage-configure.log 2>&1; then
    cat build/coverage-configure.log >&2
    fail "configuring failed, see above"
fi
cmake --build $folder --parallel "$(build_jobs)" --target dtmd_sim

say "running $seeds seeds, and 200 with failovers that lose writes"
simulator=$folder/tests/simulation/dtmd_sim
LLVM_PROFILE_FILE=$folder/seeds.profraw $simulator --seeds "1-$seeds"
LLVM_PROFILE_FILE=$folder/lossy.profraw $simulator --seeds 1-200 --profile redis --lossy-failover >/dev/null
llvm-profdata-19 merge -o $folder/simulation.profdata $folder/seeds.profraw $folder/lossy.profraw

sources=(src/txn src/engine)
say "lines reached"
llvm-cov-19 report $simulator -instr-profile=$folder/simulation.profdata "${sources[@]}" |
    awk '/\.(cpp|h) / || /^TOTAL/ { printf "%-32s %5s lines %9s reached\n", $1, $8, $10 }'
say "lines that no seed reached (the reasons are in docs/simulation.md)"
llvm-cov-19 show $simulator -instr-profile=$folder/simulation.profdata "${sources[@]}" \
    -show-line-counts-or-regions=false 2>/dev/null |
    awk '/^\/.*:$/ { file = $0; sub(/.*\/src\//, "src/", file); sub(/:$/, "", file) }
         /^ *[0-9]+\| *0\|/ { split($0, part, "|"); gsub(/ /, "", part[1]); print file ":" part[1] ":" substr($0, index($0, part[3])) }'
