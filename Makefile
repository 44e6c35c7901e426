.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEMS ?= emulated
DEMO ?=
GRAPHIQL := colonnade/static/graphiql/index.html
# More workers than cores: tests of servers wait more than they compute.
PYTEST := $(BIN)/pytest -n 6 --dist loadgroup
LOCK := $(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-emit-find-links --generate-hashes --no-header \
    --python-version 3.11
ROOMS := colonnade resolvers sources store schema demo tests

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
	$(PYTEST) -m "not sweep and not tryton and not wheel and not browser"

test-sweep: develop ## Run every fault at every system
	$(PYTEST) -m sweep

test-tryton: develop ## Run the suite over a running Tryton (after `make systems`)
	$(BIN)/pytest -m tryton

test-browser: develop assets ## Click through the pages in headless Chromium
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null; } || \
	    echo "Chromium is missing and cannot be installed here."
	$(BIN)/pytest -m browser

test-wheel: develop ## Build the wheel, install it beside PyPI's `schema`, start it, ask it
	$(BIN)/pytest -m wheel

check: develop ## Lint, types, import contract, and the committed schema
	$(BIN)/ruff format --check --quiet $(ROOMS)
	$(BIN)/ruff check --quiet $(ROOMS)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/colonnade schema print | diff schema.graphql - > /dev/null || { echo "schema.graphql is stale: run 'make schema'"; exit 1; }

format: develop ## Format and mend what the linter can
	$(BIN)/ruff format --quiet $(ROOMS)
	$(BIN)/ruff check --quiet --fix $(ROOMS)

schema: install ## Print the contract into schema.graphql
	$(BIN)/colonnade schema print > schema.graphql

systems: install ## Install and seed the real systems of record, once (.systems/)
	$(BIN)/python -m demo.tryton.install

lock: develop ## Resolve the dependencies anew into the hashed locks
	$(LOCK) pyproject.toml --group install --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --group assets --output-file requirements-assets.lock

.PHONY: help install develop demo assets wheel test test-sweep test-tryton test-browser test-wheel check format schema systems lock
