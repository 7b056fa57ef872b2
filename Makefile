# `make run` and `make test` do everything a new machine needs; the rest is for who works on it.
# Needs Python 3.12 or newer, git and make.

PYTHON := $(shell for each in python3.13 python3.14 python3.12 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
UV := UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv

# Programs start seconds sooner where Python keeps what it compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run check unit-tests lint test test-stack test-scale test-all bench bench-growth format translations dashboards kubernetes migration clean

help: ## list these
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name words; do \
		printf '%-14s %s\n' "$$name" "$$words"; done

run: .venv/ready ## serve the product on http://HOST:PORT (127.0.0.1:8000); DEMO=0 starts without demo content
	@exec $(BIN)/contravento run

check: .venv/ready ## lint, and the tests that need no browser, no container and no server of their own: two minutes
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint unit-tests

unit-tests: .venv/ready
	@$(BIN)/pytest -n 2 --dist loadscope -q -m "not browser and not servers and not stack"

lint: .venv/ready ## format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/mypy $$(find deploy -name '*.py')
	@said=$$($(BIN)/lint-imports --no-cache) || { echo "$$said"; exit 1; }; echo "$$said" | tail -1

test: .venv/ready ## what every change must pass: application, browser, one staging in containers; says what it skipped
	@$(BIN)/pytest -n 2 --dist loadscope -q -ra -m "not stack"
	@$(BIN)/pytest -q -ra -m core

test-stack: .venv/ready ## the other tests of containers on one host, first in two lanes, then what needs quiet: for every night
	@$(BIN)/pytest -n 2 --dist loadscope -q -ra -m "stack and not core" --ignore tests/stack/alone --ignore tests/stack/scale
	@$(BIN)/pytest -q -ra tests/stack/alone

test-scale: .venv/ready ## what several hosts need: files moved, PgBouncer, a database elsewhere, a replica, a Swarm: for every night
	@$(BIN)/pytest -q -ra tests/stack/scale

test-all: test test-stack test-scale ## everything there is

bench: .venv/ready ## figures against baselines in the same run
	@$(BIN)/python -m benchmarks

bench-growth: .venv/ready ## pages, bytes and log at 1,000 to 1,000,000 trips, or at TRIPS="1000 10000": an hour, 20 GB
	@$(BIN)/python -m benchmarks.growth $(TRIPS)

format: .venv/ready ## put the code in form
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

translations: .venv/ready ## collect sentences from the code into the catalogues
	@$(BIN)/pybabel -q extract -F babel.toml -k N_ --no-location --sort-output -o .venv/messages.pot src
	@$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-pot-creation-date -l es \
		-i .venv/messages.pot -o src/contravento/translations/es.po

dashboards: .venv/ready ## write Grafana's dashboards and the page of metrics
	@$(BIN)/python -m tools.dashboards
	@$(BIN)/python -m tools.metrics_page

kubernetes: .venv/ready ## write what Kubernetes' manifests share with Compose: rules, roles, example overlays
	@$(BIN)/python -m tools.kubernetes

migration: .venv/ready ## write one for what the models ask for: MESSAGE="add likes to trips"
	@$(BIN)/python tools/migration.py "$(MESSAGE)"

clean: ## forget the environment and caches; var/ with all data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.12 or newer is needed; none was found." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check uv
	@# What the product imports is compiled now; what only tests import, when they first do.
	@UV_COMPILE_BYTECODE=1 $(UV) sync --quiet --locked --no-dev --extra embedded --python $(BIN)/python
	@$(UV) sync --quiet --locked --python $(BIN)/python
	@$(BIN)/python -m compileall -q src
	@touch $@
