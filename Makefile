# `make help` lists the targets. A failed target makes `make` exit with 2;
# the command line itself says 2 for what you can mend and 1 for a failure.
TRACK ?= demo
DATA ?= $(or $(NNACTIVE_DATA),data)
RUNS ?= $(or $(NNACTIVE_RUNS),runs)
OUT ?= leaderboard.html
CORES ?=
DATASET ?=
REGIME ?=
PUBLISHED ?=
STRICT ?=
PYTHON ?= $(shell command -v python3.11 || echo python3)

VENV := .venv
BIN := $(VENV)/bin
BENCH := $(BIN)/nnactive-bench $(if $(DEBUG),--debug)
PART := $(if $(DATASET),--dataset "$(DATASET)") $(if $(REGIME),--regime "$(REGIME)")
PLACES := --data "$(DATA)" --runs "$(RUNS)" --out "$(OUT)" $(if $(CORES),--cores $(CORES))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv benchmark submit leaderboard test bench lint types lock

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' Makefile
	@echo "variables: TRACK=$(TRACK) DATA=$(DATA) RUNS=$(RUNS) OUT=$(OUT) CORES= METHOD= DATASET= REGIME= PUBLISHED=1 STRICT=1 DEBUG=1"

venv: $(VENV)/.done  ## virtual environment with the pinned packages

$(VENV)/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "error: $(PYTHON) is not Python 3.11; give one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

benchmark: venv  ## run the baselines of TRACK and build the leaderboard
	@$(BENCH) track run "$(TRACK)" $(PART) $(PLACES)

submit: venv  ## run METHOD=path/to/file.py:Class beside them
	@test -n "$(METHOD)" || \
		{ echo "error: no METHOD; run: make submit METHOD=path/to/file.py:Class" >&2; exit 2; }
	@$(BENCH) submit "$(METHOD)" --track "$(TRACK)" $(PART) $(PLACES)

leaderboard: venv  ## build the leaderboard from all results in RUNS (PUBLISHED=1: with the papers' figures)
	@$(BENCH) leaderboard build --results "$(RUNS)" --out "$(OUT)" $(if $(PUBLISHED),--published) $(if $(STRICT),--strict)

test: venv  ## run all tests
	@$(BIN)/python -m pytest -q

bench: venv  ## time the query engine beside the obvious reference
	@mkdir -p build
	@$(BIN)/python -m pytest -q tests/speed/bench_engine.py --benchmark-columns=min,median,rounds --benchmark-json=build/bench.json
	@$(BIN)/python tests/speed/table.py build/bench.json build

lint: venv  ## check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: venv  ## check types
	@$(BIN)/mypy

lock:  ## pin every package anew in requirements.lock (needs uv)
	@command -v uv >/dev/null || { echo "error: no uv; install it: pipx install uv" >&2; exit 2; }
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --quiet \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock
	@sed -i '1i # Every package, pinned with its hashes (make lock).' requirements.lock
