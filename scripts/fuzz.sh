#!/usr/bin/env bash
# Builds the fuzzers, runs each for a while, and prints what came of it. docs/fuzzing.md tells what they do.
#
# Usage: fuzz.sh [SECONDS] [TARGET...]     Default: 600 s for each of all targets, two at a time
#        fuzz.sh --keep [TARGET...]        run none; add what reaches new code to the corpora in tests/fuzz/corpus
#
# What is found while it runs gathers in build/fuzz/corpus; what crashes is put into build/fuzz/findings.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

keep=false
seconds=600
if [[ ${1:-} == --keep ]]; then
    keep=true
    shift
elif [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
mapfile -t known < <(find tests/fuzz/corpus -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=("${known[@]}")
for target in "${targets[@]}"; do
    [[ " ${known[*]} " == *" $target "* ]] || fail "'$target' is no target; expected some of: ${known[*]}"
done

bash scripts/install-packages.sh --build --test
configure_and_build fuzz "${targets[@]/#/fuzz_}"

# No answer of ours takes a second; what does is a finding as well.
options=(-timeout=10 -rss_limit_mb=2048 -max_len=8192 -dict=tests/fuzz/words.dict)
export ASAN_OPTIONS="detect_stack_use_after_return=1:malloc_context_size=6:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

run() {
    local target=$1 log="build/fuzz/$1.log"
    mkdir -p "build/fuzz/corpus/$target" build/fuzz/findings
    nice "build/fuzz/tests/fuzz/fuzz_$target" "${options[@]}" -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="build/fuzz/findings/$target-" "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
        >"$log" 2>&1 && rc=0 || rc=$?
    local runs coverage
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -1)
    printf '%-20s %12s executions, %s, status %d\n' "$target" "${runs:-?}" "${coverage:-no coverage}" "$rc"
    [[ $rc -eq 0 ]] || grep -E 'does not hold|ERROR:|runtime error|Test unit written' "$log" || true
    return "$rc"
}

merge() {
    local target=$1
    "build/fuzz/tests/fuzz/fuzz_$target" "${options[@]}" -set_cover_merge=1 "tests/fuzz/corpus/$target" \
        "build/fuzz/corpus/$target" >"build/fuzz/$target.merge.log" 2>&1 || fail "see build/fuzz/$target.merge.log"
    echo "$target: $(find "tests/fuzz/corpus/$target" -type f | wc -l) inputs," \
        "$(du -sb "tests/fuzz/corpus/$target" | cut -f1) bytes"
}

status=0
if $keep; then
    say "adding what reaches new code"
    for target in "${targets[@]}"; do merge "$target"; done
    say "$(du -sb tests/fuzz/corpus | cut -f1) bytes in all; keep it below a megabyte"
    exit 0
fi
say "fuzzing for $seconds s each: ${targets[*]}"
for ((i = 0; i < ${#targets[@]}; i += 2)); do
    pids=()
    for target in "${targets[@]:i:2}"; do
        run "$target" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || status=1; done
done
if [[ $status -ne 0 ]]; then
    fail "findings are in build/fuzz/findings: mend them, and keep each below tests/fuzz/corpus/<target>"
fi
say "nothing found"
