#!/usr/bin/env bash
# Installs what is missing, builds and runs the tests. This is exactly what CI runs.
#
# Usage: test.sh                 all tests in a debug build, then under the address and undefined-behaviour sanitizers
#                                those that need no database or other process
#        test.sh --all           all tests in all three builds: without, and with either kind of sanitizers
#        test.sh --preset NAME   only that preset: dev, asan or tsan; may be repeated
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

presets=()
whole=false
others='^interop|[Mm]y[Ss]ql|[Pp]ostgres|[Rr]edis|Galera'  # Tests that start servers, or dtmd itself.
while [[ $# -gt 0 ]]; do
    case "$1" in
        --all)
            presets=(dev asan tsan)
            whole=true
            ;;
        --preset)
            [[ "${2:-}" =~ ^(dev|asan|tsan)$ ]] || fail "--preset: expected dev, asan or tsan, got '${2:-}'"
            presets+=("$2")
            whole=true
            shift
            ;;
        *) fail "unknown option '$1'; expected --all or --preset NAME" ;;
    esac
    shift
done
[[ ${#presets[@]} -gt 0 ]] || presets=(dev asan)

say "packages"
bash scripts/install-packages.sh --build --test

for preset in "${presets[@]}"; do
    started=$SECONDS
    configure_and_build "$preset"
    say "build/$preset took $((SECONDS - started)) s; its tests:"
    # What only reads the sources finds the same in every build; and what runs for minutes is for --all.
    selection=()
    if [[ $preset != dev ]]; then
        selection=(--label-exclude 'tidy|bench')
        $whole || selection=(--label-exclude 'tidy|bench|fault' --exclude-regex "$others")
    fi
    ctest --preset "$preset" --no-tests=error "${selection[@]}"
done
say "all passed: ${presets[*]}, $SECONDS s in all"
