#!/usr/bin/env bash
# Remake the two lock files (hashes, no index addresses). Needs `uv`.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate "$@"; }
lock pyproject.toml requirements/pins.in --extra imagenet -o requirements/run.txt
lock pyproject.toml requirements/pins.in --extra dev -c requirements/run.txt -o requirements/dev.txt
