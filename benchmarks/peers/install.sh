#!/usr/bin/env bash
# install.sh PYTHON LOCK: install what the npm lock names, and leave the node that did it beside the packages' programs.
set -euo pipefail
python=$(realpath --no-symlinks "$1") lock=$(realpath "$2")
cd "$(dirname "$0")"
. ../../web/node.sh
# npm writes this last: it stands for the whole.
[ node_modules/.package-lock.json -nt package-lock.json ] || "${npm[@]}" ci --no-progress --loglevel=error
ln -sf "$(command -v node)" node_modules/.bin/node
