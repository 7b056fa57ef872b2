# `make run` and `make test` do everything a new machine needs; the rest is for who works on it.
# Needs Python 3.12 or newer, git and make.

PYTHON := $(shell for each in python3.13 python3.14 python3.12 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
UV := UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv

export HOST ?= 127.0.0.1
export PORT ?= 8000
export DEMO ?= 1

.PHONY: run test test-application test-containers test-backups test-checklist test-scale check lint bench bench-growth format translations dashboards kubernetes migration clean

run: .venv/ready ## serve the product on http://HOST:PORT; DEMO=0 starts without demo content
	@exec $(BIN)/contravento run

test: test-application test-containers ## every test; says what it skipped and why

test-application: .venv/ready
	@$(BIN)/pytest -n 2 --dist loadscope -q -ra -m "not stack"

test-containers: .venv/ready ## images and whole environments, in two lanes; backups; then what needs quiet
	@$(BIN)/pytest -n 2 --dist loadscope -q -ra -m "stack and not alone and not backups and not checklist and not scale"
	@$(BIN)/pytest -q -ra -m "backups and not slow"
	@$(BIN)/pytest -q -ra -m "alone and not checklist"
	@$(BIN)/pytest -q -ra -m "checklist and not slow"

test-backups: .venv/ready ## sets taken, spoiled and proven, restores and lost servers: 25 minutes
	@$(BIN)/pytest -n 2 --dist loadscope -q -ra -m backups

test-scale: .venv/ready ## what several hosts need: files moved, PgBouncer, a database elsewhere, a replica, a Swarm: forty minutes
	@$(BIN)/pytest -q -ra -m scale

test-checklist: .venv/ready ## a staging judged, loaded, broken for each box; secrets rotated, prod compared: three quarters of an hour
	@$(BIN)/pytest -q -ra -m checklist

check: lint ## all of lint, and the tests that need neither browser nor containers
	@$(BIN)/pytest -n 2 --dist loadscope -q -m "not browser and not stack and not slow"

lint: .venv/ready ## format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@said=$$($(BIN)/lint-imports --no-cache) || { echo "$$said"; exit 1; }; echo "$$said" | tail -1

bench: .venv/ready ## figures against baselines in the same run
	@$(BIN)/python -m benchmarks

bench-growth: .venv/ready ## pages, bytes and log at 1,000 to 1,000,000 trips, or at TRIPS="1000 10000": an hour, 20 GB
	@$(BIN)/python -m benchmarks.growth $(TRIPS)

format: .venv/ready
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
	@$(UV) sync --quiet --locked --python $(BIN)/python
	@touch $@
