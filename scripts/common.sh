# Sourced by the scripts beside it: they run from the repository's root, say each step, and bound the build's memory.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Our largest files take up to 1.5 GiB to compile.
build_jobs() {
    local by_memory
    by_memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
    local jobs
    jobs=$(nproc)
    if ((by_memory < jobs)); then jobs=$by_memory; fi
    echo $((jobs < 1 ? 1 : jobs))
}

# configure_and_build PRESET [TARGET...]
configure_and_build() {
    local preset=$1
    shift
    local log="build/$preset-configure.log"
    mkdir -p build
    say "configuring build/$preset"
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        cat "$log" >&2
        fail "configuring failed, see above"
    fi
    say "building build/$preset with $(build_jobs) jobs (the first time takes minutes, later only what changed)"
    cmake --build --preset "$preset" --parallel "$(build_jobs)" ${1:+--target "$@"}
}
