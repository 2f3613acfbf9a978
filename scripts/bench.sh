#!/usr/bin/env bash
# How many two-branch transactions a second this machine does, and what one costs. Everything runs here and ends with
# this script: a participant that answers at once (nginx), dtmd with a fresh store that syncs each write, and wrk.
# The three share the cores, so compare runs of one machine only.
#
# Usage: bench.sh [--mode saga|tcc|msg] [-c CONNECTIONS] [-d SECONDS] [--sync 0|1] [--binary FILE]
#   --sync 0    UpdateBranchSync: 0, results of forward branches may be written late (default 1)
#   --binary    measure this dtmd instead of building build/release/dtmd
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mode=saga connections=32 seconds=10 sync=1 binary=""
while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || fail "$1: expected --mode, -c, -d, --sync or --binary, each with a value"
    case "$1" in
        --mode) mode=$2 ;;
        -c) connections=$2 ;;
        -d) seconds=$2 ;;
        --sync) sync=$2 ;;
        --binary) binary=$2 ;;
        *) fail "unknown option '$1'; expected --mode, -c, -d, --sync or --binary" ;;
    esac
    shift 2
done
[[ $mode =~ ^(saga|tcc|msg)$ ]] || fail "--mode: expected saga, tcc or msg, got '$mode'"
[[ $sync =~ ^[01]$ ]] || fail "--sync: expected 0 or 1, got '$sync'"
[[ $connections =~ ^[1-9][0-9]{0,4}$ && $seconds =~ ^[1-9][0-9]{0,3}$ ]] || fail "-c and -d: expected positive numbers"

bash scripts/install-packages.sh --build --bench
if [[ -z $binary ]]; then
    configure_and_build release dtmd
    binary=build/release/dtmd
fi
[[ -x $binary ]] || fail "--binary: $binary can't be run"

# free_port FIRST: below the system's ephemeral range, so that no connection can take it meanwhile.
free_port() {
    local port
    for ((port = $1; port < $1 + 100; port++)); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
    done
    fail "no free port from $1 to $((port - 1))"
}
dtmd_port=$(free_port 20100)
nginx_port=$(free_port 20200)
mkdir -p build
folder=$(mktemp -d "$PWD/build/bench.XXXXXX")
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap clean_up EXIT

cat >"$folder/nginx.conf" <<CONF
daemon off;
master_process off;
pid $folder/nginx.pid;
error_log $folder/nginx.log;
events { worker_connections 20000; }
http {
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    server {
        listen 127.0.0.1:$nginx_port backlog=4096;
        default_type application/json;
        location / { return 200 '{"dtm_result":"SUCCESS"}'; }
    }
}
CONF
cat >"$folder/dtmd.yml" <<CONF
Host: 127.0.0.1
HttpPort: $dtmd_port
GrpcPort: -1
LogLevel: warn
UpdateBranchSync: $sync
Store:
  Driver: rocksdb
  Path: $folder/data
CONF

# wait_for NAME PID URL LOG
wait_for() {
    local deadline=$((SECONDS + 15))
    until curl -sf -o /dev/null "$3"; do
        kill -0 "$2" 2>/dev/null || { cat "$4" >&2; fail "$1 has ended, see above"; }
        ((SECONDS < deadline)) || { cat "$4" >&2; fail "$1 does not answer at $3"; }
        sleep 0.1
    done
}

ulimit -n "$(ulimit -Hn)"
nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/nginx.log" &
pids+=($!)
wait_for nginx $! "http://127.0.0.1:$nginx_port/" "$folder/nginx.log"
"$binary" serve -c "$folder/dtmd.yml" >"$folder/dtmd.log" 2>&1 &
dtmd=$!
pids+=("$dtmd")
wait_for dtmd "$dtmd" "http://127.0.0.1:$dtmd_port/api/health" "$folder/dtmd.log"

# load SECONDS: prints wrk's RESULT line, see transactions.lua.
load() {
    wrk -t1 -c"$connections" -d"$1s" --timeout 30s --latency -s scripts/bench/transactions.lua \
        "http://127.0.0.1:$dtmd_port" -- "$mode" "http://127.0.0.1:$nginx_port" >"$folder/wrk.log" ||
        { cat "$folder/wrk.log" >&2; fail "wrk failed, see above"; }
    grep '^RESULT' "$folder/wrk.log" || { cat "$folder/wrk.log" >&2; fail "wrk gave no result, see above"; }
}
cpu_ticks() {
    kill -0 "$dtmd" 2>/dev/null || { cat "$folder/dtmd.log" >&2; fail "dtmd has ended, see above"; }
    awk '{ print $14 + $15 }' "/proc/$dtmd/stat"
}
memory_kb() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$dtmd/status"; }

# Durable writes are only as fast as the disk is at this moment.
sync_time=$(python3 - "$folder/sync" <<'PROBE'
import os, sys, time
file, times = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), []
for _ in range(200):
    os.write(file, b"x" * 4096)
    start = time.perf_counter()
    os.fdatasync(file)
    times.append(time.perf_counter() - start)
print(f"{sorted(times)[100] * 1e6:.0f}")
PROBE
)
say "$mode, $connections connections, $seconds s, UpdateBranchSync $sync, after 2 s to warm up; a sync of this disk takes $sync_time us"
load 2 >"$folder/warm-up.txt"
before=$(cpu_ticks)
result=$(load "$seconds")
after=$(cpu_ticks)

awk -v ticks=$((after - before)) -v per_second="$(getconf CLK_TCK)" -v resident="$(memory_kb VmRSS)" \
    -v peak="$(memory_kb VmHWM)" '{
    printf "transactions/s      %.0f  (%d in %.1f s)\n", $2 / $3, $2, $3
    printf "latency             p50 %.2f ms, p99 %.2f ms, max %.2f ms\n", $4, $5, $6
    printf "CPU of dtmd         %.1f us per transaction, %.2f cores\n", ticks / per_second / $2 * 1e6, ticks / per_second / $3
    printf "memory of dtmd      %.1f MiB, peak %.1f MiB\n", resident / 1024, peak / 1024
    printf "errors              %d answers, %d connections\n", $7, $8
    if ($7 + $8 > 0 || $2 == 0) exit 1
}' <<<"$result" || fail "some transactions failed: these figures mean nothing. dtmd's log: $(tail -5 "$folder/dtmd.log")"
