#!/usr/bin/env bash
# Installs what is missing, builds and runs the tests. This is exactly what CI runs.
#
# Usage: test.sh                 all tests in a debug build, then the code's own tests under the address and
#                                undefined-behaviour sanitizers
#        test.sh --all           the same, and under the thread sanitizer
#        test.sh --preset NAME   only that preset: dev, asan or tsan; may be repeated
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

presets=()
while [[ $# -gt 0 ]]; do
    case "$1" in
        --all) presets=(dev asan tsan) ;;
        --preset)
            [[ "${2:-}" =~ ^(dev|asan|tsan)$ ]] || fail "--preset: expected dev, asan or tsan, got '${2:-}'"
            presets+=("$2")
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
    # What only reads the sources finds the same in every build.
    selection=()
    [[ $preset == dev ]] || selection=(--label-exclude tidy)
    ctest --preset "$preset" --no-tests=error "${selection[@]}"
done
say "all passed: ${presets[*]}, $SECONDS s in all"
