# Flash Mentoring: everything a newcomer, a developer and CI run. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
ONCE ?=
export ROWS SEEDS FRESH REPORT MINUTES

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status test lint api-docs bench faults clean-data doctor lock

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.installed: FORCE
	@$(PYTHON) deploy/local/flash_local/bootstrap.py

setup: .venv/.installed ## install and fetch everything that is missing
	@$(BIN)/flash setup

demo: .venv/.installed ## start everything, play the story, stay until Ctrl-C (ONCE=1: leave after it)
	@$(BIN)/flash demo $(if $(ONCE),--once)

up: .venv/.installed ## start everything in the background
	@$(BIN)/flash up

down: .venv/.installed ## stop it
	@$(BIN)/flash down

status: .venv/.installed ## what runs, where, and how much memory it takes
	@$(BIN)/flash status

test: setup ## run all tests on real engines; those of the whole platform have the machine to themselves
	$(BIN)/pytest -n 2 --ignore tests/e2e
	$(BIN)/pytest tests/e2e

lint: .venv/.installed ## format, rules, types and imports
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

api-docs: .venv/.installed ## write openapi.json and asyncapi.json again after a change of routes or events
	$(BIN)/python -m tests.support.published && $(BIN)/python -m flash_schemas.asyncapi

bench: setup ## measure, and print figures beside their floors
	$(BIN)/python -m tests.bench

faults: setup ## break the running platform, row by row, and check it from outside (ROWS=3,10|fast|slow SEEDS=2 MINUTES=9)
	$(BIN)/python -m tests.faults

clean-data: .venv/.installed ## forget all data of this checkout
	@$(BIN)/flash clean-data

doctor: .venv/.installed ## check everything that can be missing, in use or too little
	@$(BIN)/flash doctor

lock: .venv/.installed ## write the lock files again after a change of what is wanted
	$(BIN)/uv export --quiet --all-packages --all-groups --no-emit-workspace --format requirements-txt --no-header --no-annotate --output-file requirements.lock && $(BIN)/flash lock

FORCE:
