#!/usr/bin/env bash
# From a fresh clone to a running dtmd: installs what is missing, builds, and serves on 127.0.0.1 with the store in ./data.
# Run it as often as you like. Ctrl-C stops it; its transactions are still there the next time.
#
# Usage: run.sh [dtmd serve option...]     For example: run.sh -c config/dtmd.yml (then the file decides)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

say "packages"
bash scripts/install-packages.sh --build
configure_and_build release dtmd

export DTMD_HOST="${DTMD_HOST:-127.0.0.1}" STORE_PATH="${STORE_PATH:-data}"
say "serving on http://$DTMD_HOST:${HTTP_PORT:-36789}, store in $STORE_PATH (try: curl http://$DTMD_HOST:${HTTP_PORT:-36789}/api/health)"
exec build/release/dtmd serve "$@"
