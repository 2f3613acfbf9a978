#!/usr/bin/env bash
# Formats the C++ files by .clang-format. With --check it only says which would change.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v clang-format-19 >/dev/null || fail "clang-format-19 is missing: bash scripts/install-packages.sh --test"
if [[ "${1:-}" == --check ]]; then
    exec python3 -B tests/tidy/format.py .
fi
find src include tests examples -name '*.h' -print0 -o -name '*.cpp' -print0 2>/dev/null | xargs -0 clang-format-19 -i
