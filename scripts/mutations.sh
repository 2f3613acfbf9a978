#!/usr/bin/env bash
# Plants each deliberate bug of tests/simulation/mutations and lets the simulator find it: docs/simulation-mutations.md.
# Nothing in the working tree is changed.
#
# Usage: mutations.sh [--only NUMBERS] [--seeds N] [--seconds N] [--jobs N] [--record]     see tests/simulation/mutate.py
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bash scripts/install-packages.sh --build --test
configure_and_build dev dtmd_sim
say "planting bugs"
python3 -B tests/simulation/mutate.py build/dev "$@"
