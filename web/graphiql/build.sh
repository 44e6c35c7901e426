#!/usr/bin/env bash
# build.sh PYTHON LOCK: install what the npm lock names and bundle it, with the machine's node or else with PyPI's.
set -euo pipefail
python=$(realpath --no-symlinks "$1") lock=$(realpath "$2")
cd "$(dirname "$0")"
. ../node.sh
# npm writes this last: it stands for the whole.
[ node_modules/.package-lock.json -nt package-lock.json ] || "${npm[@]}" ci --no-progress --loglevel=error
node build.mjs
