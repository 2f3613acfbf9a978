#!/usr/bin/env bash
# Installs the Debian 12 packages that dtmd needs; only what is missing, so it is quick when nothing is.
#
# Usage: install-packages.sh [--build] [--test] [--bench] [--coverage]     Default: --build --test
set -euo pipefail

# Boost is 1.81 by name: Debian's unnumbered libboost-*-dev are 1.74, and the two exclude each other.
build="clang-19 libclang-rt-19-dev lld-19 cmake ninja-build ccache pkg-config git ca-certificates
       libboost1.81-dev libboost-url1.81-dev libssl-dev nlohmann-json3-dev libyaml-cpp-dev libspdlog-dev libcli11-dev
       librocksdb-dev libprotobuf-dev protobuf-compiler prometheus-cpp-dev libabsl-dev libsqlite3-dev
       libmariadb-dev libpq-dev libhiredis-dev libgrpc++-dev protobuf-compiler-grpc libgrpc-dev libfmt-dev libjs-chart.js"
test="libgtest-dev libgmock-dev libbenchmark-dev clang-format-19 python3 curl openssl faketime
      mariadb-server galera-4 rsync socat postgresql redis-server redis-sentinel
      etcd-server etcd-client python3-grpcio python3-protobuf python3-yaml python3-pymysql python3-psycopg2"
bench="nginx wrk python3 python3-matplotlib libbenchmark-dev curl mariadb-server postgresql redis-server"
coverage="llvm-19"

wanted=""
for option in "$@"; do
    case "$option" in
        --build) wanted+=" $build" ;;
        --test) wanted+=" $test" ;;
        --bench) wanted+=" $bench" ;;
        --coverage) wanted+=" $coverage" ;;
        *) echo "install-packages.sh: unknown option '$option'; expected --build, --test, --bench, --coverage" >&2; exit 2 ;;
    esac
done
[[ $# -gt 0 ]] || wanted="$build $test"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install-packages.sh: this is not a Debian system. Install what these Debian 12 packages contain, then build" >&2
    echo "with 'cmake --preset release && cmake --build --preset release': $wanted" >&2
    exit 1
fi

missing=()
for package in $wanted; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ "$status" == installed* ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    echo "packages: all there"
    exit 0
fi

sudo=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        echo "install-packages.sh: packages are missing, and this user may not install them. Run this, then repeat:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    sudo=(sudo -n)
fi

# Server packages (nginx) start themselves when installed; the benchmarks start private copies instead.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap '"${sudo[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
fi

echo "packages: installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; then
    echo "install-packages.sh: apt-get failed, see above. dtmd is built on Debian 12 (bookworm); if Boost 1.74's" >&2
    echo "development packages are in the way, remove them: apt-get remove 'libboost1.74-dev' 'libboost-dev'" >&2
    exit 1
fi
