.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEMS ?= emulated
DEMO ?=
BENCH ?=
GRAPHIQL := colonnade/static/graphiql/index.html
FAST := not diff and not sweep and not commands and not kills and not hostile and not tryton and not cap and not redmine and not wheel and not browser and not conformance and not bench
# More workers than cores: tests of servers wait more than they compute. Each worker imports everything, and compiles it
# too where the environment forbids Python to keep what it compiled.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 4
PEERS = benchmarks/peers/install.sh $(BIN)/python requirements-assets.lock || \
    echo "The packages of benchmarks/peers cannot be installed here: what is of npm is not measured."
LOCK := $(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-emit-find-links --generate-hashes --no-header \
    --python-version 3.11
ROOMS := colonnade resolvers commands sources policies execution store schema demo benchmarks tests

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Colonnade needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.developed: requirements-dev.lock $(VENV)/.installed
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed ## Create .venv from the hashed lock
develop: $(VENV)/.developed ## Add the development tools

demo: install ## Start the firm's systems and the graph, ask one query (SYSTEMS=real or mutated, DEMO=once)
ifeq ($(SYSTEMS),real)
	@$(MAKE) --no-print-directory systems
endif
	$(BIN)/colonnade demo --systems $(SYSTEMS) $(if $(filter once,$(DEMO)),--once)

assets: $(GRAPHIQL) ## Bundle GraphiQL for /graphiql; does nothing if nothing changed
# The page is written last, so it stands for the whole bundle.
$(GRAPHIQL): $(wildcard web/graphiql/*.* web/graphiql/.npmrc) requirements-assets.lock | install
	web/graphiql/build.sh $(BIN)/python requirements-assets.lock

wheel: develop assets ## Build the wheel to release, with GraphiQL in it, into dist/
	$(BIN)/python -m build --wheel --no-isolation

test: develop ## Run the fast suite
# A file's servers are started once, in the worker that runs all of the file.
	$(PYTEST) --dist loadfile -m "$(FAST)" --ignore tests/journeys

test-journeys: develop ## Go from end to end over the whole firm: golden values, row scope, onboarding, the documents
	$(PYTEST) --dist loadfile -m "$(FAST)" tests/journeys

test-sweep: develop ## Run every fault at every system
	$(PYTEST) --dist load -m "sweep and not timed"
# What is measured in seconds is measured alone: beside other tests it would be their seconds.
	$(BIN)/pytest -m "sweep and timed"

test-commands: develop ## Give every command over real servers: judged, run, killed, repaired
	$(PYTEST) --dist loadfile -m "commands and not kills"

test-kills: develop ## Kill servers while they run commands, and lose answers, at places drawn by a seed
	$(PYTEST) --dist load -m kills tests/commands/test_kills.py

kill-sweep: develop ## Kill servers wherever they can be, on both databases, and write tests/commands/KILLS.md
	$(BIN)/python -m tests.commands.kill_sweep

deal-sweep: develop ## Kill the server at every step of a deal's way over Tryton and Redmine, at every hour (make systems)
	DEAL_KILLS=before,never,begun,answered,recorded $(BIN)/pytest -n0 -s -m tryton -k killed tests/journeys/test_real_deal_to_invoice.py

diff-sweep: develop ## Compare the two executions over a hundred thousand documents (DIFF_SWEEP), and write DIFFERENCES.md
	$(BIN)/python -m tests.differential.sweep

stateful-sweep: develop ## Give, break, kill and repair commands for hours, as a seed draws it (FUZZ_SEED, STATEFUL_EXAMPLES)
	FUZZ_SEED=$${FUZZ_SEED:-$$RANDOM} STATEFUL_EXAMPLES=$${STATEFUL_EXAMPLES:-100} $(BIN)/pytest -s tests/commands/test_stateful.py

test-hostile: develop ## Send what means harm, and watch the event loop
	$(BIN)/pytest -m hostile

test-tryton: develop ## Run the suite over a running Tryton (after `make systems`)
	$(BIN)/pytest -m tryton

test-cap: develop ## Run the suite over a running SAP CAP (after `make systems`)
	$(BIN)/pytest -m cap

test-redmine: develop ## Run the suite over a running Redmine (after `make systems`)
	$(BIN)/pytest -m redmine

test-browser: develop assets ## Click through the pages in headless Chromium
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null; } || \
	    echo "Chromium is missing and cannot be installed here."
	$(BIN)/pytest -m browser

test-conformance: develop ## Have the graph judged by public test suites, everyday clients and fuzzers
	@tests/conformance/node/install.sh $(BIN)/python requirements-assets.lock || \
	    echo "The packages of tests/conformance/node cannot be installed here."
	$(BIN)/pytest -m conformance

test-bench: develop ## Run the benchmark in its shortest form: the same answers of all servers, and the report
	@$(PEERS)
	$(BIN)/pytest -m bench tests/test_benchmarks.py

test-diff: develop ## Hold planned execution against graphql-core's: thousands of random documents
	$(BIN)/pytest -n 2 --dist loadfile -m diff

test-wheel: develop ## Build the wheel, install it beside PyPI's `schema`, start it, ask it
	$(BIN)/pytest -m wheel

bench: develop ## Measure the graph beside others (benchmarks/RESULTS.md); BENCH=--quick only tells whether it works
	@$(PEERS)
	$(BIN)/python -m benchmarks.run $(BENCH)

bench-commands: develop ## Measure what a command costs beside a bare start of the engine (benchmarks/COMMANDS.md)
	$(BIN)/python -m benchmarks.commands

check: develop ## Lint, types, import contract, approved rules, and the contract against the released one
	$(BIN)/ruff format --check --quiet $(ROOMS)
	$(BIN)/ruff check --quiet $(ROOMS)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/colonnade rules diff
	$(BIN)/colonnade schema check
	$(BIN)/colonnade sources writes --markdown | diff docs/capabilities.md - > /dev/null || { echo "docs/capabilities.md is stale: run 'make schema'"; exit 1; }
	$(BIN)/colonnade schema errors | diff docs/errors.md - > /dev/null || { echo "docs/errors.md is stale: run 'make schema'"; exit 1; }
	$(BIN)/colonnade schema print | diff schema.graphql - > /dev/null || { echo "schema.graphql is stale: run 'make schema'"; exit 1; }

format: develop ## Format and mend what the linter can
	$(BIN)/ruff format --quiet $(ROOMS)
	$(BIN)/ruff check --quiet --fix $(ROOMS)

schema: install ## Print the contract into schema.graphql, its error codes and what systems take into docs/
	$(BIN)/colonnade schema print > schema.graphql
	$(BIN)/colonnade sources writes --markdown > docs/capabilities.md
	$(BIN)/colonnade schema errors > docs/errors.md

release: schema ## Make today's contract the released one, which every later one is compared with
	cp schema.graphql schema/released.graphql

rules: install ## Pin anew the rules of translation in sources/rules.lock, the policies in policies/policies.lock
	$(BIN)/colonnade rules lock

systems: install ## Install and seed the real systems of record, once (.systems/)
	$(BIN)/python -m demo.tryton.install
	$(BIN)/python -m demo.cap.install
# Debian asks where its own instance's database is to be: nowhere, ours is a file of its own.
	@[ -d /usr/share/redmine ] || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	    echo 'redmine redmine/instances/default/dbconfig-install boolean false' | debconf-set-selections && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redmine redmine-sqlite > /dev/null; } || \
	    echo "Redmine is missing and cannot be installed here."
	$(BIN)/python -m demo.redmine.install

lock: develop ## Resolve the dependencies anew into the hashed locks
	$(LOCK) pyproject.toml --group install --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --group assets --output-file requirements-assets.lock

.PHONY: help install develop demo assets wheel test test-journeys test-sweep test-commands test-kills kill-sweep deal-sweep stateful-sweep test-hostile test-tryton test-cap test-redmine test-browser test-conformance test-bench test-diff diff-sweep test-wheel bench bench-commands check format schema release rules systems lock
